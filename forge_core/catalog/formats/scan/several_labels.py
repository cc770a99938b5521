"""Which label an image gets of which a label file says several at once.

Several labels at once (`a|b`, two marks of a row, two tags) are no mistake of anybody: what becomes
of such images is one choice (`scanned_folder.SEVERAL`), told before anything else.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from forge_core.catalog.formats.scan.scanned_folder import SEVERAL, Caution
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
