"""Folders of the cache in which images from inside of tables and arrays are laid out."""

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from forge_core import local_files
from forge_core.catalog.formats.documents import embedded_images
from forge_core.catalog.importing.archives import ArchiveLimits
from forge_core.catalog.importing.import_problems import ImportProblem
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class LaidOut:
    """Images that lay inside tables or arrays, as files."""

    folder: Path
    problems: list[ImportProblem]


def lay_out(workspace: Workspace, location: Path) -> LaidOut | None:
    """The images inside the tables and arrays of a place, None where there are none.

    In a folder of the cache the documents are replaced by their images; anywhere else nothing is
    touched.

    Raises:
        InvalidInput: They are more than may be unpacked.
    """
    found = embedded_images.documents(location)
    if not found:
        return None
    place = location if location.is_dir() else location.parent
    is_staged = place.resolve().is_relative_to(_root(workspace))
    folder = place / uuid.uuid4().hex if is_staged else make_folder(workspace)
    local_files.make_folder(folder)
    try:
        limits = ArchiveLimits.from_settings(workspace.settings)
        problems = embedded_images.unpack(
            found, place, folder, max_files=limits.max_files, max_bytes=limits.max_bytes
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    for path in found if is_staged else []:
        path.unlink(missing_ok=True)
    return LaidOut(folder=folder, problems=problems)


def _root(workspace: Workspace) -> Path:
    return workspace.cache_folder.resolve() / "staging"


def make_folder(workspace: Workspace) -> Path:
    """A new, empty folder."""
    folder = _root(workspace) / uuid.uuid4().hex
    local_files.make_folder(folder)
    return folder
