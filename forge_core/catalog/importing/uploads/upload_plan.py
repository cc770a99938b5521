"""From uploaded files to the plan of an import."""

import shutil
import uuid
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from db.enums import Split
from forge_core import local_files
from forge_core.catalog.importing import import_plan
from forge_core.catalog.importing.entry_names import path_problem
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.catalog.importing.uploads import uploads
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace


def prepare(workspace: Workspace, upload_id: str, *, actor: Actor) -> ImportPlan:
    """Look at files that were uploaded; they are the plan's now, or gone if it is refused.

    One archive alone is unpacked; anything else is taken as a folder. The source is named after
    the folder or the archive. Call `discard` on a plan that will not be imported.

    Raises:
        NotFound: There is no such upload of this person (any more).
        Conflict: It is not finished.
        InvalidInput: No image is among the files.
    """
    folder = workspace.cache_folder.resolve() / "staging" / uuid.uuid4().hex
    left_out = uploads.take(workspace, actor, upload_id, folder)
    source = uploads.source_of(folder)
    plan = import_plan.prepare_staged(workspace, folder, source_dataset=source)
    return replace(plan, problems=[*left_out, *plan.problems])


def prepare_files(
    workspace: Workspace, files: Iterable[tuple[str, bytes]], *, source_dataset: str
) -> ImportPlan:
    """Look at files of a few megabytes, as (relative path, bytes).

    One archive alone is unpacked; anything else is taken as a folder. Call `discard` on a plan
    that will not be imported.

    Raises:
        InvalidInput: A path leads out of the folder, or no image is among the files.
    """
    folder = import_plan.make_staging_folder(workspace)
    try:
        for name, data in files:
            _write_upload(folder, name, data)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return import_plan.prepare_staged(workspace, folder, source_dataset=source_dataset)


def put_into(plan: ImportPlan, split: Split) -> ImportPlan:
    """The plan, all of whose images go into a split whatever the rule for new ones says."""
    placed = [replace(file, split=split.value) for file in plan.files]
    return replace(plan, scanned=replace(plan.scanned, entries=placed))


def _write_upload(folder: Path, name: str, data: bytes) -> Path:
    relative = name.replace("\\", "/")
    problem = path_problem(relative)
    if problem is not None:
        raise InvalidInput(problem.message)
    target = folder / relative
    local_files.make_folder(target.parent)
    with local_files.open_private(target, "wb") as file:
        file.write(data)
    return target
