"""Would the choice have helped here? Replayed on labels that exist, against chance.

The labels are hidden and asked for again, once as `choosing` says and once by chance alone; after
each budget a linear head is fitted and measured on images that neither could choose. Only where
the choice wins by more than the seeds differ is it recommended.

Legend: N labelled images, D values of an embedding, K classes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from forge_core.errors import InvalidInput
from forge_core.evaluation.label_next import choosing
from forge_core.evaluation.label_next.pool import MOST_IMAGES, Floats, Places, Pool
from forge_core.progress import SILENT, Progress

SEEDS = 5
BUDGETS_PER_CLASS = (1, 2, 5, 10, 20, 50, 100)
_TEST_SHARE = 0.25
_MOST_TEST = 2_000
_LARGEST_SHARE = 0.5
"""Of the images that can be chosen: above, both take nearly the same."""
_CONFIDENCE = 0.95
FEWEST_TEST = 50


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Accuracies of the head, 0 to 1, one a seed."""

    num_labels: int
    chosen: tuple[float, ...]
    by_chance: tuple[float, ...]

    @property
    def advantage(self) -> float:
        """Of the choice over chance, -1 to 1."""
        return float(np.mean(self.chosen) - np.mean(self.by_chance))


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What the choice was worth on the labels that exist."""

    budgets: tuple[Budget, ...]
    num_test: int
    """Images that it was measured on."""

    @property
    def advantage(self) -> tuple[float, tuple[float, float]]:
        """Mean advantage over all budgets, -1 to 1, with its interval at 95 % over the seeds."""
        by_seed = np.mean(
            [np.subtract(each.chosen, each.by_chance) for each in self.budgets], axis=0
        )
        mean, seeds = float(by_seed.mean()), len(by_seed)
        if seeds < 2:
            return mean, (-1.0, 1.0)
        reach = float(stats.t.ppf((1 + _CONFIDENCE) / 2, seeds - 1) * stats.sem(by_seed))
        return mean, (mean - reach, mean + reach)

    @property
    def is_recommended(self) -> bool:
        """Whether the choice beats chance by more than the seeds differ."""
        return self.advantage[1][0] > 0


def replay(
    embeddings: NDArray[np.floating],
    labels: Places,
    *,
    num_classes: int,
    seeds: int = SEEDS,
    random_share: float = choosing.RANDOM_SHARE,
    progress: Progress = SILENT,
) -> Replay:
    """Hide the labels, ask for them again in both ways, and measure.

    Args:
        embeddings: (N, D) of labelled images.
        labels: (N,) in [0, K).
        num_classes: K.
        seeds: Repetitions; the images that are measured on stay the same.
        random_share: As `choosing.choose` takes it.
        progress: Told the budgets done; asked before each.

    Raises:
        InvalidInput: There are too few labelled images, or labels of one class only.
        Cancelled: Nothing is answered.
    """
    is_test = _held_out(labels)
    tests = np.flatnonzero(is_test)
    candidates = np.random.default_rng(0).permutation(np.flatnonzero(~is_test))
    candidates = candidates[: MOST_IMAGES - len(tests)]
    most = len(candidates) * _LARGEST_SHARE
    sizes = [size for each in BUDGETS_PER_CLASS if (size := each * num_classes) <= most]
    if len(tests) < FEWEST_TEST or len(np.unique(labels[candidates])) < 2 or not sizes:
        raise InvalidInput(
            f"{len(labels):,} labelled images of {len(np.unique(labels))} classes are too few to "
            "replay the choice on.",
            next_step=f"Label about {FEWEST_TEST * 4} images of at least 2 classes first; until "
            "then a mix of coverage and chance is safe.",
        )
    whole = Pool.of(np.concatenate([embeddings[candidates], embeddings[tests]]))
    pool = Pool(whole.points[: len(candidates)])
    trial = Trial(pool, labels[candidates], whole.points[len(candidates) :], labels[tests])
    chosen = np.zeros((len(sizes), seeds))
    by_chance = np.zeros((len(sizes), seeds))
    for seed in range(seeds):
        for found, share in ((chosen, random_share), (by_chance, 1.0)):
            labelled = np.empty(0, dtype=np.int64)
            for row, size in enumerate(sizes):
                progress.check()
                labelled = trial.extend(labelled, size, num_classes, seed, share)
                found[row, seed] = trial.accuracy(labelled, num_classes)
        progress.advance(seed + 1, seeds, f"{seed + 1} of {seeds} repetitions")
    return Replay(
        budgets=tuple(
            Budget(num_labels=size, chosen=tuple(chosen[row]), by_chance=tuple(by_chance[row]))
            for row, size in enumerate(sizes)
        ),
        num_test=len(tests),
    )


@dataclass(frozen=True)
class Trial:
    """Labels that are known but shown only when asked for."""

    pool: Pool
    labels: Places
    """(N,) of the pool."""
    test_points: Floats
    """(M, P), projected as the pool's."""
    test_labels: Places
    """(M,)."""

    def extend(
        self, labelled: Places, size: int, num_classes: int, seed: int, random_share: float
    ) -> Places:
        """The labelled places, with as many more as make them `size`."""
        found = choosing.choose(
            self.pool,
            labelled,
            self.labels[labelled],
            size - len(labelled),
            num_classes=num_classes,
            seed=seed,
            random_share=random_share,
        )
        return np.concatenate([labelled, [choice.place for choice in found]])

    def accuracy(self, labelled: Places, num_classes: int) -> float:
        """Of a head on these labels, 0 to 1."""
        answers = choosing.fit_head(
            self.pool.points[labelled], self.labels[labelled], num_classes, self.test_points
        )
        return float((answers.argmax(axis=1) == self.test_labels).mean())


def _held_out(labels: Places) -> NDArray[np.bool_]:
    """A quarter of each class, at most 2,000 images in all; the same ones every time."""
    share = min(_TEST_SHARE, _MOST_TEST / max(len(labels), 1))
    is_test = np.zeros(len(labels), dtype=bool)
    random = np.random.default_rng(0)
    for label in np.unique(labels):
        places = random.permutation(np.flatnonzero(labels == label))
        is_test[places[: round(len(places) * share)]] = True
    return is_test
