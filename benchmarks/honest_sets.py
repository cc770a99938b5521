"""Does the shown accuracy stay true when hard images are put into the test set?

    TORCH_HOME=... python -m benchmarks.honest_sets [--seeds 20] [--json FILE]

`cifar10_1k`, 12,000 images with their true labels, linear heads on the features of MobileNetV2 with
its ImageNet weights at 128 px. For each seed 1,500 images are the test set, 3,000 are for training
and 7,500 nobody sees; the truth is the head's accuracy on the 9,000 that it was not trained on.

- mined: the 500 hardest of the training images, by a head that did not learn them, are moved into
  the test set. Nobody knows with what probability, so the product leaves them out.
- drawn: in place of a fair test set 1,000 of the 9,000 are drawn, hard ones up to 20 times as
  often, with probabilities that are known: the product weights them.
- naive: every image of the test set counts alike, with Wilson's interval.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks import frozen_features
from forge_core.evaluation import label_issues
from forge_core.evaluation.sampling.estimate import Sample, estimate
from forge_core.evaluation.sampling.intervals import wilson_interval

NUM_TEST, NUM_TRAIN, NUM_HARD, NUM_DRAWN = 1_500, 3_000, 500, 1_000
TIMES_AS_OFTEN = 20.0

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


def main() -> None:
    """Print both arms as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    features = frozen_features.read(frozen_features.DATA / "cifar10_1k", 128)
    values = np.asarray(label_issues.reduce_features(features.values))
    trials = [measure(values, features.labels, seed) for seed in range(options.seeds)]
    report = {arm: sum_up([trial[arm] for trial in trials]) for arm in ("mined", "drawn")}
    text = json.dumps(report, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text)


def measure(values: NDArray[np.float32], labels: Places, seed: int) -> dict[str, Any]:
    """Truth, naive and shown accuracy of both arms for one seed."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(labels))
    train, unseen = order[:NUM_TRAIN], order[NUM_TRAIN:]
    test = unseen[:NUM_TEST]
    doubt = judge(values, labels, train, random)
    hard, rest = train[np.argsort(-doubt)[:NUM_HARD]], train[np.argsort(-doubt)[NUM_HARD:]]
    head = fit(values[rest], labels[rest])
    is_right = head.predict(values) == labels
    truth = float(is_right[unseen].mean())

    measured = np.concatenate([hard, test])
    mined = Sample(is_chosen=np.arange(len(measured)) < NUM_HARD, weights=np.ones(len(measured)))
    chances = 1 - head.predict_proba(values[unseen]).max(axis=1)
    chances = 1 + (TIMES_AS_OFTEN - 1) * chances / chances.max()
    chances = np.minimum(chances * NUM_DRAWN / chances.sum(), 1.0)
    is_drawn = random.random(len(unseen)) < chances
    drawn = Sample(is_chosen=np.zeros(int(is_drawn.sum()), np.bool_), weights=1 / chances[is_drawn])
    return {
        "mined": compare(truth, is_right[measured], mined),
        "drawn": compare(truth, is_right[unseen[is_drawn]], drawn),
    }


def judge(
    values: NDArray[np.float32], labels: Places, train: Places, random: np.random.Generator
) -> NDArray[np.float64]:
    """How unlikely a head that did not learn an image finds its label: halves judge each other."""
    half = random.permutation(len(train)) < len(train) // 2
    doubt = np.zeros(len(train))
    for learnt in (half, ~half):
        head = fit(values[train[learnt]], labels[train[learnt]])
        others = train[~learnt]
        own = head.predict_proba(values[others])[np.arange(len(others)), labels[others]]
        doubt[~learnt] = 1 - own
    return doubt


def fit(values: NDArray[np.float32], labels: Places) -> LogisticRegression:
    """A linear head, at the penalty of our own scores of labels."""
    return LogisticRegression(C=1 / (2 * 0.03 * len(labels)), max_iter=300).fit(values, labels)


def compare(truth: float, is_right: Flags, sample: Sample) -> dict[str, float]:
    """How far off both are, and whether their intervals hold the truth."""
    shown = estimate(is_right, sample)
    assert shown.value is not None, "fair images are left"
    assert shown.interval is not None, "fair images are left"
    naive = float(is_right.mean())
    bounds = wilson_interval(int(is_right.sum()), len(is_right))
    return {
        "truth": truth,
        "naive": naive,
        "shown": shown.value,
        "naive_off": naive - truth,
        "shown_off": shown.value - truth,
        "naive_holds": float(bounds[0] <= truth <= bounds[1]),
        "shown_holds": float(shown.interval[0] <= truth <= shown.interval[1]),
        "width": shown.interval[1] - shown.interval[0],
        "naive_width": bounds[1] - bounds[0],
        "effective_size": shown.effective_size,
    }


def sum_up(trials: list[dict[str, float]]) -> dict[str, Any]:
    """Means, the largest errors in points, and how often each interval holds the truth."""

    def mean(name: str) -> float:
        return float(np.mean([trial[name] for trial in trials]))

    def points(name: str) -> dict[str, float]:
        off = [100 * trial[name] for trial in trials]
        return {"mean": round(float(np.mean(off)), 2), "most": round(max(map(abs, off)), 2)}

    return {
        "seeds": len(trials),
        "truth": round(mean("truth"), 4),
        "naive": round(mean("naive"), 4),
        "shown": round(mean("shown"), 4),
        "naive_off_points": points("naive_off"),
        "shown_off_points": points("shown_off"),
        "naive_holds_truth": round(mean("naive_holds"), 3),
        "shown_holds_truth": round(mean("shown_holds"), 3),
        "width_points": round(100 * mean("width"), 2),
        "naive_width_points": round(100 * mean("naive_width"), 2),
        "effective_size": round(mean("effective_size")),
    }


if __name__ == "__main__":
    main()
