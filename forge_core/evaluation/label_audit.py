"""How many labels are wrong? An answer from at most 200 looks, with an interval that holds.

The images are put into strata by how wrong their labels look, and more looks are drawn where the
answer is in doubt. Within a stratum every image has the same chance, so that the share of wrong
labels is estimated without bias whatever the scores are worth; good scores only make the interval
narrower.

Legend: N images, S strata, n looks.
Sources: Cochran 1977, "Sampling Techniques", chapter 5 (strata, allocation by spread); Wilson 1927;
Franco et al. 2019, "Comparative Study of Confidence Intervals for Proportions in Complex Sample
Surveys" (an interval for a simple sample of the effective size).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forge_core.errors import InvalidInput
from forge_core.evaluation.sampling.intervals import wilson_of_rate

MAX_LOOKS = 200
MAX_STRATA = 8
MIN_LOOKS = 10
"""Of a class, and of everything: with fewer it cannot be known."""
MIN_OF_STRATUM = 6

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """Images whose labels look equally wrong."""

    lowest_score: float
    """Of its images, 0 to 1; it ends where the next one begins."""
    num_images: int
    num_looks: int
    """Images that are drawn from it."""


@dataclass(frozen=True, kw_only=True)
class AuditPlan:
    """Which images are to be looked at."""

    strata: list[Stratum]
    """By rising score."""
    chosen: Places
    """Positions (n,) of the images, in the order in which they are shown: at random."""
    stratum_of: Places
    """Of each of the n images its stratum."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a person found."""

    stratum: int
    class_id: int
    """The label that was judged."""
    is_wrong: bool


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share of wrong labels. The numbers are None where it cannot be known from these looks."""

    num_looks: int
    share: float | None = None
    """0 to 1."""
    interval: tuple[float, float] | None = None
    """At 95 %."""
    reason: str = ""
    """Why it cannot be known, a sentence."""


def draw_audit(scores: Floats, *, looks: int = MAX_LOOKS, seed: int = 0) -> AuditPlan:
    """Divide the images by their scores, and draw those that are to be looked at.

    Args:
        scores: (N,) how likely each label is wrong, 0 to 1.
        looks: At most so many.
        seed: The same seed draws the same images.

    Raises:
        InvalidInput: There are too few images, or too few looks are wanted.
    """
    if looks < MIN_LOOKS or len(scores) < MIN_LOOKS:
        raise InvalidInput(
            f"{min(looks, len(scores)):,} looks cannot tell how many labels are wrong.",
            next_step=f"Look at {MIN_LOOKS} images or more; {MAX_LOOKS} tell most.",
        )
    looks = min(looks, len(scores))
    random = np.random.default_rng(seed)
    order = np.lexsort((random.random(len(scores)), scores))
    spread = _spread(_expected(scores[order]))
    number = max(1, min(MAX_STRATA, looks // (2 * MIN_OF_STRATUM)))
    passed = np.cumsum(spread) / spread.sum()
    ends = np.searchsorted(passed, np.arange(1, number) / number)
    parts = [part for part in np.split(order, np.unique(ends)) if len(part)]
    shares = np.array([_spread(_expected(scores[part]).mean()) * len(part) for part in parts])
    numbers = _allot(shares, np.array([len(part) for part in parts]), looks)
    chosen, strata_of = [], []
    for place, (part, drawn) in enumerate(zip(parts, numbers.tolist(), strict=True)):
        chosen.append(random.choice(part, drawn, replace=False))
        strata_of.append(np.full(drawn, place))
    shuffled = random.permutation(int(numbers.sum()))
    return AuditPlan(
        strata=[
            Stratum(
                lowest_score=float(scores[part].min()), num_images=len(part), num_looks=int(drawn)
            )
            for part, drawn in zip(parts, numbers, strict=True)
        ],
        chosen=np.concatenate(chosen)[shuffled].astype(np.int64),
        stratum_of=np.concatenate(strata_of)[shuffled].astype(np.int64),
    )


def estimate_all(strata: Sequence[Stratum], looks: Sequence[Look]) -> Share:
    """The share of wrong labels among all images, from the looks that were taken.

    It cannot be known before each stratum has its share of looks: an audit that stops early is
    answered from what there is, once no stratum is without.
    """
    found = [[look.is_wrong for look in looks if look.stratum == s] for s in range(len(strata))]
    if len(looks) < MIN_LOOKS or any(len(each) < 2 for each in found):
        return Share(
            num_looks=len(looks),
            reason="Too few images were looked at: each part by score needs at least two.",
        )
    weights = np.array([stratum.num_images for stratum in strata], float)
    weights /= weights.sum()
    taken = np.array([len(each) for each in found], float)
    wrong = np.array([sum(each) for each in found], float)
    share = float((weights * wrong / taken).sum())
    smoothed = _rising(wrong, taken)
    remaining = 1.0 - taken / np.array([stratum.num_images for stratum in strata], float)
    variance = float((weights**2 * remaining * smoothed * (1 - smoothed) / taken).sum())
    low, high = _interval(share, variance, len(looks))
    return Share(num_looks=len(looks), share=share, interval=(low, high))


def estimate_class(strata: Sequence[Stratum], looks: Sequence[Look], class_id: int) -> Share:
    """The share of wrong labels among the images of a class.

    Each look counts for the images that it was drawn from. It is not known with fewer than ten
    looks, or where a few of them count for nearly all.
    """
    own = [look for look in looks if look.class_id == class_id]
    if len(own) < MIN_LOOKS:
        return Share(
            num_looks=len(own),
            reason=f"{len(own)} of the looks fell on it: fewer than {MIN_LOOKS} tell nothing.",
        )
    taken = np.bincount([look.stratum for look in looks], minlength=len(strata))
    weights = np.array([strata[look.stratum].num_images / taken[look.stratum] for look in own])
    wrong = np.array([look.is_wrong for look in own], float)
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    if effective < MIN_LOOKS / 2:
        return Share(
            num_looks=len(own),
            reason="A few of the looks count for nearly all of its images, which tells too little.",
        )
    share = float((weights * wrong).sum() / weights.sum())
    smoothed = (share * effective + 0.5) / (effective + 1.0)
    return Share(
        num_looks=len(own),
        share=share,
        interval=_interval(share, smoothed * (1 - smoothed) / effective, effective),
    )


def random_interval(share: float, looks: int) -> tuple[float, float]:
    """What as many looks drawn at random among all images would tell, at 95 %."""
    return wilson_of_rate(share, looks)


def _expected(scores: Floats) -> Floats:
    """How many labels of each score are wrong, roughly: scores promise more than is wrong."""
    found: Floats = np.clip(scores**2, 0.01, 0.95)
    return found


def _spread(shares: Floats | float) -> Floats:
    """The standard deviation of right and wrong."""
    found: Floats = np.sqrt(shares * (1 - np.asarray(shares)))
    return found


def _rising(wrong: Floats, taken: Floats) -> Floats:
    """Shares (S,) for the variance: strata whose shares do not rise with the score are pooled.

    A pool in which nothing was found is not known to hold nothing, so half a find is added.
    Where scores say nothing, all are one pool.
    """
    pools: list[list[float]] = []  # wrong, taken, strata
    for found, number in zip(wrong.tolist(), taken.tolist(), strict=True):
        pools.append([found, number, 1])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [one + other for one, other in zip(pools[-1], last, strict=True)]
    return np.concatenate([np.full(int(n), (x + 0.5) / (k + 1.0)) for x, k, n in pools])


def _allot(shares: Floats, sizes: Places, looks: int) -> Places:
    """Looks by share, a few at least of each part and at most all of it; together `looks`."""
    numbers = np.minimum(sizes, MIN_OF_STRATUM)
    while int(numbers.sum()) < looks:
        open_parts = numbers < sizes
        wanted = np.where(open_parts, shares / (numbers + 1), -1.0)
        numbers[int(wanted.argmax())] += 1
    return numbers


def _interval(share: float, variance: float, looks: float) -> tuple[float, float]:
    """Wilson's interval for a simple sample that would have this variance."""
    if variance <= 0.0:
        return share, share
    middle = min(max(share, 0.5 / looks), 1 - 0.5 / looks)
    return wilson_of_rate(share, middle * (1 - middle) / variance)
