"""Which decided images are asked about once more, and which are gold questions.

The draw goes by a hash of the seed and the image's bytes: the same seed asks about the same images,
whoever draws and in whatever order they were decided, and a larger share has those of a smaller.
"""

import hashlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from db.enums import Answer, ChangeOutcome, OpinionKind, Question, RevisionKind
from db.repositories.opinion_requests import Decided, OpinionRequest
from db.unit_of_work import UnitOfWork
from forge_core.catalog.editing import decisions
from forge_core.catalog.revisions.journal import ChangeResult, Operation
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

DEFAULT_SHARE = 0.1
DEFAULT_CONFIRMATIONS = 2
"""So many people who say the same make a label certain."""
_WHOLE = 2**64


@dataclass(frozen=True, kw_only=True)
class Draw:
    """What a draw asks for; what an earlier one asked is still asked."""

    num_decided: int
    """Images whose label somebody gave or judged."""
    num_second: int
    """Of them those that this draw asks another person about."""
    num_certain: int
    """Images whose label is certain."""
    num_gold: int
    """Of them those that are gold questions."""
    num_new: int
    """Requests that were not there before."""


def draw(
    workspace: Workspace,
    *,
    actor: Actor,
    share: float = DEFAULT_SHARE,
    gold: int = 0,
    seed: int = 0,
    confirmed_by: int = DEFAULT_CONFIRMATIONS,
) -> Draw:
    """Ask other people about a share of what was decided, and mix in gold questions.

    Drawn again, it asks about what was decided since; nothing that was asked is asked anew.

    Args:
        workspace: The workspace.
        actor: Who asks.
        share: Of the decided images, above 0 to 1; 0 for gold questions alone.
        gold: Images with a certain label to ask everybody about who did not decide them.
        seed: The same seed draws the same images.
        confirmed_by: So many people who say the same, and nobody who says otherwise, make a label
            certain; so does a person who marked it as gold.

    Raises:
        InvalidInput: A number is out of range.
    """
    if not 0 <= share <= 1:
        raise InvalidInput(f"A share lies between 0 and 100 %, not at {share:.4g}.")
    if gold < 0 or confirmed_by < 1:
        raise InvalidInput("Gold questions are 0 or more, and confirmed by 1 person or more.")
    name = actor.checked().name
    with workspace.database.write() as uow:
        uow.revisions.lock()
        revision_id = uow.revisions.latest_id()
        said = uow.opinion_requests.list_decided()
        decided = {one.asset_id: one for one in said}  # the newest word of each
        certain = _list_certain(uow, said, confirmed_by)
        known = {(one.asset_id, one.kind): one for one in uow.opinion_requests.list_all()}
        requests = [
            OpinionRequest(
                asset_id=one.asset_id,
                kind=OpinionKind.SECOND,
                content_hash=one.content_hash,
                label_id=one.label_id,
                decided_by=one.person,
                share=share,
                seed=seed,
                actor=name,
                revision_id=revision_id,
            )
            for one in decided.values()
            if place_of(one.content_hash, seed) < share
        ]
        num_second = len(requests)
        chosen = sorted(certain, key=lambda each: (place_of(each[1], seed), each[0]))[:gold]
        requests += [
            OpinionRequest(
                asset_id=asset_id,
                kind=OpinionKind.GOLD,
                content_hash=content_hash,
                label_id=label_id,
                decided_by=None,
                share=None,
                seed=seed,
                actor=name,
                revision_id=revision_id,
            )
            for asset_id, content_hash, label_id in chosen
        ]
        voted = {vote.asset_id for vote in uow.label_votes.list_all()}
        new = [one for one in requests if _is_new(one, known, voted)]
        uow.opinion_requests.add(new)
    return Draw(
        num_decided=len(decided),
        num_second=num_second,
        num_certain=len(certain),
        num_gold=len(chosen),
        num_new=len(new),
    )


def place_of(content_hash: str, seed: int) -> float:
    """Where an image stands in the draw of a seed, 0 to 1: it is in every share above that."""
    digest = hashlib.sha256(f"{seed}:{content_hash}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / _WHOLE


def mark_gold(
    workspace: Workspace,
    asset_ids: Sequence[uuid.UUID],
    is_gold: bool = True,
    *,
    actor: Actor,
    operation_id: str | None = None,
) -> ChangeResult:
    """Say that the labels of these images are certain, or no longer so.

    It holds while an image has the bytes and the label, and its class the definition, that it had.
    Images without a label are left out. Idempotent by `operation_id`, which can be undone.
    """
    operation = Operation.of(
        RevisionKind.UNFLAG, actor=actor, operation_id=operation_id, message="gold"
    )
    with workspace.database.write() as uow:
        uow.revisions.lock()
        labelled = [
            asset.asset_id
            for asset in uow.assets.list_by_ids(list(dict.fromkeys(asset_ids)))
            if asset.label_id is not None
        ]
        if is_gold:
            decisions.remember(uow, operation, labelled, Answer.KEEP, Question.GOLD)
        else:
            uow.decisions.take_back_standing(Question.GOLD, labelled, operation.operation_id)
    return ChangeResult(
        operation_id=operation.operation_id,
        status=ChangeOutcome.APPLIED if labelled else ChangeOutcome.NOTHING,
        revision_id=None,
        num_changed=len(labelled),
    )


def _is_new(
    request: OpinionRequest,
    known: Mapping[tuple[uuid.UUID, str], OpinionRequest],
    voted: Collection[uuid.UUID],
) -> bool:
    """Whether nothing asks it yet, or only of another label.

    A second opinion that was given stays beside the first answer that it was given to.
    """
    before = known.get((request.asset_id, request.kind))
    if before is None or before.label_id == request.label_id:
        return before is None
    return request.kind == OpinionKind.GOLD or request.asset_id not in voted


def _list_certain(
    uow: UnitOfWork, said: Sequence[Decided], confirmed_by: int
) -> set[tuple[uuid.UUID, str, int]]:
    """Id, bytes and label of the images whose label is certain."""
    certain = set(uow.opinion_requests.list_gold())
    words: dict[tuple[uuid.UUID, str, int], set[str]] = {}
    for one in said:
        words.setdefault((one.asset_id, one.content_hash, one.label_id), set()).add(one.person)
    votes: dict[uuid.UUID, dict[str, int | None]] = {}
    for vote in uow.label_votes.list_all():
        votes.setdefault(vote.asset_id, {})[vote.author] = vote.label_id
    for image, people in words.items():
        of_image = votes.get(image[0], {})
        agree = people | {author for author, label_id in of_image.items() if label_id == image[2]}
        if set(of_image.values()) <= {image[2]} and len(agree) >= confirmed_by:
            certain.add(image)
    return certain
