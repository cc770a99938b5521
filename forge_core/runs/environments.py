"""What a run ran on: versions, packages, source and device, so that it can be repeated."""

import hashlib
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import forge_core
from db import boxes
from db.boxes import Environment, RunEnvironment

if TYPE_CHECKING:  # what a run ran on is read without torch
    from forge_core.models.devices import Device

_DRIVER_FILE = Path("/proc/driver/nvidia/version")
_SOURCE_FOLDER = Path(forge_core.__file__).parents[1]


def describe(device: "Device") -> Environment:
    """What this process computes on."""
    from forge_core.models.checkpoints import model_card

    return Environment(
        **model_card.library_versions(device.name),
        device_id=device.id,
        python=platform.python_version(),
        platform=platform.platform(),
        processors=os.cpu_count(),
        driver=find_driver(),
        packages_sha256=hash_packages(),
        commit=find_commit(),
    )


def beginning_in(here: Environment, *, speed: Mapping[str, Any] | None) -> RunEnvironment:
    """The environment of a run that begins here, and computes as `speed` says."""
    return RunEnvironment(**_values(here), speed=speed or None)


def after_resuming(kept: RunEnvironment, here: Environment) -> RunEnvironment:
    """The environment of a run that goes on here.

    The one in which it began stays; this one is added to the list `resumed_in`, unless the run was
    in the same one when it was last stopped.

    Args:
        kept: Of the run until now.
        here: From `describe`.
    """
    last = kept.resumed_in[-1] if kept.resumed_in else Environment(**_values(kept))
    if last == here:
        return kept
    return replace(kept, resumed_in=(*kept.resumed_in, here))


def as_rows(environment: RunEnvironment) -> dict[str, Any]:
    """The environment of a run by name, to be read: one value a name.

    Of those in which it was resumed only what is not as in the first, as "torch (resumed 1)".
    Images that it left out are counted.
    """
    rows = boxes.write_box(replace(environment, left_out=(), resumed_in=()))
    if environment.left_out:
        rows["left_out"] = f"{len(environment.left_out):,} images"
    for number, changed in enumerate(_changes(environment), start=1):
        rows |= {f"{name} (resumed {number})": value for name, value in changed.items()}
    return rows


def describe_changes(environment: RunEnvironment) -> list[str]:
    """A line each time that the run was resumed in another environment: what was other there."""
    return [
        "resumed in another environment: "
        + ", ".join(
            f"{name} {getattr(environment, name)} → {value}" for name, value in changed.items()
        )
        for changed in _changes(environment)
        if changed
    ]


def _changes(environment: RunEnvironment) -> list[dict[str, Any]]:
    """For each time that the run was resumed elsewhere, what was not as where it began."""
    return [
        {
            name: value
            for name, value in boxes.write_box(later).items()
            if value != getattr(environment, name)
        }
        for later in environment.resumed_in
    ]


def _values(environment: Environment) -> dict[str, Any]:
    """What is said of the place itself, without what a run keeps beside it."""
    return {field.name: getattr(environment, field.name) for field in fields(Environment)}


def find_driver() -> str:
    """Version of the NVIDIA driver; "none" where there is none."""
    try:
        words = _DRIVER_FILE.read_text(encoding="utf-8").split("Kernel Module", 1)[1].split()
    except (OSError, IndexError):
        return "none"
    return next((word for word in words if word[0].isdigit()), "none")


@cache  # a process computes with what it has imported
def hash_packages() -> str:
    """SHA-256 of the installed packages and their versions: equal for equal environments."""
    installed = sorted(
        {f"{found.name.lower()}=={found.version}" for found in metadata.distributions()}
    )
    return hashlib.sha256("\n".join(installed).encode()).hexdigest()


def find_commit() -> str | None:
    """The commit of the source, with "+changes" when files differ; None for an installed copy."""
    if not (_SOURCE_FOLDER / ".git").exists():
        return None
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return None
    changes = _git("status", "--porcelain", "--untracked-files=no")
    return f"{commit}+changes" if changes else commit


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(_SOURCE_FOLDER), *arguments],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
