"""Packages that only some people need: found when they are used, and named when they are not there.

An extra is a list of packages in `pyproject.toml`, installed by `pip install 'vision-forge[NAME]'`.
"""

import importlib
from types import ModuleType

from forge_core.errors import InvalidInput


def load(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import a module of an extra.

    Args:
        module: Its dotted name.
        extra: The extra that installs it.
        purpose: What it is needed for, as the subject of a sentence: "The export to MLflow".

    Raises:
        InvalidInput: It is not installed; the next step says how it would be.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0] if error.name is None else error.name
        raise InvalidInput(
            f"{purpose} needs a package that is not installed ({package}).",
            next_step=f"Install it: pip install 'vision-forge[{extra}]'",
            detail=str(error),
        ) from error
