"""What becomes of what an import says of an image: pure, from values to values.

Several files may speak of one image: copies of one another, or files whose bytes the catalog has.
Where the image has nothing yet, what they agree on is taken; a labelled copy so beats one without
a label, in whatever order they lie. Where they contradict each other, or what the image has, the
choice of the import decides, and never the order of the files.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from db.enums import FindingOutcome, FindingSubject, Split
from forge_core.catalog.importing.import_problems import ImportProblem, printable

MAX_NOTE_CHARACTERS = 1_000
_BY_DISTANCE = [Split.TRAIN, Split.VAL, Split.TEST, Split.HELD_OUT]
"""What is measured on must not be trained on: of two splits the later one here is kept."""

ASKED = (FindingSubject.LABEL, FindingSubject.SPLIT)
"""What a person is asked about; of the rest, what is there stays."""

Known = Set[tuple[FindingSubject, str]]
"""Values that imports said before of an image, and a person decided against."""

Outcomes = Mapping[str, Mapping[str, int]]
"""Outcome to subject to number of images."""


class Merge(StrEnum):
    """What is done where an import says something else of an image than the catalog."""

    KEEP = "keep"
    """What is there stays; what the import says is kept with its revision."""
    TAKE = "take"
    """What the import says is taken."""
    ASK = "ask"
    """What is there stays, and the image waits in the queue of contested ones."""


class Claim(NamedTuple):
    """What one file says of an image."""

    path: str
    """Relative to what is imported."""
    label_name: str | None = None
    split_type: str | None = None
    group_key: str | None = None
    source_dataset: str | None = None
    """Only where the file names it for this image."""
    review_note: str | None = None

    def says_something(self) -> bool:
        """Whether there is anything but the path."""
        return any(self[1:])


class Values(NamedTuple):
    """What an image has, in the order of `FindingSubject` and of the fields of a `Claim`."""

    label: str | None = None
    split: str | None = None
    group: str | None = None
    source: str | None = None
    note: str | None = None


class Finding(NamedTuple):
    """What one file says of one subject, and what became of it."""

    subject: FindingSubject
    outcome: FindingOutcome
    path: str
    before: str | None
    said: str | None


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What an image has in the end."""

    values: Values
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_contested(self) -> bool:
        """Whether a person has to decide something."""
        return any(f.outcome in (FindingOutcome.ASKED, FindingOutcome.LEAK) for f in self.findings)

    @property
    def outcomes(self) -> set[tuple[FindingOutcome, FindingSubject]]:
        """What became of which subject."""
        return {(finding.outcome, finding.subject) for finding in self.findings}

    def question(self) -> str:
        """What a person has to decide, in words with all values."""
        words = []
        for subject in FindingSubject:
            open_ = [
                f
                for f in self.findings
                if f.subject is subject and f.outcome in (FindingOutcome.ASKED, FindingOutcome.LEAK)
            ]
            if not open_:
                continue
            said = ", ".join(f"{f.said} in {printable(f.path)}" for f in open_)
            here = open_[0].before
            if open_[0].outcome is FindingOutcome.LEAK:
                words.append(f"leak: kept in {here}, but {said}")
            else:
                words.append(f"{subject}: {f'{here} here, ' if here else ''}{said}")
        return "; ".join(words)[:MAX_NOTE_CHARACTERS]


def settle(
    mine: Values,
    claims: Sequence[Claim],
    merge: Merge,
    *,
    decided: Known = frozenset(),
    is_chosen: bool = False,
    unlock_held_out: bool = False,
) -> Settled:
    """What an image of the catalog gets from what files say of it.

    Nothing is ever taken away: a file without a label says nothing of the label.

    Args:
        mine: What it has.
        claims: In any order; the result is the same.
        merge: For what differs.
        decided: What was decided before, and stays so unless all that is said is taken.
        is_chosen: Whether a person chose how to merge: what is kept is decided from then on.
        unlock_held_out: Whether it may leave held_out.
    """
    values = list(mine)
    findings: list[Finding] = []
    for position, subject in enumerate(FindingSubject):
        here = mine[position] or None
        said = _said(claims, position)
        other = {value: path for value, path in said.items() if value != here}
        if not other:
            continue
        if subject is FindingSubject.GROUP and here is None:
            other = dict([next(iter(other.items()))])  # as `settle_copies`
        if subject is FindingSubject.NOTE and here is None:
            outcome, chosen = FindingOutcome.TAKEN, "; ".join(other)[:MAX_NOTE_CHARACTERS]
            findings.append(Finding(subject, outcome, next(iter(other.values())), here, chosen))
            values[position] = chosen
            continue
        outcome = _outcome(here, other, merge)
        if merge is not Merge.TAKE:
            old = {v: path for v, path in other.items() if (subject, v) in decided}
            other = {v: path for v, path in other.items() if v not in old}
            findings += [
                Finding(subject, FindingOutcome.DECIDED, path, here, v) for v, path in old.items()
            ]
        if outcome is FindingOutcome.KEPT and is_chosen and subject in ASKED:
            outcome = FindingOutcome.DECIDED
        if outcome is FindingOutcome.ASKED and subject not in ASKED:
            outcome = FindingOutcome.KEPT
        if (
            subject is FindingSubject.SPLIT
            and here == Split.HELD_OUT
            and outcome is FindingOutcome.TAKEN
            and not unlock_held_out
        ):
            outcome = FindingOutcome.LOCKED
        if outcome is FindingOutcome.TAKEN and other:
            (values[position],) = other
        findings += [Finding(subject, outcome, path, here, v) for v, path in other.items()]
    return Settled(values=Values._make(values), findings=findings)


def settle_copies(claims: Sequence[Claim]) -> Settled:
    """What a new image gets from the files that hold its bytes.

    Labels that differ leave it unlabelled, for a person to decide. Of several splits it gets the
    one furthest from training, and is told as a leak. Of several groups it gets the first by name.
    """
    labels, splits, groups, _, notes = (_said(claims, position) for position in range(5))
    findings = []
    if len(labels) > 1:
        findings = [
            Finding(FindingSubject.LABEL, FindingOutcome.ASKED, path, None, label)
            for label, path in labels.items()
        ]
    split = max(splits, key=_distance, default=None)
    group = next(iter(groups), None)
    findings += [
        Finding(FindingSubject.SPLIT, FindingOutcome.LEAK, path, split, other)
        for other, path in splits.items()
        if other != split
    ]
    findings += [
        Finding(FindingSubject.GROUP, FindingOutcome.KEPT, path, group, other)
        for other, path in groups.items()
        if other != group
    ]
    return Settled(
        values=Values(
            label=next(iter(labels)) if len(labels) == 1 else None,
            split=split,
            group=group,
            note="; ".join(notes)[:MAX_NOTE_CHARACTERS] or None,
        ),
        findings=findings,
    )


def tell(findings: Sequence[Finding], there: str) -> list[ImportProblem]:
    """What a person should know of each file; nothing of what was simply taken.

    Args:
        findings: About one image.
        there: Its path: in the catalog, or of the first file that brought it.
    """
    problems = []
    for one in findings:
        if one.outcome is FindingOutcome.TAKEN:
            continue
        others = [f.said or "" for f in findings if f.subject is one.subject and f is not one]
        if one.outcome is FindingOutcome.ASKED and one.before is None:
            if one.path == there and others:
                continue  # the others speak of it
            here, text = ", ".join(others), f"no {one.subject} is taken, a person decides"
        else:
            here, text = one.before or f"no {one.subject}", _TOLD[one.outcome]
        shown, where = printable(one.path), printable(there)
        text = text.format(one)
        message = (
            f"“{shown}” ({one.said}) has the same bytes as “{where}” ({here}); {text}."
            if shown != where
            else f"“{shown}” is {one.said} there and {here} in the catalog; {text}."
        )
        problems.append(ImportProblem(shown, _REASONS[one.outcome], message))
    return problems


def count(settled: Iterable[Settled]) -> dict[str, dict[str, int]]:
    """Images of each outcome, by subject."""
    numbers: Counter[tuple[str, str]] = Counter()
    for one in settled:
        numbers.update((str(outcome), str(subject)) for outcome, subject in one.outcomes)
    return add_up({}, numbers)


def add_up(outcomes: Outcomes, numbers: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    """The outcomes with more images of some of them."""
    total = {outcome: dict(subjects) for outcome, subjects in outcomes.items()}
    for (outcome, subject), number in sorted(numbers.items()):
        of_subject = total.setdefault(outcome, {})
        of_subject[subject] = of_subject.get(subject, 0) + number
    return total


def describe(outcomes: Outcomes, *, is_done: bool) -> Iterator[str]:
    """What an import brought to images that are there, or will bring, a sentence each."""
    for outcome in _ORDER:
        numbers = outcomes.get(outcome, {})
        total = sum(numbers.values())
        if not total:
            continue
        one = total == 1
        if outcome is FindingOutcome.LEAK:
            yield (
                f"{total:,} image{' lies' if one else 's lie'} in two splits of what is imported "
                f"({'a leak' if one else 'leaks'}): kept once, in the split further from "
                f"training, and {'waits' if one else 'wait'} in the queue of contested images."
            )
            continue
        who = _listed(numbers)
        was = ("was" if one else "were") if is_done else "would be"
        wait = ("now waits" if one else "now wait") if is_done else "would wait"
        match outcome:
            case FindingOutcome.ASKED:
                said = "differs or is contradicted" if one else "differ or are contradicted"
                rest = f"{said}, and {wait} for a person in the queue of contested images"
            case FindingOutcome.KEPT:
                stays = "stays" if is_done else "would stay"
                rest = f"{'differs' if one else 'differ'}; what is there {stays}"
            case FindingOutcome.DECIDED:
                rest = f"{'differs' if one else 'differ'} as was decided; what is there stays"
            case FindingOutcome.LOCKED:
                rest = f"{was} left alone: what is kept aside moves only with the unlock"
            case _:
                rest = f"{was} taken for {'an image that is' if one else 'images that are'} there"
        yield f"{who} {rest}."


def _listed(numbers: Mapping[str, int]) -> str:
    words = [f"{n:,} {subject}{'' if n == 1 else 's'}" for subject, n in numbers.items()]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _said(claims: Sequence[Claim], position: int) -> dict[str, str]:
    """Each value that is said of a subject, sorted, with the first path that says it."""
    said: dict[str, str] = {}
    for claim in sorted(claims, key=lambda claim: claim.path):
        value = claim[1 + position]
        if value:
            said.setdefault(value, claim.path)
    return dict(sorted(said.items()))


def _outcome(here: str | None, other: Mapping[str, str], merge: Merge) -> FindingOutcome:
    if len(other) == 1 and (here is None or merge is Merge.TAKE):
        return FindingOutcome.TAKEN
    if here is not None and merge is Merge.KEEP:
        return FindingOutcome.KEPT
    return FindingOutcome.ASKED


def _distance(split: str) -> int:
    return _BY_DISTANCE.index(Split(split))


_ORDER = (
    FindingOutcome.LEAK,
    FindingOutcome.ASKED,
    FindingOutcome.KEPT,
    FindingOutcome.DECIDED,
    FindingOutcome.LOCKED,
    FindingOutcome.TAKEN,
)
_REASONS = {
    FindingOutcome.KEPT: "differs",
    FindingOutcome.DECIDED: "differs",
    FindingOutcome.ASKED: "contested",
    FindingOutcome.LOCKED: "held_out",
    FindingOutcome.LEAK: "leak",
}

_TOLD = {
    FindingOutcome.KEPT: "the {0.subject} there stays",
    FindingOutcome.DECIDED: "the {0.subject} there stays, as was chosen",
    FindingOutcome.ASKED: "a person decides",
    FindingOutcome.LOCKED: "it is kept aside, moving it needs the unlock",
    FindingOutcome.LEAK: "it lies in two splits, kept in {0.before}",
}
