"""How large the parts of a split shall be: in proportion, or as numbers of images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forge_core.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class SplitRatios:
    """Parts of train, val and test; at least one is above 0, and they are scaled to sum to 1."""

    train: float
    val: float
    test: float

    def __post_init__(self) -> None:
        if min(self.parts) < 0 or sum(self.parts) <= 0:
            raise InvalidInput(
                f"Cannot split {self.train:g}/{self.val:g}/{self.test:g}.",
                next_step="Give parts of 0 or more, such as 80/10/10.",
            )

    @property
    def parts(self) -> tuple[float, float, float]:
        """The three parts as given."""
        return (self.train, self.val, self.test)

    def __str__(self) -> str:
        return "/".join(f"{part:g}" for part in self.parts)

    def quotas(self, class_sizes: Sequence[int]) -> NDArray[np.float64]:
        """Whole images of each class for train, val, test and none: (K, 4)."""
        rows = [[*divide(size, self.parts), 0] for size in class_sizes]
        return np.array(rows, dtype=np.float64).reshape(len(class_sizes), 4)


@dataclass(frozen=True, kw_only=True)
class SplitCounts:
    """Numbers of images for train, val and test, by class in proportion; one may be the rest.

    When all three are given, what is over is in no split.
    """

    train: int | None
    val: int | None
    test: int | None

    def __post_init__(self) -> None:
        given = [number for number in self.parts if number is not None]
        if len(given) < 2 or min(given) < 0:
            raise InvalidInput(
                f"Cannot split into {self} images.",
                next_step="Give numbers of 0 or more for all but one of train, val and test.",
            )

    @property
    def parts(self) -> tuple[int | None, int | None, int | None]:
        """The three numbers as given; None is the rest."""
        return (self.train, self.val, self.test)

    def __str__(self) -> str:
        return "/".join("rest" if part is None else f"{part:,}" for part in self.parts)

    def quotas(self, class_sizes: Sequence[int]) -> NDArray[np.float64]:
        """Whole images of each class for train, val, test and none: (K, 4).

        Raises:
            InvalidInput: More images are asked for than there are.
        """
        asked = sum(number or 0 for number in self.parts)
        if asked > sum(class_sizes):
            raise InvalidInput(
                f"{asked:,} images were asked for, {sum(class_sizes):,} can be divided.",
                next_step="Ask for fewer, or label more images.",
            )
        left = list(class_sizes)
        quotas = np.zeros((len(left), 4), dtype=np.float64)
        for place, number in reversed(list(enumerate(self.parts))):
            if number is not None:
                taken = divide(number, left) if number else [0] * len(left)
                quotas[:, place] = taken
                left = [have - take for have, take in zip(left, taken, strict=True)]
        rest = self.parts.index(None) if None in self.parts else 3
        quotas[:, rest] += left
        return quotas


SplitSizes = SplitRatios | SplitCounts


def divide(number: int, parts: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to the parts that sum to `number` (largest remainder).

    Every part above 0 gets at least one, as long as there are enough.
    """
    total = sum(parts)
    exact = [number * part / total for part in parts]
    sizes = [int(value) for value in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: exact[i] - sizes[i], reverse=True)
    for i in by_remainder[: number - sum(sizes)]:
        sizes[i] += 1
    wanted = [i for i, part in enumerate(parts) if part > 0]
    if number >= len(wanted):
        for i in wanted:
            if sizes[i] == 0:
                sizes[max(range(len(sizes)), key=lambda j: sizes[j])] -= 1
                sizes[i] = 1
    return sizes
