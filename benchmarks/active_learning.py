"""Which image to label next: the product's choice against chance, by labels given.

    TORCH_HOME=... python -m benchmarks.active_learning [--seeds 5] [--json FILE]

`cifar10_1k`: 10,000 images to choose from, a linear head measured on the 2,000 test images; chance
and the choice (a tenth of it by chance, as in the product) at 10 to 1,000 labels. The other sets
are replayed as the product does before it recommends: a quarter of each class is held out. The
features are MobileNetV2's with its ImageNet weights.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import frozen_features
from forge_core.evaluation.label_next import choosing, replay
from forge_core.evaluation.label_next.pool import Pool

BUDGETS = (10, 20, 50, 100, 200, 500, 1000)
OTHERS = {"imagenette224_dev": 160, "aerial_dev": 160, "nail_roboflow": 160}
"""Input size in pixels."""


def measure_cifar(seeds: int) -> dict[str, Any]:
    """Mean accuracy and its deviation over the seeds, by way and budget."""
    features = frozen_features.read(frozen_features.DATA / "cifar10_1k", 128)
    whole = Pool.of(features.values)
    is_test = features.is_in("test")
    trial = replay.Trial(
        Pool(whole.points[~is_test]),
        features.labels[~is_test],
        whole.points[is_test],
        features.labels[is_test],
    )
    num_classes = len(features.class_names)
    found: dict[str, Any] = {}
    for way, share in (("chance", 1.0), ("choice", choosing.RANDOM_SHARE)):
        accuracies = np.zeros((seeds, len(BUDGETS)))
        start = time.perf_counter()
        for seed in range(seeds):
            labelled = np.empty(0, dtype=np.int64)
            for column, budget in enumerate(BUDGETS):
                labelled = trial.extend(labelled, budget, num_classes, seed, share)
                accuracies[seed, column] = trial.accuracy(labelled, num_classes)
        found[way] = {
            str(budget): [round(float(column.mean()), 3), round(float(column.std()), 3)]
            for budget, column in zip(BUDGETS, accuracies.T, strict=True)
        } | {"seconds a seed": round((time.perf_counter() - start) / seeds, 1)}
    return found


def measure_other(name: str, input_size: int, seeds: int) -> dict[str, Any]:
    """The replay of one set: accuracy by budget, advantage and what is recommended."""
    features = frozen_features.read(frozen_features.DATA / name, input_size)
    found = replay.replay(
        features.values, features.labels, num_classes=len(features.class_names), seeds=seeds
    )
    return {
        "num_test": found.num_test,
        "budgets": {
            str(each.num_labels): {
                "chance": round(float(np.mean(each.by_chance)), 3),
                "choice": round(float(np.mean(each.chosen)), 3),
            }
            for each in found.budgets
        },
        "advantage, interval": found.advantage,
        "recommended": found.is_recommended,
    }


def main() -> None:
    """Measure all sets."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = {"cifar10_1k": measure_cifar(options.seeds)} | {
        name: measure_other(name, size, options.seeds) for name, size in OTHERS.items()
    }
    text = json.dumps(found, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
