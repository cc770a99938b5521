"""Exports that are kept in the cache, so that a download starts at once the second time.

A file is named by what it holds: the filter, and the revision of the catalog it was made from.
"""

import hashlib
import time
import uuid
from dataclasses import astuple, dataclass
from pathlib import Path

from db.records import AssetFilter
from forge_core import local_files
from forge_core.catalog.export import exports
from forge_core.catalog.export.exports import ExportReport
from forge_core.catalog.revisions import history
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class KeptExport:
    """A finished export. `report` is None when it was made before and only found again."""

    path: Path
    report: ExportReport | None

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return self.path.stat().st_size


def find_export(workspace: Workspace, where: AssetFilter, format_name: str) -> KeptExport | None:
    """The export of these images as the catalog is now, when it was made already, else None.

    None always for a filter by what changes without a revision, such as assignments.
    """
    if not where.follows_revisions():
        return None
    path = _path_of(workspace, where, format_name)
    return KeptExport(path=path, report=None) if path.exists() else None


def make_export(
    workspace: Workspace,
    where: AssetFilter,
    format_name: str,
    *,
    progress: Progress = SILENT,
) -> KeptExport:
    """Write a table, or a zip of images and labels, into the cache; idempotent.

    Exports older than a day are removed on the way. One that misses files is not found again,
    so that its report is never lost.

    Args:
        workspace: The workspace.
        where: Which images.
        format_name: A key of `exports.EXPORTS`.
        progress: Told the images written while a zip is made.

    Raises:
        InvalidInput: Nothing matches, or there is no such format.
    """
    _remove_old(workspace)
    kept = find_export(workspace, where, format_name)
    if kept is not None:
        return kept
    local_files.make_folder(_folder(workspace))
    path = _path_of(workspace, where, format_name)
    # A name of its own: two people may ask for the same export at the same time.
    own = path.with_name(f"{uuid.uuid4().hex}{path.suffix}")
    report = exports.export(workspace, own, where, format_name=format_name, progress=progress)
    own.chmod(local_files.PRIVATE_FILE)  # where a person names the place, it is as they have it
    if report.missing:
        return KeptExport(path=own, report=report)
    return KeptExport(path=own.replace(path), report=report)


def _folder(workspace: Workspace) -> Path:
    return workspace.cache_folder / "exports"


def _path_of(workspace: Workspace, where: AssetFilter, format_name: str) -> Path:
    revision_id = history.latest_revision_id(workspace)
    key = hashlib.sha256(repr(astuple(where)).encode()).hexdigest()[:12]
    ending = exports.get_format(format_name).ending
    return _folder(workspace) / f"{revision_id}-{key}-{format_name}{ending}"


def _remove_old(workspace: Workspace) -> None:
    folder = _folder(workspace)
    if not folder.exists():
        return
    for path in folder.iterdir():
        if time.time() - path.stat().st_mtime > KEPT_SECONDS:
            path.unlink(missing_ok=True)
