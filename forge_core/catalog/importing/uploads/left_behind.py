"""Uploads that nobody continued, and files that were laid out for an import that never came."""

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from forge_core.workspace import Workspace

STALE_SECONDS = 24 * 3600


def remove_stale(workspace: Workspace, uploads: Path, *, now: float | None = None) -> None:
    """Remove uploads that were not continued for a day, and staged files that nothing will read.

    What a queued import names stays, however old it is.

    Args:
        workspace: The workspace.
        uploads: The folder of all uploads.
        now: Seconds since 1970; the clock's if None.
    """
    limit = (time.time() if now is None else now) - STALE_SECONDS
    for folder in _older(uploads, limit):
        shutil.rmtree(folder, ignore_errors=True)
    staged = _older(workspace.cache_folder.resolve() / "staging", limit)
    if staged:
        named = _named_by_imports(workspace)
        for folder in staged:
            if str(folder) not in named:
                shutil.rmtree(folder, ignore_errors=True)


def _older(folder: Path, limit: float) -> list[Path]:
    found = []
    for child in folder.iterdir() if folder.is_dir() else ():
        try:
            if child.stat().st_mtime < limit:
                found.append(child)
        except FileNotFoundError:  # removed by another process meanwhile
            continue
    return found


def _named_by_imports(workspace: Workspace) -> set[str]:
    named = set()
    for path in (workspace.folder / "imports").glob("*.json"):
        try:
            request: Mapping[str, object] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        named.add(str(request.get("folder", "")))
    return named
