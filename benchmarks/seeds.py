"""Is "better" said of settings only where it is so, and do the named seeds decide?

    python -m benchmarks.seeds

Settings are ways to train the head on features of cifar10_1k that MobileNetV2 gave once: rate,
epochs, dropout and the share of 1,000 training images that each seed draws. The truth about them is
what 40 seeds of each reach on the other 11,000 images. A pair is judged as the product judges it:
3 seeds of each on 2,000 images; where that does not tell them apart, as many more seeds (or images)
as it names, up to three times. Of equal pairs both are the same settings with other seeds; pairs
that are not equal differ by 1 to 6 points.
"""

import argparse
import itertools
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmarks import frozen_features
from forge_core.evaluation import pairing
from forge_core.evaluation.seeds import budget, contest

Flags = NDArray[np.bool_]
NUM_TRAIN, NUM_TEST, SEEDS, FIRST_SEEDS, ROUNDS = 1_000, 2_000, 40, 3, 3
DIMENSIONS, BATCH = 128, 50
LEAST, MOST = 0.01, 0.06
"""True differences of the pairs that are not equal."""


@dataclass(frozen=True)
class Settings:
    """A way to train the head."""

    rate: float
    epochs: int
    dropout: float
    share: float


GRID = [
    Settings(rate, epochs, dropout, share)
    for rate, epochs in ((1e-3, 10), (3e-3, 5), (1e-2, 5), (3e-2, 3))
    for dropout in (0.0, 0.3)
    for share in (0.6, 1.0)
]


@dataclass(frozen=True)
class Sitting:
    """What a person who follows the advice comes to."""

    says: int
    """1: the second is better, -1: the first, 0: not told apart."""
    rounds: int
    """How often more was trained or measured."""
    asked: str
    """What was asked for first: nothing, seeds, images, or too much."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=40, help="Of either kind.")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    began = time.process_time()
    right = answer_all()
    truth = [float(each.mean()) for each in right]
    apart = [
        (one, two)
        for one, two in itertools.permutations(range(len(GRID)), 2)
        if LEAST <= truth[two] - truth[one] <= MOST
    ]
    random = np.random.default_rng(0)
    same = [judge(random, right[i % len(GRID)], None) for i in range(arguments.pairs)]
    chosen = [apart[place] for place in random.integers(0, len(apart), arguments.pairs)]
    other = [judge(random, right[one], right[two]) for one, two in chosen]
    named = [each for each in other if each.asked in ("seeds", "images")]
    found = {
        "pairs": arguments.pairs,
        "equal": {
            "false_better": share(each.says != 0 for each in same),
            "false_better_by_mcnemar_of_one_run_each": share(
                mcnemar(random, right[i % len(GRID)]) for i in range(arguments.pairs)
            ),
        },
        "not_equal": {
            "told_apart_at_3_seeds": share(each.asked == "nothing" for each in other),
            "wrong_way": share(each.says < 0 for each in other),
            "budget_named": len(named),
            "decided_at_the_named_budget": share(
                each.says > 0 and each.rounds == 1 for each in named
            ),
            "decided_of_all": share(each.says > 0 for each in other),
            "too_much_asked": sum(each.asked == "too much" for each in other),
        },
        "settings": [
            {**asdict(each), "accuracy": round(mean, 4), "deviation": round(deviation, 4)}
            for each, mean, deviation in zip(
                GRID, truth, [float(one.mean(axis=1).std(ddof=1)) for one in right], strict=True
            )
        ],
        "processor_seconds": round(time.process_time() - began, 1),
    }
    print(json.dumps(found, indent=1))


def share(flags: Iterable[bool]) -> float | None:
    """Of those that are true; None of none."""
    values = list(flags)
    return round(float(np.mean(values)), 4) if values else None


def judge(random: np.random.Generator, first: Flags, second: Flags | None) -> Sitting:
    """Follow the advice on a pair; without a second both are the first, with other seeds."""
    seeds = random.permutation(SEEDS)
    others = seeds[::-1] if second is None else random.permutation(SEEDS)
    images = random.permutation(first.shape[1])
    most = SEEDS // 2
    num_seeds, num_images, asked = FIRST_SEEDS, NUM_TEST, "nothing"
    for done in range(ROUNDS + 1):
        shown = images[:num_images]
        one = first[seeds[:num_seeds]][:, shown]
        two = (first if second is None else second)[others[:num_seeds]][:, shown]
        found = contest.compare(one, two)
        if found.is_told_apart:
            return Sitting(1 if found.difference > 0 else -1, done, asked)
        missing = budget.find(found)
        wanted = missing.all_images or num_images
        if missing == budget.Budget() or wanted > len(images):
            return Sitting(0, done, asked if done else "too much")
        if not done:
            asked = "images" if missing.all_images else "seeds"
        num_seeds = min(most, num_seeds + (missing.more_seeds or 0))
        num_images = wanted
    return Sitting(0, ROUNDS, asked)


def mcnemar(random: np.random.Generator, right: Flags) -> bool:
    """Whether one run each of the same settings are told apart as if they were the settings."""
    one, two = random.permutation(SEEDS)[:2]
    images = random.permutation(right.shape[1])[:NUM_TEST]
    return pairing.compare_paired(right[one][images], right[two][images]).is_told_apart


def answer_all() -> list[Flags]:
    """Of all settings (SEEDS, N) whether each run is right on each image it did not train on."""
    features = frozen_features.read(frozen_features.DATA / "cifar10_1k", 128)
    is_test = features.is_in("test")
    values = torch.from_numpy(features.values - features.values.mean(0))
    values = values / (values.std(0) + 1e-6)
    _, _, axes = torch.linalg.svd(values[np.flatnonzero(~is_test)[::5]], full_matrices=False)
    values = values @ axes[:DIMENSIONS].T
    values /= values.std()
    labels = torch.from_numpy(features.labels)
    order = np.random.default_rng(7).permutation(np.flatnonzero(~is_test))
    train, rest = order[:NUM_TRAIN], np.setdiff1d(np.arange(len(labels)), order[:NUM_TRAIN])
    return [
        answer(settings, number, values[train], labels[train], values[rest], labels[rest])
        for number, settings in enumerate(GRID)
    ]


def answer(
    settings: Settings, number: int, train: Tensor, labels: Tensor, rest: Tensor, truth: Tensor
) -> Flags:
    """All seeds of settings at once: (SEEDS, N) whether each is right."""
    generator = torch.Generator().manual_seed(number)
    classes = int(labels.max()) + 1
    weight = (
        0.05 * torch.randn(SEEDS, train.shape[1], classes, generator=generator)
    ).requires_grad_()
    bias = torch.zeros(SEEDS, 1, classes, requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], lr=settings.rate)
    drawn = int(settings.share * len(train))
    own = torch.rand(SEEDS, len(train), generator=generator).argsort(1)[:, :drawn]
    for _ in range(settings.epochs):
        order = own.gather(1, torch.rand(own.shape, generator=generator).argsort(1))
        for places in order.split(BATCH, dim=1):
            inputs = train[places]
            if settings.dropout:
                kept = torch.rand(inputs.shape, generator=generator) > settings.dropout
                inputs = inputs * kept / (1.0 - settings.dropout)
            scores = (inputs @ weight + bias).flatten(0, 1)
            loss = functional.cross_entropy(scores, labels[places].flatten(), reduction="sum")
            optimizer.zero_grad()
            (loss / places.shape[1]).backward()
            optimizer.step()
    with torch.no_grad():
        return torch.stack(
            [(rest @ w + b).argmax(1) == truth for w, b in zip(weight, bias, strict=True)]
        ).numpy()


if __name__ == "__main__":
    main()
