"""What a queued import shall read: an id for the job, a file of the workspace for the rest.

The database never holds a path of this machine, so the payload of the job names the id alone.
"""

import json
import re
import uuid
from dataclasses import asdict, replace
from pathlib import Path

from forge_core import local_files
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions
from forge_core.catalog.importing import import_plan
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.catalog.importing.import_problems import ImportProblem
from forge_core.catalog.importing.merging.rules import Merge
from forge_core.errors import InvalidInput, NotFound
from forge_core.workspace import Workspace

_REQUEST_ID = re.compile(r"[0-9a-f]{32}")


def save(workspace: Workspace, plan: ImportPlan) -> str:
    """Keep what a queued import shall read; returns the id that the job's payload names."""
    request_id = uuid.uuid4().hex
    path = _request_path(workspace, request_id)
    local_files.make_folder(path.parent)
    request = {
        "folder": str(plan.folder.resolve()),
        "source_dataset": plan.source_dataset,
        "is_staged": plan.staging_folder is not None,
        "options": asdict(plan.options),
        "merge": str(plan.merge),
        "is_merge_chosen": plan.is_merge_chosen,
        "unlock_held_out": plan.unlock_held_out,
        "labels_only": plan.labels_only,
        "problems": [asdict(problem) for problem in plan.problems],
    }
    local_files.replace(path, json.dumps(request).encode())
    return request_id


def load(workspace: Workspace, request_id: str) -> ImportPlan:
    """The plan of a queued import, looked at again as the folder is now.

    Raises:
        NotFound: There is no such request any more, or its folder is gone.
        InvalidInput: No image is in the folder any more.
    """
    path = _request_path(workspace, request_id)
    try:
        request = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(
            "What this import was to read is not known any more.", next_step="Start it again."
        ) from None
    folder = Path(request["folder"])
    plan = import_plan.read_place(
        workspace,
        folder,
        request["source_dataset"],
        ReadOptions(**request.get("options", {})),
        labels_only=bool(request.get("labels_only", False)),
    )
    earlier = [ImportProblem(**problem) for problem in request["problems"]]
    seen = {(problem.path, problem.reason) for problem in earlier}
    later = [problem for problem in plan.problems if (problem.path, problem.reason) not in seen]
    return replace(
        plan,
        problems=[*earlier, *later],
        staging_folder=folder if request["is_staged"] else None,
        merge=Merge(request.get("merge", Merge.KEEP)),
        is_merge_chosen=bool(request.get("is_merge_chosen", False)),
        unlock_held_out=bool(request.get("unlock_held_out", False)),
    )


def _request_path(workspace: Workspace, request_id: str) -> Path:
    if not _REQUEST_ID.fullmatch(request_id):
        raise InvalidInput(f"{request_id[:40]!r} is not the id of an import.")
    return workspace.folder / "imports" / f"{request_id}.json"
