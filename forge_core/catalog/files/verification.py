"""Does the asset root hold what the catalog says? Missing, changed and orphaned files, and repairs.

Looking changes nothing. Each repair is one revision that `history.undo` takes back.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from db.enums import ChangeOutcome, RevisionKind
from db.patches import AssetPatch
from forge_core.catalog.files.survey import FileSurvey
from forge_core.catalog.formats.scan.scanned_folder import ScannedFile, ScannedFolder
from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.catalog.importing.run_import import ImportReport
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import ChangeResult, Operation
from forge_core.errors import Conflict, InvalidInput
from forge_core.people.actor import Actor
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

MAX_LISTED = 1_000
ORPHANS = "orphans"


@dataclass(frozen=True, kw_only=True)
class VerifyReport:
    """What was found. The lists hold the first thousand keys, the numbers count all."""

    num_images: int
    """Images of the catalog."""
    num_files: int
    """Files under the asset root."""
    num_read: int
    """Files whose bytes were read and compared."""
    num_missing: int
    num_changed: int
    num_orphaned: int
    missing: list[str] = field(default_factory=list)
    """In the catalog, but not under the asset root."""
    changed: list[str] = field(default_factory=list)
    """There, but with other bytes than those that were imported."""
    orphaned: list[str] = field(default_factory=list)
    """Under the asset root, but not in the catalog."""

    @property
    def is_whole(self) -> bool:
        """Whether every image has its bytes. Orphaned files take nothing from the catalog."""
        return self.num_missing == 0 and self.num_changed == 0


@contextlib.contextmanager
def survey_of(workspace: Workspace) -> Iterator[FileSurvey]:
    """A survey that is closed at the end."""
    survey = FileSurvey(workspace)
    try:
        yield survey
    finally:
        survey.close()


def verify(
    workspace: Workspace, *, full: bool = False, progress: Progress = SILENT
) -> VerifyReport:
    """Compare the catalog with the files under the asset root.

    Args:
        workspace: The workspace.
        full: Read every file and compare its hash. Otherwise sizes are compared, and only files
            that were written after their import are read.
        progress: Told the files read.

    Raises:
        StorageUnavailable: The asset root cannot be listed or read.
    """
    with survey_of(workspace) as survey:
        num_read = survey.find_differing(full=full, progress=progress)
        missing = _first([file.key for file in part] for part in survey.missing())
        changed = _first([file.key for file in part] for part in survey.differing())
        orphaned = _first([key for key, _ in part] for part in survey.orphans())
        num_images, num_files = survey.counts()
    return VerifyReport(
        num_images=num_images,
        num_files=num_files,
        num_read=num_read,
        num_missing=missing[0],
        num_changed=changed[0],
        num_orphaned=orphaned[0],
        missing=missing[1],
        changed=changed[1],
        orphaned=orphaned[1],
    )


def remove_missing(workspace: Workspace, *, actor: Actor, force: bool = False) -> ChangeResult:
    """Take the images whose files are missing out of the catalog: one revision.

    Args:
        workspace: The workspace.
        actor: Who decides so.
        force: Also when more than half of all files are missing.

    Raises:
        Conflict: More than half of all files are missing: a disk that is not mounted looks so.
    """
    operation = Operation.of(RevisionKind.REMOVE, actor=actor)
    with survey_of(workspace) as survey:
        num_images, _ = survey.counts()
        num_missing = sum(map(len, survey.missing()))
        if num_missing * 2 > num_images and not force:
            raise Conflict(
                f"{num_missing:,} of {num_images:,} files are missing under "
                f"{workspace.store.root}; that looks like a disk that is not mounted.",
                next_step="Check FORGE_ASSET_ROOT, look for moved files with `forge relink`, or "
                "say --force.",
            )
        with workspace.database.write() as uow:
            uow.revisions.lock()
            revision_id = None
            number = 0
            for part in survey.missing():
                paths = {file.asset_id: file.key for file in part}
                assets = [
                    asset
                    for asset in uow.assets.list_by_ids(list(paths))
                    if asset.file_path == paths[asset.asset_id]
                    and not workspace.store.exists(asset.file_path)
                ]
                if not assets:
                    continue
                if revision_id is None:
                    revision_id = journal.begin_revision(
                        uow, replace(operation, message="images whose files are missing")
                    )
                journal.change_assets(uow, revision_id, assets, AssetPatch(is_deleted=True))
                number += len(assets)
    return ChangeResult(
        operation_id=operation.operation_id,
        status=ChangeOutcome.APPLIED if number else ChangeOutcome.NOTHING,
        revision_id=revision_id,
        num_changed=number,
    )


def import_orphans(
    workspace: Workspace, *, actor: Actor, progress: Progress = SILENT
) -> ImportReport:
    """Take the files that no row names into the catalog, in place and without labels.

    Only for a folder as asset root; a file that is no image is reported and stays.

    Raises:
        InvalidInput: The asset root is an object store, or there is no orphaned file.
    """
    root = workspace.store.local_root()
    if root is None:
        raise InvalidInput(
            f"Files that lie in {workspace.store.root} already cannot be added from there.",
            next_step="Copy them to a folder and import that; equal bytes are stored once.",
        )
    with survey_of(workspace) as survey:
        files = [
            ScannedFile(key, None, None, size_bytes)
            for key, size_bytes in chain.from_iterable(survey.orphans())
            if size_bytes > 0
        ]
    if not files:
        raise InvalidInput("Every file under the asset root is in the catalog.")
    scanned = ScannedFolder(
        root=root.resolve(),
        layout="flat",
        heading="Files that the catalog does not name",
        entries=files,
        problems=[],
    )
    plan = ImportPlan(
        folder=root,
        scanned=scanned,
        source_dataset=import_plan.clean_source(ORPHANS),
        problems=[],
    )
    return run_import.run_import(workspace, plan, actor=actor, progress=progress)


def _first(parts: Iterable[list[str]]) -> tuple[int, list[str]]:
    """How many there are, and the first of them."""
    number = 0
    listed: list[str] = []
    for part in parts:
        number += len(part)
        listed += islice(part, MAX_LISTED - len(listed))
    return number, listed
