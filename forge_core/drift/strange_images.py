"""The strangest images of the traffic as a queue: into the catalog, marked for review."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from db.enums import RequestReason, Split
from db.repositories.label_requests import LabelRequest
from forge_core.catalog.editing import corrections, review_flags
from forge_core.catalog.importing import run_import
from forge_core.catalog.importing.uploads import upload_plan
from forge_core.drift import traffic
from forge_core.drift.judging import DriftReport
from forge_core.errors import ImageRejected, NotFound
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

SOURCE = "traffic"
NOTE = "Strange in the traffic"


def list_pictures(report: DriftReport) -> list[Path]:
    """The pictures that the log keeps of the strangest images, the strangest first."""
    folder = Path(report.folder)
    found = (
        traffic.find_picture(folder, each.image_sha256)
        for each in report.strangest
        if each.has_picture
    )
    return [path for path in found if path is not None]


def take_for_review(workspace: Workspace, report: DriftReport, *, actor: Actor) -> int:
    """Add those pictures to the catalog without a label, and mark them for review.

    New ones go into train: they are no fair sample, so nothing is measured with them. What the
    catalog has already keeps its label and its split, and is marked too.

    Returns:
        How many are marked.

    Raises:
        NotFound: The log keeps no picture of them.
    """
    files: list[tuple[str, bytes]] = []
    hashes: list[str] = []
    limits = DecodeLimits.from_settings(workspace.settings)
    for path in list_pictures(report):
        data = path.read_bytes()
        try:
            mime = decode.decode_image(data, limits=limits).mime
        except ImageRejected:  # the limits are others here than where it was answered
            continue
        files.append((f"{path.name[:24]}{corrections.SUFFIX_BY_MIME.get(mime, '')}", data))
        hashes.append(path.name)
    if not files:
        raise NotFound(
            "The log keeps no picture of the strangest images.",
            next_step="Start the service with --keep-pictures; their hashes are in the list.",
        )
    before = _find(workspace, hashes)
    plan = upload_plan.prepare_files(workspace, files, source_dataset=SOURCE)
    run_import.run_import(workspace, upload_plan.put_into(plan, Split.TRAIN), actor=actor)
    ids = _find(workspace, hashes)
    if not ids:
        return 0
    with workspace.database.write() as uow:
        uow.label_requests.add_met(
            [
                LabelRequest(asset_id=each, reason=RequestReason.STRANGE)
                for each in ids
                if each not in before
            ],
            revision_id=uow.revisions.latest_id(),
            actor=actor.checked().name,
        )
    review_flags.flag(workspace, ids, actor=actor, note=NOTE)
    return len(ids)


def _find(workspace: Workspace, hashes: Sequence[str]) -> list[UUID]:
    with workspace.database.read() as uow:
        found = uow.assets.list_by_hashes(hashes)
    return list({asset.content_hash: asset.asset_id for asset in found}.values())
