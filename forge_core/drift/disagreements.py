"""What a shadow answered otherwise, as a queue: the kept pictures come into the catalog.

An image comes in because two networks disagree about it, so it is no fair sample: it carries why,
and with what probability it was drawn from all that wait. What is measured with it says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db.enums import RequestReason
from db.records import Asset
from db.repositories.label_requests import LabelRequest
from forge_core.drift import incoming, kept_reports, traffic
from forge_core.errors import InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.serving.traffic import parts, rows
from forge_core.serving.traffic.rows import Disagreement, Said
from forge_core.workspace import Workspace

SOURCE = "shadow disagreement"
MAX_READ = 20_000
"""Newest disagreements that are looked at."""
MOST = 500
"""Most images that are taken at once: so many pictures are in memory."""


@dataclass(frozen=True, kw_only=True)
class ShadowLog:
    """What a log of traffic tells of a shadow. An image that came again counts once."""

    folder: Path
    num_images: int
    """Images that the shadow answered otherwise."""
    num_settled: int
    """Of these, what the catalog has with a label, or asks for one of already."""
    waiting: tuple[tuple[Disagreement, Path], ...]
    """What is not in the catalog and has a picture here, with its picture; in the order of their
    hashes, which no one chose."""

    @property
    def num_without_picture(self) -> int:
        """Images of which nothing is kept that could be looked at."""
        return self.num_images - self.num_settled - len(self.waiting)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What came into the catalog."""

    num_images: int
    num_waiting: int
    """What had waited, from which they were drawn."""
    probability: float
    """With which each that waited was drawn."""


def read(workspace: Workspace, folder: Path | None = None) -> ShadowLog:
    """What the shadow answered otherwise, by default of the workspace's own log of traffic."""
    folder = folder or kept_reports.standard_folder(workspace)
    found: dict[str, Disagreement] = {}
    for part in reversed(parts.list_parts(folder)):
        for disagreement in _read_part(part):
            if len(found) < MAX_READ:
                found.setdefault(disagreement.image_sha256, disagreement)
    settled = _settled(workspace, list(found))
    pictures = traffic.find_pictures(folder, found.keys() - settled)
    return ShadowLog(
        folder=folder,
        num_images=len(found),
        num_settled=len(settled),
        waiting=tuple((found[sha256], pictures[sha256]) for sha256 in sorted(pictures)),
    )


def take_for_review(
    workspace: Workspace,
    log: ShadowLog,
    *,
    limit: int = MOST,
    asks_rule: bool = False,
    actor: Actor,
) -> Taken:
    """Add what waits to the catalog without a label, asking for one in the queue `shadow`.

    Where more wait than are taken, those are drawn by chance, and the probability is kept. New
    images go into train; with `asks_rule` into the split that the standing rule draws, where what
    is measured with them is marked as biased. What the catalog has without a label stays where it
    is, and is asked for.

    Raises:
        NotFound: Nothing waits.
        InvalidInput: The limit is not from 1 to `MOST`.
    """
    if not 1 <= limit <= MOST:
        raise InvalidInput(f"{limit:,} images were asked for.", next_step=f"Ask for 1 to {MOST}.")
    if not log.waiting:
        raise NotFound(
            f"{log.folder} keeps no picture of a disagreement that is not in the catalog.",
            next_step="Start the service with --shadow, --traffic-log and --keep-disagreements.",
        )
    drawn = log.waiting[:limit]
    probability = len(drawn) / len(log.waiting)
    incoming.bring_in(
        workspace,
        [path for _, path in drawn],
        source=SOURCE,
        notes={path.name: describe(disagreement) for disagreement, path in drawn},
        asks_rule=asks_rule,
        actor=actor,
    )
    number = _ask(workspace, [path.name for _, path in drawn], probability, actor)
    return Taken(num_images=number, num_waiting=len(log.waiting), probability=probability)


def describe(disagreement: Disagreement) -> str:
    """Who said what, a sentence."""
    return f"Answered {_said(disagreement.answered)}; the shadow: {_said(disagreement.shadow)}."


def _said(said: Said) -> str:
    decision = "" if said.decision is None else f", {said.decision.replace('_', ' ')}"
    return f"{said.label_name} ({100 * said.probability:.0f} %{decision})"


def _read_part(part: Path) -> list[Disagreement]:
    """Newest first; lines that are torn are left out."""
    found = []
    try:
        lines = parts.disagreements_of(part).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    for line in reversed(lines):
        try:
            found.append(rows.read_disagreement(line))
        except ValueError:
            continue
    return found


def _settled(workspace: Workspace, hashes: Sequence[str]) -> set[str]:
    with workspace.database.read() as uow:
        known = uow.assets.list_by_hashes(hashes)
        asked = uow.label_requests.list_asked([asset.asset_id for asset in known])
    return {
        asset.content_hash
        for asset in known
        if asset.label_id is not None or asset.asset_id in asked
    }


def _ask(workspace: Workspace, hashes: Sequence[str], probability: float, actor: Actor) -> int:
    with workspace.database.write() as uow:
        known: dict[str, Asset] = {}
        for asset in uow.assets.list_by_hashes(hashes):
            known.setdefault(asset.content_hash, asset)
        asked = uow.label_requests.list_asked([asset.asset_id for asset in known.values()])
        requests = [
            LabelRequest(
                asset_id=asset.asset_id,
                reason=RequestReason.DISAGREEMENT,
                probability=probability,
            )
            for asset in known.values()
            if asset.label_id is None and asset.asset_id not in asked
        ]
        uow.label_requests.add_met(
            requests, revision_id=uow.revisions.latest_id(), actor=actor.checked().name
        )
    return len(requests)
