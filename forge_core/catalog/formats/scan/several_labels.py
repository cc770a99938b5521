"""Which label an image gets of which a label file says several: of one kind of answer, or of votes.

Several labels at once (`a|b`, two marks of a row, two tags) are no mistake of anybody: what becomes
of such images is one choice (`scanned_folder.SEVERAL`), told before anything else.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from forge_core.catalog.formats.scan.scanned_folder import SEVERAL, VOTES, Caution
from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput

BETWEEN = "|"
"""Between the labels of a class that is made of several."""


def checked(several: str | None) -> str | None:
    """A choice for images with several labels.

    Raises:
        InvalidInput: It does not exist.
    """
    if several not in (None, *SEVERAL):
        raise InvalidInput(
            f"Images with several labels cannot be read as {several!r}.",
            next_step=f"Use {', '.join(SEVERAL)}.",
        )
    return several


@dataclass
class SeveralLabels:
    """Decides image by image, and remembers what there was to decide."""

    chosen: str | None
    """A key of `SEVERAL`, None while nobody chose."""
    counts: Counter[str] = field(default_factory=Counter)
    """Images of each label, those with several in each of theirs."""
    number: int = 0
    example: str = ""

    def of(self, labels: Sequence[str], together: str) -> str | None:
        """The label of an image that has several.

        Args:
            labels: All of them, in their order.
            together: What a class of its own is called.
        """
        self.number += 1
        self.example = self.example or together
        if self.chosen == "first":
            return labels[0]
        if self.chosen == "frequent":
            return max(labels, key=lambda label: self.counts[label])
        return together if self.chosen == "together" else None

    def cautions(self) -> list[Caution]:
        """What to ask, while nobody chose."""
        if not self.number or self.chosen is not None:
            return []
        shown = "; ".join(f"{name}: {meaning}" for name, meaning in SEVERAL.items())
        message = (
            f"{self._told()}: {'it comes' if self.number == 1 else 'they come'} in unlabelled "
            f"unless you choose. Each {shown}."
        )
        return [
            Caution(
                kind="several_in_cell", message=message, option="several", choices=tuple(SEVERAL)
            )
        ]

    def notes(self) -> list[str]:
        """What was done, once somebody chose."""
        if not self.number or self.chosen is None:
            return []
        return [f"{self._told()}; each {SEVERAL[self.chosen]}."]

    def _told(self) -> str:
        images = "1 image has" if self.number == 1 else f"{self.number:,} images have"
        return f"{images} several labels, like “{printable(self.example)}”"


def checked_votes(votes: str | None) -> str:
    """A choice for images that several persons labelled.

    Raises:
        InvalidInput: It does not exist.
    """
    if votes not in (None, *VOTES):
        raise InvalidInput(
            f"Labels of several persons cannot be read by {votes!r}.",
            next_step=f"Use {', '.join(VOTES)}.",
        )
    return votes or next(iter(VOTES))


@dataclass
class Votes:
    """Decides where several persons labelled an image, and counts what it decided."""

    chosen: str
    """A key of `VOTES`."""
    num_settled: int = 0
    num_open: int = 0

    def of(self, votes: Counter[str]) -> str | None:
        """The label of an image that persons labelled differently."""
        ranked = votes.most_common()
        if self.chosen == "majority" and ranked and 2 * ranked[0][1] > votes.total():
            self.num_settled += 1
            return ranked[0][0]
        self.num_open += 1
        return None

    def cautions(self) -> list[Caution]:
        """That persons disagree, and what comes of it."""
        number = self.num_settled + self.num_open
        if not number:
            return []
        parts = []
        if self.num_settled:
            parts.append(f"{_come(self.num_settled, 'gets', 'get')} the label of most")
        if self.num_open:
            waits = _come(self.num_open, "comes", "come")
            parts.append(f"{waits} in unlabelled, into the queue of contested images")
        shown = "; ".join(f"{name}: {meaning}" for name, meaning in VOTES.items())
        message = (
            f"Persons gave {'1 image' if number == 1 else f'{number:,} images'} different labels: "
            f"{', '.join(parts)}. Choose {shown}."
        )
        return [Caution(kind="votes_differ", message=message, option="votes", choices=tuple(VOTES))]


def _come(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
