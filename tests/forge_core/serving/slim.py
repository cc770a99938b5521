"""This process as an environment in which only the extra `serve` and our source are installed."""

import ast
import importlib.metadata
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.forge_core.serving.dockerfiles import REPOSITORY, read_pins

OURS = ("forge_core", "db", "pages")
WITHOUT = frozenset({"db", "pages"})


def _top(name: str) -> str:
    return name.partition(".")[0]


def _distributions() -> dict[str, set[str]]:
    """By the name under which a module is imported, who brings it."""
    return {
        name: {canonicalize_name(each) for each in found}
        for name, found in importlib.metadata.packages_distributions().items()
    }


@contextmanager
def only_serve_installed() -> Iterator[None]:
    """Our modules are loaded anew; what only other parts of the product need is not there.

    What tests need stays: it is no part of the product's requirements.
    """
    slim = {
        canonicalize_name(Requirement(pin).name) for pin in read_pins("requirements-serve-onnx.txt")
    }
    whole = {canonicalize_name(Requirement(pin).name) for pin in read_pins("requirements.txt")}
    missing = {
        name for name, found in _distributions().items() if found & whole and not found & slim
    }
    assert {"torch", "torchvision", "streamlit", "sqlalchemy", "pandas"} <= missing
    missing |= WITHOUT
    before = dict(sys.modules)
    for name in before:
        if _top(name) in missing:
            sys.modules[name] = None  # type: ignore[assignment]  # its import fails
        elif _top(name) in OURS:
            del sys.modules[name]
    sys.modules |= dict.fromkeys(missing)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in list(sys.modules):
            if _top(name) in OURS or sys.modules[name] is None:
                del sys.modules[name]
        sys.modules |= before


def undeclared_imports() -> set[str]:
    """What our loaded modules import at their top that the extra `serve` does not name."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["serve"]
    named = {canonicalize_name(Requirement(each).name) for each in extra}
    known = {*sys.stdlib_module_names, *OURS}
    provided = _distributions()
    found = set()
    for name, module in list(sys.modules.items()):
        if _top(name) == "forge_core":
            found |= {
                top for top in _imported(module) - known if not provided.get(top, set()) & named
            }
    return found


def _imported(module: ModuleType) -> set[str]:
    assert module.__file__ is not None
    names = []
    for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return {_top(name) for name in names}
