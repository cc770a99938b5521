"""Which labels look wrong: our scores beside cleanlab's on the same embeddings.

python -m benchmarks.label_issues FOLDER [--json FILE]

FOLDER is cifar10_1k with `cifar10n_labels.csv`: 10,000 training images whose true labels are known,
and three sets of labels that people gave (CIFAR-10N: aggre, random1, worse). The embeddings are
those of MobileNetV2 with ImageNet weights at 128 px (`frozen_features`). The peer is cleanlab by
hand, which must be installed: five folds of scikit-learn's logistic regression on the same reduced
embeddings, at the same penalty, scored by `get_label_quality_scores`.
"""

import argparse
import csv
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from benchmarks import frozen_features
from forge_core.evaluation import label_issues

KINDS = ("aggre", "random1", "worse")
WANTED = {"aggre": 0.61, "random1": 0.775, "worse": 0.89}
SPEED_IMAGES = 12_000
INPUT_SIZE = 128

Labels = npt.NDArray[np.int64]


def main() -> None:
    """Print a row a kind of labels, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    paths, labels = read_labels(options.folder)
    features = read_features(options.folder, paths)
    report: dict[str, Any] = {kind: measure(features, labels, kind) for kind in KINDS}
    report["speed"] = measure_speed(features, labels["aggre"])
    text = json.dumps(report, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text)


def read_labels(folder: Path) -> tuple[list[str], dict[str, Labels]]:
    """Paths of the training images, and what each is labelled by whom."""
    with (folder / "cifar10n_labels.csv").open() as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["path"])
    classes = sorted({row["clean"] for row in rows})
    places = {name: place for place, name in enumerate(classes)}
    kinds = ("clean", *KINDS)
    found = {kind: np.array([places[row[kind]] for row in rows], np.int64) for kind in kinds}
    return [row["path"] for row in rows], found


def read_features(folder: Path, paths: list[str]) -> npt.NDArray[np.float32]:
    """(N, D) of these images."""
    features = frozen_features.read(folder, INPUT_SIZE)
    places = {path: place for place, path in enumerate(features.paths)}
    return features.values[[places[path] for path in paths]]


def measure(
    features: npt.NDArray[np.float32], labels: dict[str, Labels], kind: str
) -> dict[str, Any]:
    """Average precision of finding the wrong labels: ours and the peer's."""
    given, truth = labels[kind], labels["clean"]
    wrong = given != truth
    number = int(wrong.sum())
    began, cpu_began = time.perf_counter(), time.process_time()
    ours = label_issues.find_label_issues(features, given, 10)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    peer = cleanlab_scores(features, given)
    return {
        "num_wrong": number,
        "average_precision": round(float(average_precision_score(wrong, ours.scores)), 4),
        "wanted": WANTED[kind],
        "cleanlab": round(float(average_precision_score(wrong, peer)), 4),
        "precision_at_num_wrong": round(float(wrong[np.argsort(-ours.scores)[:number]].mean()), 4),
        "suggestion_right": round(float((ours.suggested == truth)[wrong].mean()), 4),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
    }


def cleanlab_scores(features: npt.NDArray[np.float32], labels: Labels) -> npt.NDArray[np.float64]:
    """How wrong each label looks to cleanlab, by hand as its tutorial does it."""
    from cleanlab.rank import get_label_quality_scores

    reduced = label_issues.reduce_features(features).numpy()
    # The mean of our loss and its penalty of 0.03 a square are this C of scikit-learn's sum.
    model = LogisticRegression(C=1 / (2 * 0.03 * 0.8 * len(labels)), max_iter=300)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    probabilities = cross_val_predict(model, reduced, labels, cv=folds, method="predict_proba")
    quality: npt.NDArray[np.float64] = get_label_quality_scores(labels, probabilities)
    return 1.0 - quality


def measure_speed(features: npt.NDArray[np.float32], labels: Labels) -> dict[str, Any]:
    """Seconds for 12,000 images whose embeddings are there; the last 2,000 are repeated ones."""
    places = np.arange(SPEED_IMAGES) % len(features)
    began, cpu_began = time.perf_counter(), time.process_time()
    label_issues.find_label_issues(features[places], labels[places], 10)
    return {
        "images": SPEED_IMAGES,
        "wanted_seconds": 20,
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(time.process_time() - cpu_began, 1),
    }


if __name__ == "__main__":
    main()
