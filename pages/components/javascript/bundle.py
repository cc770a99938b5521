"""A component's ES modules as the one script that Streamlit loads.

Streamlit gives a component's script to the browser as a `blob:` module, and from there a relative
import leads nowhere. So the modules are joined when the component is declared: each becomes a
function with a scope of its own, in the order in which they need each other, and the entry stands
last, at the top level. See docs/decisions/0020.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The folder of all components: no import leads out of it."""

_IMPORT = re.compile(r'^import \{([^{}]*)\} from "([^"\n]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) ([\w$]+)", re.MULTILINE)
_EXPORT_DEFAULT = re.compile(r"^export default ", re.MULTILINE)
_STATEMENT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class InvalidModule(ValueError):
    """A module uses imports or exports in a way that cannot be joined."""


@dataclass(frozen=True, kw_only=True)
class _Module:
    """One file: its source, the file and names of each import, and the names it exports."""

    source: str
    imports: tuple[tuple[Path, tuple[str, ...]], ...]
    exports: tuple[str, ...]
    is_entry: bool


def join(entry: Path, root: Path = ROOT) -> str:
    """The source of one module that does what the entry and all that it imports do.

    Understood are, at the start of a line, `import { a, b as c } from "./file.js";` and `export`
    before `class`, `function` and `const`; the entry may `export default`. A name is exported
    once and never assigned again, so that a copy of it is as good as a live binding.

    Args:
        entry: The module that Streamlit calls.
        root: Folder that no import may leave.

    Raises:
        InvalidModule: Another form is used; a file or a name that is imported does not exist, or
            lies outside of `root`; modules import each other in a circle.
    """
    modules: dict[Path, _Module] = {}
    _visit(entry.resolve(), root.resolve(), modules, ())
    variables = {path: _variable(path, root.resolve()) for path in modules}
    return "\n".join(_write(path, module, variables) for path, module in modules.items())


def _visit(
    path: Path, root: Path, modules: dict[Path, _Module], importers: tuple[Path, ...]
) -> None:
    """Add a module behind all that it needs."""
    if path in importers:
        circle = [*importers[importers.index(path) :], path]
        chain = " -> ".join(str(one.relative_to(root)) for one in circle)
        raise InvalidModule(f"Modules import each other in a circle: {chain}.")
    if path in modules:
        return
    module = _read(path, root, is_entry=not importers)
    for imported, wanted in module.imports:
        _visit(imported, root, modules, (*importers, path))
        unknown = sorted(set(wanted) - set(modules[imported].exports))
        if unknown:
            raise InvalidModule(
                f"{path.relative_to(root)} imports {', '.join(unknown)}, which "
                f"{imported.relative_to(root)} does not export."
            )
    modules[path] = module


def _read(path: Path, root: Path, *, is_entry: bool) -> _Module:
    source = path.read_text(encoding="utf-8")
    where = path.relative_to(root)
    known = {match.start() for match in _IMPORT.finditer(source)}
    known |= {match.start() for match in _EXPORT.finditer(source)}
    if is_entry:
        known |= {match.start() for match in _EXPORT_DEFAULT.finditer(source)}
    for statement in _STATEMENT.finditer(source):
        if statement.start() not in known:
            raise InvalidModule(f"{where} cannot be joined because of: {statement[0]}")
    imports = tuple(
        (_resolve(match[2], path, root), tuple(name for name, _ in _names(match[1])))
        for match in _IMPORT.finditer(source)
    )
    exports = tuple(match[2] for match in _EXPORT.finditer(source))
    return _Module(source=source, imports=imports, exports=exports, is_entry=is_entry)


def _resolve(address: str, importer: Path, root: Path) -> Path:
    path = Path(os.path.normpath(importer.parent / address))
    if not address.startswith(("./", "../")) or not path.is_relative_to(root) or not path.is_file():
        raise InvalidModule(
            f"{importer.relative_to(root)} imports {address!r}, which is no file of the components."
        )
    return path


def _names(listed: str) -> Iterator[tuple[str, str]]:
    """Each imported name and what it is called here."""
    for part in filter(None, (part.strip() for part in listed.split(","))):
        name, _, alias = part.partition(" as ")
        yield name, alias or name


def _variable(path: Path, root: Path) -> str:
    return "$" + re.sub(r"\W", "_", str(path.relative_to(root).with_suffix("")))


def _write(path: Path, module: _Module, variables: dict[Path, str]) -> str:
    found = iter(module.imports)

    def bind(match: re.Match[str]) -> str:
        imported, _ = next(found)
        names = ", ".join(
            name if name == alias else f"{name}: {alias}" for name, alias in _names(match[1])
        )
        return f"const {{ {names} }} = {variables[imported]};"

    body = _IMPORT.sub(bind, module.source)
    if module.is_entry:
        return body
    body = _EXPORT.sub(r"\1 \2", body)
    exports = ", ".join(module.exports)
    return f"const {variables[path]} = (() => {{\n{body}\nreturn {{ {exports} }};\n}})();\n"
