"""Does the repair ledger tell apart what repaired training and test labels brought?

python -m benchmarks.repair_ledger FOLDER [--json FILE]

FOLDER is cifar10_1k: 10,000 training and 2,000 test images with true labels. 500 labels of 5,000
training images and 500 of the 2,000 test images are planted wrong and then repaired; a linear head
on frozen MobileNetV2 embeddings is trained before and after. The oracle knows the true labels of
the other 5,000 images: what the training repair brings there, and what planted faults cost a
network there. The embeddings are at 128 px (`frozen_features`).
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from benchmarks import frozen_features
from forge_core.evaluation import repair_ledger

SEEDS = 5
FAULTS = 500
NUM_TRAIN = 5_000
WANTED_POINTS = 1.0
INPUT_SIZE = 128

Labels = npt.NDArray[np.int64]


def main() -> None:
    """Print a row a seed, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = frozen_features.read(options.folder, INPUT_SIZE)
    features = StandardScaler().fit_transform(found.values)
    in_test = found.is_in("test")
    rows = [measure(features, found.labels, in_test, seed) for seed in range(SEEDS)]
    report = {
        "rows": rows,
        "wanted_points": WANTED_POINTS,
        "worst_training": max(abs(row["training"] - row["training_oracle"]) for row in rows),
        "worst_measuring": max(abs(row["measuring"] - row["measuring_oracle"]) for row in rows),
    }
    text = json.dumps(report, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text)


def measure(
    features: npt.NDArray[np.float32], labels: Labels, in_test: npt.NDArray[np.bool_], seed: int
) -> dict[str, Any]:
    """Both effects in points, by the ledger and by the oracle."""
    random = np.random.default_rng(seed)
    shuffled = random.permutation(np.flatnonzero(~in_test))
    train, other = shuffled[:NUM_TRAIN], shuffled[NUM_TRAIN:]
    test = np.flatnonzero(in_test)
    old_train, old_test = (plant(labels[part], random) for part in (train, test))
    old, new = (fit(features[train], given) for given in (old_train, labels[train]))
    ledger = repair_ledger.draw_up(
        old_answers=old.predict(features[test]),
        new_answers=new.predict(features[test]),
        old_labels=old_test,
        new_labels=labels[test],
    )
    right_old, right_new = (net.predict(features[other]) == labels[other] for net in (old, new))
    share = FAULTS / len(test)
    by_chance = (1 - right_old.mean()) / (labels.max())  # right on a planted label
    return {
        "seed": seed,
        "training": round(100 * ledger.training.difference, 2),
        "training_oracle": round(100 * float(right_new.mean() - right_old.mean()), 2),
        "training_interval": [round(100 * end, 2) for end in ledger.training.interval],
        "measuring": round(100 * ledger.measuring.difference, 2),
        "measuring_oracle": round(100 * float(share * (right_old.mean() - by_chance)), 2),
        "told_apart": ledger.training.is_told_apart,
    }


def plant(labels: Labels, random: np.random.Generator) -> Labels:
    """The labels with `FAULTS` of them changed to another class."""
    planted = labels.copy()
    places = random.choice(len(labels), FAULTS, replace=False)
    number = int(labels.max()) + 1
    planted[places] = (labels[places] + random.integers(1, number, FAULTS)) % number
    return planted


def fit(features: npt.NDArray[np.float32], labels: Labels) -> LogisticRegression:
    """A linear head."""
    return LogisticRegression(C=0.003, max_iter=200).fit(features, labels)


if __name__ == "__main__":
    main()
