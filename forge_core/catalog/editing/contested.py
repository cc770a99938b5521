"""Images that imports disagree about: what is there and what was said, and a person's answer."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from db import enums
from db.enums import (
    ChangeOutcome,
    FindingSubject,
    Question,
    ReviewState,
    RevisionKind,
    Split,
)
from db.patches import AssetPatch
from db.records import Asset, AssetFilter, ImportFinding
from db.unit_of_work import UnitOfWork
from forge_core.catalog.editing import class_merges, decisions
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import ChangeConflict, ChangeResult, Operation
from forge_core.people import voters
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace


class Answer(StrEnum):
    """Which of two values holds."""

    MINE = "mine"
    """What the catalog has."""
    THEIRS = "theirs"
    """What the newest import said, where it said one thing."""


@dataclass(frozen=True, kw_only=True)
class Contested:
    """One image of the queue, and everything that imports say of it."""

    asset: Asset
    said: Sequence[ImportFinding]
    """Of the newest import that asked."""
    voters: str = ""
    """Who of single persons says what, in words; empty where none did."""


def list_contested(workspace: Workspace, *, limit: int = 1_000) -> list[Contested]:
    """The images that wait for a decision, oldest first."""
    with workspace.database.read() as uow:
        where = AssetFilter(review=ReviewState.CONTESTED)
        assets = uow.assets.list_page(where, sort="oldest", after=None, limit=limit)
        asset_ids = [asset.asset_id for asset in assets]
        said = uow.findings.list_open(asset_ids)
        votes = uow.label_votes.list_of_assets(asset_ids)
        names = {label.label_id: label.name for label in uow.labels.list_all()}
    return [
        Contested(
            asset=asset,
            said=said.get(asset.asset_id, ()),
            voters=", ".join(
                voters.describe(vote.author, vote.label_id, names)
                for vote in votes.get(asset.asset_id, ())
            ),
        )
        for asset in assets
    ]


def decide(
    workspace: Workspace,
    answer: Answer,
    *,
    actor: Actor,
    asset_ids: Sequence[uuid.UUID] | None = None,
    operation_id: str | None = None,
    unlock_held_out: bool = False,
) -> ChangeResult:
    """Answer for contested images: they leave the queue, in one revision that can be undone.

    With `THEIRS` an image of which an import said several things stays in the queue and is
    reported, as does one that would leave held_out without the unlock. Idempotent by
    `operation_id`.

    Args:
        workspace: The workspace.
        answer: Which value holds.
        actor: Who decides.
        asset_ids: Images of the queue; None for all.
        operation_id: Name of the operation, for saving it once.
        unlock_held_out: Whether images may leave held_out.
    """
    operation = Operation.of(
        RevisionKind.RELABEL,
        actor=actor,
        operation_id=operation_id,
        message=f"contested by an import: {answer} holds",
    )
    with workspace.database.write() as uow:
        repetition = journal.find_applied_operation(uow, operation)
        if repetition is not None:
            return repetition
        if asset_ids is None:
            asset_ids = uow.assets.list_ids(AssetFilter(review=ReviewState.CONTESTED))
        assets = [
            asset
            for asset in uow.assets.list_by_ids(list(dict.fromkeys(asset_ids)))
            if asset.review_state == ReviewState.CONTESTED
        ]
        said = uow.findings.list_open([asset.asset_id for asset in assets])
        conflicts: list[ChangeConflict] = []
        chosen: dict[tuple[str | None, str | None], list[Asset]] = {}
        for asset in assets:
            values = _values(asset, said.get(asset.asset_id, []), answer)
            if isinstance(values, str):
                conflicts.append(ChangeConflict(asset_id=asset.asset_id, message=values))
            elif asset.split_type == Split.HELD_OUT != values[1] and not unlock_held_out:
                conflicts += journal.describe_locked([asset], wanted=str(values[1]))
            else:
                chosen.setdefault(values, []).append(asset)
        revision_id = _write(uow, operation, chosen) if chosen else None
        decided = [asset.asset_id for assets in chosen.values() for asset in assets]
        kept_or_chosen = enums.Answer.KEEP if answer is Answer.MINE else enums.Answer.CHOOSE
        decisions.remember(uow, operation, decided, kept_or_chosen, Question.LABEL)
        return ChangeResult(
            operation_id=operation.operation_id,
            status=ChangeOutcome.APPLIED
            if chosen
            else (ChangeOutcome.CONFLICT if conflicts else ChangeOutcome.NOTHING),
            revision_id=revision_id,
            assets=[],
            conflicts=conflicts,
            num_changed=sum(map(len, chosen.values())),
            num_conflicts=len(conflicts),
        )


def _write(
    uow: UnitOfWork,
    operation: Operation,
    chosen: dict[tuple[str | None, str | None], list[Asset]],
) -> int:
    revision_id = journal.begin_revision(uow, operation)
    names = sorted({label for label, _ in chosen if label is not None})
    labels = class_merges.take_in_names(uow, names, revision_id=revision_id).labels
    for (name, split), assets in chosen.items():
        label = None if name is None else labels[name]
        patch = AssetPatch(
            label_id=None if label is None else label.label_id,
            label_name=None if label is None else label.name,
            split_type=split,
            review_state=None,
        )
        journal.change_assets(uow, revision_id, assets, patch)
    return revision_id


def _values(
    asset: Asset, said: Sequence[ImportFinding], answer: Answer
) -> tuple[str | None, str | None] | str:
    """Label and split that the image gets, or why it cannot be told."""
    values = {FindingSubject.LABEL: asset.label_name, FindingSubject.SPLIT: asset.split_type}
    if answer is Answer.MINE:
        return values[FindingSubject.LABEL], values[FindingSubject.SPLIT]
    for subject in values:
        offered = {finding.said for finding in said if finding.subject == subject}
        if len(offered) > 1:
            words = ", ".join(sorted(filter(None, offered)))
            return f"{asset.file_path}: the import says {words}; give it its {subject} yourself."
        if offered:
            (values[subject],) = offered
    return values[FindingSubject.LABEL], values[FindingSubject.SPLIT]
