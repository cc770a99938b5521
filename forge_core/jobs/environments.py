"""What a run ran on: versions, packages, source and device, so that it can be repeated."""

import hashlib
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import forge_core
from forge_core.models import model_card
from forge_core.training.devices import Device

_DRIVER_FILE = Path("/proc/driver/nvidia/version")
_SOURCE_FOLDER = Path(forge_core.__file__).parents[1]


def describe(device: Device) -> dict[str, Any]:
    """JSON values that say on what this process computes."""
    return {
        **model_card.library_versions(device.name),
        "device_id": device.id,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "driver": find_driver(),
        "packages_sha256": hash_packages(),
        "commit": find_commit(),
    }


def find_driver() -> str:
    """Version of the NVIDIA driver; "none" where there is none."""
    try:
        words = _DRIVER_FILE.read_text(encoding="utf-8").split("Kernel Module", 1)[1].split()
    except (OSError, IndexError):
        return "none"
    return next((word for word in words if word[0].isdigit()), "none")


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
