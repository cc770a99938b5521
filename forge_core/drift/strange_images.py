"""The strangest images of the traffic as a queue: into the catalog, marked for review."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from db.enums import RequestReason
from db.repositories.label_requests import LabelRequest
from forge_core.catalog.editing import review_flags
from forge_core.drift import incoming, traffic
from forge_core.drift.judging import DriftReport
from forge_core.errors import NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

SOURCE = "traffic"
NOTE = "Strange in the traffic"


def list_pictures(report: DriftReport) -> list[Path]:
    """The pictures that the log keeps of the strangest images, the strangest first."""
    hashes = [each.image_sha256 for each in report.strangest if each.has_picture]
    found = traffic.find_pictures(Path(report.folder), hashes)
    return [found[each] for each in hashes if each in found]


def take_for_review(workspace: Workspace, report: DriftReport, *, actor: Actor) -> int:
    """Add those pictures to the catalog without a label, and mark them for review.

    New ones go into train: they are no fair sample, so nothing is measured with them. What the
    catalog has already keeps its label and its split, and is marked too.

    Returns:
        How many are marked.

    Raises:
        NotFound: The log keeps no picture of them.
    """
    pictures = list_pictures(report)
    before = _find(workspace, [path.name for path in pictures])
    hashes = incoming.bring_in(workspace, pictures, source=SOURCE, actor=actor)
    if not hashes:
        raise NotFound(
            "The log keeps no picture of the strangest images.",
            next_step="Start the service with --keep-pictures; their hashes are in the list.",
        )
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
