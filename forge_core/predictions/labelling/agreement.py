"""How far the people of a workspace agree, and how often each is wrong where the label is certain.

Only answers that were given without knowing another's are compared: votes, and beside a second
opinion the first answer as it was when the image was drawn, whatever the label is by then. Votes
that say not whose they are compare nobody. That no one class is right is an answer as a class is.
"""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from db.enums import OpinionKind
from db.repositories.label_votes import LabelVote
from db.repositories.labels import follow_merges
from db.repositories.opinion_requests import OpinionRequest
from db.unit_of_work import UnitOfWork
from forge_core.catalog.editing import class_merges
from forge_core.evaluation.agreement import kappa
from forge_core.evaluation.agreement.gold_answers import ErrorRate, error_rate
from forge_core.evaluation.agreement.kappa import Kappa
from forge_core.people import voters
from forge_core.workspace import Workspace

NO_ONE_CLASS = 0
"""Stands for the number of a class where somebody says that no one class is right."""
Answers = dict[uuid.UUID, dict[str, int]]
"""Of each image what each person says, by number of the class, or `NO_ONE_CLASS`."""


@dataclass(frozen=True, kw_only=True)
class ClassAgreement:
    """The kappa of one class against all others: Cohen's of two people, Fleiss' of everybody."""

    label_id: int
    """`NO_ONE_CLASS` for the answer that no one class is right."""
    label_name: str
    num_answers: int
    """That say this class, of the images which several people answered."""
    agreement: Kappa


@dataclass(frozen=True, kw_only=True)
class PairAgreement:
    """Cohen's kappa of two people."""

    first: str
    second: str
    agreement: Kappa
    classes: list[ClassAgreement]
    """Of each class that one of them says, the least agreed first."""


@dataclass(frozen=True, kw_only=True)
class PersonError:
    """How often a person is wrong on gold questions."""

    person: str
    error: ErrorRate


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What the answers of people tell."""

    num_images: int
    """That two people or more answered."""
    num_people: int
    overall: Kappa
    """Fleiss' kappa of everybody."""
    classes: list[ClassAgreement]
    """The least agreed first; those that cannot be told last."""
    pairs: list[PairAgreement]
    """People with images in common, those with the most first."""
    people: list[PersonError]
    """Everybody who answered a gold question, by name."""


def measure_agreement(workspace: Workspace) -> Agreement:
    """Compare the answers of people; removed images and images of other bytes tell nothing."""
    with workspace.database.read() as uow:
        requests = uow.opinion_requests.list_all()
        every = uow.label_votes.list_all()
        votes = [vote for vote in every if not voters.is_anonymous(vote.author)]
        names = {label.label_id: label.name for label in uow.labels.list_all()}
        names[NO_ONE_CLASS] = voters.AMBIGUOUS
        merges = class_merges.merges_as_of(uow, uow.revisions.latest_id())
        gold = _list_gold_labels(uow, requests, merges)
    answers = _collect(requests, votes, merges)
    shared = {asset_id: said for asset_id, said in answers.items() if len(said) > 1}
    label_ids = sorted({label_id for said in shared.values() for label_id in said.values()})
    column = {label_id: place for place, label_id in enumerate(label_ids)}
    counts = np.zeros((len(shared), len(label_ids)), np.int64)
    for row, said in enumerate(shared.values()):
        for label_id in said.values():
            counts[row, column[label_id]] += 1
    classes = [
        ClassAgreement(
            label_id=label_id,
            label_name=names[label_id],
            num_answers=int(counts[:, place].sum()),
            agreement=kappa.fleiss_of_class(counts, place),
        )
        for label_id, place in column.items()
    ]
    return Agreement(
        num_images=len(shared),
        num_people=len({person for said in shared.values() for person in said}),
        overall=kappa.fleiss(counts),
        classes=sorted(classes, key=lambda one: _rank(one.agreement)),
        pairs=_compare_pairs(shared, names),
        people=_measure_people(votes, gold, merges),
    )


@dataclass(frozen=True, kw_only=True)
class AgreementRow:
    """One number of an agreement; what cannot be told has no value, and why."""

    kind: str
    """`everybody`, `class` (Fleiss' kappa), `pair`, `class of pair` (Cohen's), or `gold errors`."""
    who: str
    images: int
    value: float | None
    low: float | None
    high: float | None
    """Of the interval at 95 %, as `low`."""
    why_not: str

    def values(self) -> tuple[object, ...]:
        """Its cells, in the order of the fields."""
        return (self.kind, self.who, self.images, self.value, self.low, self.high, self.why_not)


def tabulate(found: Agreement) -> list[AgreementRow]:
    """Every number of an agreement, a row each."""
    kappas = [
        ("everybody", f"{found.num_people} people", found.overall),
        *(("class", one.label_name, one.agreement) for one in found.classes),
        *(("pair", f"{one.first} and {one.second}", one.agreement) for one in found.pairs),
        *(
            ("class of pair", f"{one.first} and {one.second}: {each.label_name}", each.agreement)
            for one in found.pairs
            for each in one.classes
        ),
    ]
    rows = [
        _row(kind, who, one.num_images, one.kappa, one.interval, one.reason)
        for kind, who, one in kappas
    ]
    return rows + [
        _row(
            "gold errors",
            one.person,
            one.error.num_answers,
            one.error.rate,
            one.error.interval,
            one.error.reason,
        )
        for one in found.people
    ]


def _row(
    kind: str,
    who: str,
    images: int,
    value: float | None,
    interval: tuple[float, float] | None,
    reason: str,
) -> AgreementRow:
    low, high = interval or (None, None)
    return AgreementRow(
        kind=kind, who=who, images=images, value=value, low=low, high=high, why_not=reason
    )


def _collect(
    requests: list[OpinionRequest], votes: list[LabelVote], merges: Mapping[int, int]
) -> Answers:
    answers: Answers = {}
    for vote in votes:
        said = answers.setdefault(vote.asset_id, {})
        said[vote.author] = _class_of(vote, merges)
    for one in requests:
        if one.kind == OpinionKind.SECOND and one.decided_by and one.asset_id in answers:
            label_id = follow_merges(merges, one.label_id)
            answers[one.asset_id].setdefault(one.decided_by, label_id)
    return answers


def _class_of(vote: LabelVote, merges: Mapping[int, int]) -> int:
    return NO_ONE_CLASS if vote.label_id is None else follow_merges(merges, vote.label_id)


def _list_gold_labels(
    uow: UnitOfWork, requests: list[OpinionRequest], merges: Mapping[int, int]
) -> dict[uuid.UUID, int]:
    """Of each gold question its label; without those whose label is another one by now."""
    gold = {
        one.asset_id: follow_merges(merges, one.label_id)
        for one in requests
        if one.kind == OpinionKind.GOLD
    }
    now = uow.assets.list_by_ids(list(gold))
    return {one.asset_id: gold[one.asset_id] for one in now if one.label_id == gold[one.asset_id]}


def _compare_pairs(shared: Answers, names: Mapping[int, str]) -> list[PairAgreement]:
    common: dict[tuple[str, str], tuple[list[int], list[int]]] = {}
    for said in shared.values():
        for first, second in combinations(sorted(said), 2):
            ours, theirs = common.setdefault((first, second), ([], []))
            ours.append(said[first])
            theirs.append(said[second])
    pairs = [
        PairAgreement(
            first=first,
            second=second,
            agreement=kappa.cohen(ours, theirs),
            classes=_compare_classes(ours, theirs, names),
        )
        for (first, second), (ours, theirs) in common.items()
    ]
    return sorted(pairs, key=lambda one: (-one.agreement.num_images, one.first, one.second))


def _compare_classes(
    ours: list[int], theirs: list[int], names: Mapping[int, str]
) -> list[ClassAgreement]:
    said = Counter(ours) + Counter(theirs)
    classes = [
        ClassAgreement(
            label_id=label_id,
            label_name=names[label_id],
            num_answers=number,
            agreement=kappa.cohen_of_class(ours, theirs, label_id),
        )
        for label_id, number in said.items()
    ]
    return sorted(classes, key=lambda one: (*_rank(one.agreement), one.label_name))


def _measure_people(
    votes: list[LabelVote], gold: Mapping[uuid.UUID, int], merges: Mapping[int, int]
) -> list[PersonError]:
    right: dict[str, list[bool]] = {}
    for vote in votes:
        if vote.asset_id in gold:
            is_right = _class_of(vote, merges) == gold[vote.asset_id]
            right.setdefault(vote.author, []).append(is_right)
    return [
        PersonError(person=person, error=error_rate(len(each) - sum(each), len(each)))
        for person, each in sorted(right.items())
    ]


def _rank(agreement: Kappa) -> tuple[bool, float, int]:
    known = agreement.kappa is not None
    return not known, agreement.kappa or 0.0, -agreement.num_images
