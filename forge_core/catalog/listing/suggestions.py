"""What a run's network, or the judging of labels, suggests for images: one query for a page."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from db.enums import FindingSubject, ReviewState
from db.records import Asset
from db.unit_of_work import UnitOfWork
from forge_core.people import voters
from forge_core.workspace import Workspace

JUDGING = "labels"
"""Suggests what labels look like that look wrong, as a run suggests what it sees."""
OPINIONS = "opinions"
"""Suggests what people say who say another class than the label."""
IMPORTS = "imports"
"""Suggests what an import says of images about which a person has to decide."""
SUSPECT = 0.5
"""From this score on a label looks wrong."""
Suggester = int | str
"""The number of a run, `JUDGING`, `OPINIONS` or `IMPORTS`."""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A class for an image. Classes that are retired or merged are never suggested."""

    run_id: int | None
    """None where the judging of labels, people or an import suggest it."""
    label_id: int | None
    """None where an import says several classes, none of which can be accepted unseen."""
    label_name: str
    """Of several classes all names."""
    confidence: float | None
    """Probability of the class, 0 to 1; of the judging, that the label is wrong; of people, the
    share of them who say it; None of an import."""
    margin: float | None
    """Confidence less the probability of the second class, 0 to 1; None of the judging."""
    entropy: float | None
    """Of all probabilities, in nats; None of the judging."""
    label_quality: float | None
    """Probability of the label that the image has now, 0 to 1; None where it is not known."""
    voters: str = ""
    """Who of the people says what, in words; empty of networks."""
    among: Sequence[int] = ()
    """The classes that an import says, in the order of their names; empty of all others."""


def suggest(
    workspace: Workspace, by: Suggester, assets: Sequence[Asset]
) -> dict[uuid.UUID, Suggestion]:
    """What a run suggests for these images (a page of them); those without are left out."""
    with workspace.database.read() as uow:
        return suggest_in(uow, by, assets)


def suggest_in(
    uow: UnitOfWork, by: Suggester, assets: Sequence[Asset]
) -> dict[uuid.UUID, Suggestion]:
    """The same in a transaction, so that images and suggestions are of one moment."""
    if not assets:
        return {}
    if by == OPINIONS:
        return _suggest_voted(uow, assets)
    if by == IMPORTS:
        return _suggest_imported(uow, assets)
    if isinstance(by, str):
        return _suggest_instead(uow, assets)
    found = uow.predictions.list_by_assets(by, [asset.asset_id for asset in assets])
    suggestions = {}
    for asset in assets:
        if asset.asset_id not in found:
            continue
        row, name = found[asset.asset_id]
        speaks_of_label = asset.label_id is not None and row.given_label_id == asset.label_id
        suggestions[asset.asset_id] = Suggestion(
            run_id=by,
            label_id=row.label_id,
            label_name=name,
            confidence=row.confidence,
            margin=row.margin,
            entropy=row.entropy,
            label_quality=row.label_quality if speaks_of_label else None,
        )
    return suggestions


def _suggest_instead(uow: UnitOfWork, assets: Sequence[Asset]) -> dict[uuid.UUID, Suggestion]:
    """The class that each label looks like instead, whether or not it looks wrong enough."""
    found = uow.label_issues.list_now([asset.asset_id for asset in assets])
    return {
        asset_id: Suggestion(
            run_id=None,
            label_id=issue.suggested_label_id,
            label_name=name,
            confidence=issue.score,
            margin=None,
            entropy=None,
            label_quality=1.0 - issue.score,
        )
        for asset_id, (issue, name) in found.items()
    }


def _suggest_voted(uow: UnitOfWork, assets: Sequence[Asset]) -> dict[uuid.UUID, Suggestion]:
    """The class that most of those say who say another than the label.

    The label itself, where nobody names another and somebody says that no one class is right.
    """
    labels = {label.label_id: label for label in uow.labels.list_all()}
    names = {label_id: label.name for label_id, label in labels.items()}
    votes = uow.label_votes.list_of_assets([asset.asset_id for asset in assets])
    found = {}
    for asset in assets:
        of_asset = votes.get(asset.asset_id, [])
        others = Counter(
            vote.label_id
            for vote in of_asset
            if vote.label_id not in (None, asset.label_id) and not labels[vote.label_id].is_retired
        )
        if others:
            label_id = min(others, key=lambda each: (-others[each], each))
        elif asset.label_id is not None and any(vote.label_id is None for vote in of_asset):
            label_id = asset.label_id  # the only class that anybody says
        else:
            continue
        found[asset.asset_id] = Suggestion(
            run_id=None,
            label_id=label_id,
            label_name=labels[label_id].name,
            confidence=sum(vote.label_id == label_id for vote in of_asset) / len(of_asset),
            margin=None,
            entropy=None,
            label_quality=None,
            voters=", ".join(
                voters.describe(vote.author, vote.label_id, names) for vote in of_asset
            ),
        )
    return found


def _suggest_imported(uow: UnitOfWork, assets: Sequence[Asset]) -> dict[uuid.UUID, Suggestion]:
    """What the newest import that asked says a label is instead.

    Of an image whose split is asked about too nothing is suggested: a label is half an answer.
    """
    waiting = [asset for asset in assets if asset.review_state == ReviewState.CONTESTED]
    said = uow.findings.list_open([asset.asset_id for asset in waiting])
    labels = {label.name: label for label in uow.labels.list_all() if not label.is_retired}
    current_names = uow.labels.list_current_names()
    found = {}
    for asset in waiting:
        findings = said.get(asset.asset_id, [])
        names = {current_names.get(one.said or "", one.said) for one in findings}
        others = sorted(name for name in names if name in labels and name != asset.label_name)
        if not others or any(one.subject != FindingSubject.LABEL for one in findings):
            continue
        among = [labels[name].label_id for name in others]
        found[asset.asset_id] = Suggestion(
            run_id=None,
            label_id=among[0] if len(among) == 1 else None,
            label_name=" or ".join(others),
            confidence=None,
            margin=None,
            entropy=None,
            label_quality=None,
            among=among,
        )
    return found
