"""Look at images before they are imported: what a place holds, and what would become of it.

Nothing here writes to the catalog. Uploads and archives are laid out in a staging folder of
the cache first.
"""

import re
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.scan.file_walk import DOCUMENT_EXTENSIONS
from forge_core.catalog.formats.scan.scanned_folder import (
    Caution,
    ReadOptions,
    ScannedFile,
    ScannedFolder,
)
from forge_core.catalog.formats.table import SPLITS
from forge_core.catalog.importing import archives, nothing_found, server_paths, staging
from forge_core.catalog.importing.archives import Unpacked
from forge_core.catalog.importing.import_problems import ImportProblem
from forge_core.catalog.importing.merging import label_files
from forge_core.catalog.importing.merging.rules import Merge
from forge_core.catalog.importing.nothing_found import NothingFound
from forge_core.catalog.importing.unpacking import unpacked_names
from forge_core.errors import ForgeError, InvalidInput
from forge_core.workspace import Workspace

MAX_SOURCE_CHARACTERS = 64


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """What was found at a place, before anything is written to the catalog."""

    folder: Path
    scanned: ScannedFolder
    source_dataset: str
    problems: Sequence[ImportProblem]
    options: ReadOptions = field(default_factory=ReadOptions)
    staging_folder: Path | None = None
    merge: Merge = Merge.KEEP
    """What is done where it says something else of an image than the catalog."""
    is_merge_chosen: bool = False
    """Whether a person chose that: what is kept so is not asked again by later imports."""
    unlock_held_out: bool = False
    """Whether it may move images out of held_out."""
    labels_only: bool = False
    """Whether the files are images of the catalog, by their paths there: nothing is added."""
    unpacked: Unpacked | None = None
    """What is known of the archive that was unpacked for it."""

    @property
    def title(self) -> str:
        """The recognised layout and every decision taken, in words."""
        return self.scanned.title

    @property
    def layout(self) -> str:
        """Name of the recognised format, a key of `recognition.FORMATS`."""
        return self.scanned.layout

    @property
    def files(self) -> Sequence[ScannedFile]:
        """The image files found."""
        return self.scanned.entries

    @property
    def cautions(self) -> Sequence[Caution]:
        """What must not be overlooked, the gravest first."""
        return self.scanned.cautions

    @property
    def num_images(self) -> int:
        """Image files found."""
        return len(self.files)

    @property
    def size_bytes(self) -> int:
        """Sum of the files' sizes."""
        return sum(file.size_bytes for file in self.files)

    @property
    def num_unlabelled(self) -> int:
        """Images without a label."""
        return sum(file.label_name is None for file in self.files)

    @property
    def num_groups(self) -> int:
        """Groups of images that belong together."""
        return self.scanned.num_groups

    @property
    def classes(self) -> dict[str, int]:
        """Images of each class, by name."""
        counts = Counter(file.label_name for file in self.files if file.label_name is not None)
        return dict(sorted(counts.items()))

    @property
    def splits(self) -> dict[str, int]:
        """Images of each split that the layout names."""
        counts = Counter(file.split for file in self.files if file.split is not None)
        return {split: counts[split] for split in SPLITS if split in counts}


def prepare(
    workspace: Workspace,
    location: Path | str,
    *,
    source_dataset: str | None = None,
    options: ReadOptions = ReadOptions(),
    labels_only: bool = False,
) -> ImportPlan:
    """Look at a folder, an archive or a label file; no pixel is read, no row is written.

    An archive is unpacked into the cache first (safely, see `catalog.archives`). Label files
    that lie beside no image that they name are taken for labels of images of the catalog, if
    they name any of those.

    Args:
        workspace: The workspace.
        location: A folder, a zip or tar, or a label file (a table, a JSON) beside its images.
        source_dataset: Where the images come from, kept with each; the place's name if None.
        options: How to read it, where that shall not be found out.
        labels_only: Bring labels to images of the catalog, whatever images lie there.

    Raises:
        NotFound: Nothing is there.
        InvalidInput: No image is there, the archive is refused, it is not what `options` say, or
            it is a device or a pipe.
    """
    location = Path(location).expanduser()
    kind = server_paths.kind_of(location)
    source = source_dataset or location.name.split(".")[0] or "import"
    if labels_only and not archives.is_archive(location):
        return _labels_of(workspace, location, source, options)
    if kind == "folder" or location.suffix.lower() in DOCUMENT_EXTENSIONS:
        try:
            return _look(workspace, location, source, options)
        except InvalidInput:
            plan = _labels_instead(workspace, location, source, options)
            if plan is None:
                raise
            return plan
    return _unpacked(workspace, location, source, options, labels_only=labels_only)


def _look(workspace: Workspace, location: Path, source: str, options: ReadOptions) -> ImportPlan:
    """What lies at a folder, or beside a label file."""
    max_files = workspace.settings.max_archive_files
    if laid_out := staging.lay_out(workspace, location):
        try:
            plan = scan_folder(laid_out.folder, source, max_files=max_files, options=options)
        except NothingFound as error:
            shutil.rmtree(laid_out.folder, ignore_errors=True)
            raise nothing_found.refusal(location.name, error.scanned, laid_out.problems) from error
        problems = [*laid_out.problems, *plan.problems]
        return replace(plan, problems=problems, staging_folder=laid_out.folder)
    if location.is_dir():
        return scan_folder(location, source, max_files=max_files, options=options)
    options = replace(options, document=location.name)
    try:
        return scan_folder(location.parent, source, max_files=max_files, options=options)
    except InvalidInput:
        beside = location.parent.name  # COCO keeps its JSON in annotations/
        if beside.lower() not in ("annotations", "labels"):
            raise
        options = replace(options, document=f"{beside}/{location.name}")
        folder = location.parent.parent
        return scan_folder(folder, source, max_files=max_files, options=options)


def _labels_of(
    workspace: Workspace, location: Path, source: str, options: ReadOptions = ReadOptions()
) -> ImportPlan:
    """Labels for images of the catalog, from a label file or from all in a folder."""
    folder = location
    if not location.is_dir():
        folder, options = location.parent, replace(options, document=location.name)
    max_files = workspace.settings.max_archive_files
    scanned = label_files.read(workspace, folder, options, max_files=max_files)
    return replace(_plan_of(folder, scanned, source, options), labels_only=True)


def _labels_instead(
    workspace: Workspace, location: Path, source: str, options: ReadOptions = ReadOptions()
) -> ImportPlan | None:
    """The same place as labels of images of the catalog, or None where it names none."""
    try:
        return _labels_of(workspace, location, source, options)
    except ForgeError:
        return None


def prepare_staged(workspace: Workspace, folder: Path, *, source_dataset: str) -> ImportPlan:
    """Look at files that were laid out in the cache; they are the plan's then, or removed.

    Raises:
        InvalidInput: No image is among the files.
    """
    try:
        some = list(islice((path for path in folder.rglob("*") if path.is_file()), 2))
        if len(some) == 1 and archives.is_archive(some[0]):
            plan = _unpacked(workspace, some[0], source_dataset)
            shutil.rmtree(folder, ignore_errors=True)
            return plan
        plan = _read_unpacked(workspace, folder, source_dataset)
    except NothingFound as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise nothing_found.refusal(source_dataset, error.scanned) from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return replace(plan, staging_folder=folder)


def read_again(workspace: Workspace, plan: ImportPlan, options: ReadOptions) -> ImportPlan:
    """The plan for the same place, read as a person says. What was unpacked for it stays.

    Raises:
        InvalidInput: It cannot be read so.
    """
    unpacked = plan.unpacked
    encoding = options.names_encoding
    was = None if unpacked is None else unpacked.names_encoding
    if unpacked is not None and was and encoding and encoding != was:
        unpacked_names.read_as(plan.folder, was, encoding)
        unpacked = replace(unpacked, names_encoding=encoding)
    if plan.labels_only and options.document is None:
        options = replace(options, document=plan.options.document)
    again = read_place(
        workspace, plan.folder, plan.source_dataset, options, labels_only=plan.labels_only
    )
    before = set(plan.scanned.problems)
    unpacking = [problem for problem in plan.problems if problem not in before]
    again = replace(
        again,
        problems=[*unpacking, *again.problems],
        staging_folder=plan.staging_folder,
        merge=plan.merge,
        is_merge_chosen=plan.is_merge_chosen,
        unlock_held_out=plan.unlock_held_out,
    )
    if unpacked is None:
        return again
    scanned = unpacked_names.told(again.scanned, unpacked)
    return replace(again, scanned=scanned, unpacked=unpacked)


def read_place(
    workspace: Workspace, folder: Path, source: str, options: ReadOptions, *, labels_only: bool
) -> ImportPlan:
    """What lies in a folder that was looked at before.

    Raises:
        InvalidInput: There is no image any more, or it cannot be read so.
    """
    max_files = workspace.settings.max_archive_files
    if not labels_only:
        return scan_folder(folder, source, max_files=max_files, options=options)
    place = folder / options.document if options.document else folder
    return _labels_of(workspace, place, source, options)


def discard(plan: ImportPlan) -> None:
    """Remove what was laid out for a plan. A folder that belongs to the person stays."""
    if plan.staging_folder is not None:
        shutil.rmtree(plan.staging_folder, ignore_errors=True)


def scan_folder(
    folder: Path, source_dataset: str, *, max_files: int, options: ReadOptions = ReadOptions()
) -> ImportPlan:
    """What a folder would be imported as.

    Raises:
        InvalidInput: No image is in it, or it cannot be read as a catalog.
    """
    scanned = recognition.read_folder(folder, options, max_files=max_files)
    return _plan_of(folder, scanned, source_dataset, options)


def _plan_of(
    folder: Path, scanned: ScannedFolder, source_dataset: str, options: ReadOptions
) -> ImportPlan:
    if not scanned.entries:
        raise nothing_found.refusal(folder.name, scanned)
    return ImportPlan(
        folder=folder,
        scanned=scanned,
        source_dataset=clean_source(source_dataset),
        problems=scanned.problems,
        options=options,
    )


@lru_cache(maxsize=256)  # asked for each file
def clean_source(name: str) -> str:
    """A source's name as it is kept and as it can name a folder; never empty."""
    cleaned = re.sub(r"[^\w. -]+", "_", name).strip(" .")[:MAX_SOURCE_CHARACTERS].strip(" .")
    return cleaned or "import"


def _unpacked(
    workspace: Workspace,
    archive: Path,
    source: str,
    options: ReadOptions = ReadOptions(),
    *,
    labels_only: bool = False,
) -> ImportPlan:
    folder = make_staging_folder(workspace)
    try:
        limits = archives.ArchiveLimits.from_settings(workspace.settings)
        encoding = unpacked_names.checked(options.names_encoding)
        unpacked = archives.unpack_all(archive, folder, limits, names_encoding=encoding)
        if labels_only:
            plan = _labels_of(workspace, folder, source, options)
        else:
            plan = _read_unpacked(workspace, folder, source, options)
    except NothingFound as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise nothing_found.refusal(archive.name, error.scanned, unpacked.problems) from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    problems = [*unpacked.problems, *plan.problems]
    return replace(
        plan,
        scanned=unpacked_names.told(plan.scanned, unpacked),
        problems=problems,
        staging_folder=folder,
        unpacked=unpacked,
    )


def _read_unpacked(
    workspace: Workspace, folder: Path, source: str, options: ReadOptions = ReadOptions()
) -> ImportPlan:
    """What was laid out in a folder; label files alone are labels of images of the catalog."""
    try:
        return _look(workspace, folder, source, options)
    except InvalidInput:
        plan = _labels_instead(workspace, folder, source, options)
        if plan is None:
            raise
        return plan


def make_staging_folder(workspace: Workspace) -> Path:
    """A new folder of the cache for what is laid out for one plan."""
    return staging.make_folder(workspace)
