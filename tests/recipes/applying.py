"""The recipes of docs/extending.md: its blocks of Python, put into the files that they name.

Nothing is written into the product. A file is read, changed as the document says, executed under a
name of its own, and what it then lists in addition is put into the registry that is in use.
"""

import ast
import importlib
import re
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "extending.md"
NEW, WITH_IMPORTS = "new", "with the imports"
_BLOCK = re.compile(r"^```python\n# (\S+), ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """What a person writes: where, and the text."""

    file: str
    place: str
    """`new`, `with the imports`, `in NAME` or `above NAME`."""
    text: str


def sections() -> dict[str, list[Block]]:
    """The blocks of each recipe, by its heading."""
    parts = re.split(r"^## (.+)$", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    for heading, text in texts.items():
        found = len(_BLOCK.findall(text))
        assert found == text.count("```python") > 0, f"{heading}: a block does not say where it is"
    return {name: [Block(*found) for found in _BLOCK.findall(texts[name])] for name in texts}


def follow(heading: str, patch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """Do what the recipe says: each file that it makes or changes, executed, by its path.

    A new module can be imported, and a new name be had from the module that it was written into. A
    new page is left to Streamlit.
    """
    blocks = sections()[heading]
    new = {block.file for block in blocks if block.place == NEW}
    done = {}
    for file, text in sorted(changed(blocks).items(), key=lambda item: item[0] not in new):
        if file in new and file.startswith("pages/"):
            continue
        name = file.removesuffix(".py").replace("/", ".")
        module = ModuleType(name if file in new else f"extended.{name}")
        module.__file__ = str(ROOT / file)
        patch.setitem(sys.modules, module.__name__, module)
        exec(compile(text, file, "exec"), vars(module))
        if file in new:
            parent, _, leaf = name.rpartition(".")
            patch.setattr(importlib.import_module(parent), leaf, module, raising=False)
        else:
            in_use = importlib.import_module(name)
            for given in vars(module).keys() - vars(in_use).keys():
                patch.setattr(in_use, given, vars(module)[given], raising=False)
        done[file] = module
    return done


@contextmanager
def taken_over(registry: dict[str, Any], listed: dict[str, Any]) -> Iterator[None]:
    """A registry in use has what its changed file lists in addition, in the order of the file."""
    assert set(listed) > set(registry), "the recipe adds nothing"
    before = dict(registry)
    registry.clear()
    registry.update({name: before.get(name, value) for name, value in listed.items()})
    try:
        yield
    finally:
        registry.clear()
        registry.update(before)


def changed(blocks: list[Block]) -> dict[str, str]:
    """The text of each file that the blocks make or change, as it is then."""
    by_file: dict[str, list[Block]] = defaultdict(list)
    for block in blocks:
        by_file[block.file].append(block)
    texts = {}
    for file, own in by_file.items():
        is_new = own[0].place == NEW
        assert is_new != (ROOT / file).exists(), f"{file}: new or changed?"
        text = own[0].text if is_new else (ROOT / file).read_text(encoding="utf-8")
        for block in own[1:] if is_new else own:
            text = _inserted(text, block)
        texts[file] = text
    return texts


def _inserted(text: str, block: Block) -> str:
    body = ast.parse(text).body
    lines = text.splitlines(keepends=True)
    if block.place == WITH_IMPORTS:
        last = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)][-1]
        return _with_lines(lines, last.end_lineno or 0, block.text)
    where, _, target = block.place.partition(" ")
    name, _, key = target.rstrip("]").partition("[")
    statement = _statement(body, name)
    if where == "above":
        return _with_lines(lines, statement.lineno - 1, block.text)
    assert where == "in", block.place
    if isinstance(statement, ast.ClassDef):
        last = max(n for n, node in enumerate(statement.body) if isinstance(node, ast.AnnAssign))
        below = statement.body[last + 1 :][:1]
        is_said = bool(below) and isinstance(below[0], ast.Expr)
        end = (below[0] if is_said else statement.body[last]).end_lineno or 0
        return _with_lines(lines, end, textwrap.indent(block.text, " " * 4))
    display = _display(statement, ast.literal_eval(key) if key else None)
    line, column = (display.end_lineno or 0) - 1, (display.end_col_offset or 0) - 1
    depth = len(lines[line]) - len(lines[line].lstrip()) + 4
    before, after = lines[line].encode()[:column].decode(), lines[line].encode()[column:].decode()
    entry = textwrap.indent(block.text, " " * depth).rstrip("\n")
    lines[line] = f"{before.rstrip()}\n{entry}\n{' ' * (depth - 4)}{after}"
    if not before.strip():
        lines[line] = lines[line].lstrip("\n")
    return "".join(lines)


def _with_lines(lines: list[str], after: int, text: str) -> str:
    return "".join([*lines[:after], text, *lines[after:]])


def _statement(body: list[ast.stmt], name: str) -> ast.stmt:
    """The one that gives this name."""
    for node in body:
        match node:
            case ast.ClassDef() | ast.FunctionDef() if node.name == name:
                return node
            case ast.Assign(targets=[ast.Name(id=given)]) if given == name:
                return node
            case ast.AnnAssign(target=ast.Name(id=given)) if given == name:
                return node
    raise LookupError(f"there is no {name}")


def _display(statement: ast.stmt, key: str | None) -> ast.expr:
    """The list, tuple or dict as it is written out, into which an entry goes."""
    match statement:
        case ast.FunctionDef(body=[*_, ast.Return(value=ast.List() as display)]):
            return display
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            if key is not None:
                assert isinstance(value, ast.Dict)
                keys: Iterator[ast.expr | None] = iter(value.keys)
                value = value.values[[ast.literal_eval(each) for each in keys if each].index(key)]
            if isinstance(value, ast.DictComp):
                value = value.generators[0].iter
            if isinstance(value, ast.Dict | ast.Tuple | ast.List):
                return value
    raise LookupError("no list is written out there")
