"""What would decide between two settings that are not told apart: more seeds, or more images."""

from dataclasses import dataclass, replace

from scipy.special import stdtr

from forge_core.evaluation.seeds.contest import Contest, Variances

POWER = 0.8
"""How likely the named number decides, if the difference is what was seen."""
MOST_SEEDS = 12
"""More of each settings: beyond that a person would rather look at something else."""
MOST_TIMES = 50
"""The images that are asked for, over those that are there."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What certainty costs. Both None: nothing that is worth it."""

    more_seeds: int | None = None
    """Of each of the two settings."""
    all_images: int | None = None
    """So many in the split, where no number of seeds decides; with the seeds above, if any."""


def find(contest: Contest, *, power: float = POWER) -> Budget:
    """The least that decides with this likelihood; nothing is asked where it is decided."""
    if contest.is_told_apart or not contest.difference:
        return Budget()
    for more in range(1, MOST_SEEDS + 1):
        if power_of(contest, more, contest.num_images) >= power:
            return Budget(more_seeds=more)
    for more in (0, MOST_SEEDS):
        all_images = _least_images(contest, more, power)
        if all_images is not None:
            return Budget(more_seeds=more or None, all_images=all_images)
    return Budget()


def _least_images(contest: Contest, more: int, power: float) -> int | None:
    low, high = contest.num_images, MOST_TIMES * contest.num_images
    if power_of(contest, more, high) < power:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(contest, more, middle) >= power else (middle, high)
    return high


def power_of(contest: Contest, more: int, num_images: int) -> float:
    """How likely it is decided for whoever leads, 0 to 1.

    What was measured stays: only new seeds and new images may move the difference.

    Args:
        contest: So far.
        more: Seeds of each beside those.
        num_images: All images then, those there among them.
    """
    first, second = contest.num_runs
    known = contest.variances
    own_of_run = max(known.of_runs - known.of_flips / contest.num_images, 0.0)
    after = replace(contest, num_images=num_images, num_runs=(first + more, second + more))
    left = contest.share - after.share
    of_images = max(known.of_images - known.of_flips * left, 0.0)
    after = replace(
        after,
        variances=Variances(
            of_images=of_images,
            of_runs=own_of_run + known.of_flips / num_images,
            of_flips=known.of_flips,
        ),
    )
    by_seeds = max(known.of_runs, known.of_flips / contest.num_images) * left
    by_images = of_images * (1.0 / contest.num_images - 1.0 / num_images)
    ahead = abs(contest.difference) - after.least
    moved = by_seeds + by_images
    if moved <= 0.0:
        return float(ahead > 0.0)
    return float(stdtr(sum(contest.num_runs) - 2, ahead / moved**0.5))
