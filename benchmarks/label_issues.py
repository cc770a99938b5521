"""Which labels look wrong, beside cleanlab's on the same embeddings; and audits of how many are.

python -m benchmarks.label_issues FOLDER [scores | audits] [--json FILE]
TORCH_HOME=... python -m benchmarks.label_issues FOLDER finetuned [--kind aggre] [--side 64]

FOLDER is cifar10_1k with `cifar10n_labels.csv`: 10,000 training images whose true labels are known,
and three sets of labels that people gave (CIFAR-10N: aggre, random1, worse). The embeddings are
those of MobileNetV2 with ImageNet weights at 128 px (`frozen_features`). The peer is cleanlab by
hand, which must be installed: five folds of scikit-learn's logistic regression on the same reduced
embeddings, at the same penalty, scored by `get_label_quality_scores`.

`audits` simulates 500 audits of 200 looks of each set of labels, on the scores of the product: how
often the interval at 95 % holds the true share of wrong labels, and how much narrower it is than
that of 200 looks at random (`narrower` is of the mean widths).

`finetuned` gives the product also the answers of runs: five folds, a network fine-tuned on four of
them with the given labels answers for the fifth.
"""

import argparse
import csv
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from benchmarks import folders, frozen_features, training
from benchmarks.accuracy import Silent
from forge_core.evaluation import label_audit, label_issues
from forge_core.evaluation.label_issues import RunAnswers
from forge_core.inference.prediction import Prediction
from forge_core.inference.predictor import Predictor
from forge_core.training.config import TrainConfig
from forge_core.training.inputs.image_sets import ImageSet

KINDS = ("aggre", "random1", "worse")
WANTED = {"aggre": 0.61, "random1": 0.775, "worse": 0.89}
WANTED_NARROWER = {"aggre": 0.13, "random1": 0.23, "worse": 0.31}
AUDITS = 500
SPEED_IMAGES = 12_000
INPUT_SIZE = 128
_ASKED_AT_ONCE = 500

Labels = npt.NDArray[np.int64]


def main() -> None:
    """Print a row a kind of labels, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("part", nargs="?", choices=("scores", "audits", "finetuned"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--kind", choices=KINDS, default="aggre", help="of finetuned")
    parser.add_argument("--side", type=int, default=64, help="of finetuned, in pixels")
    parser.add_argument("--epochs", type=int, default=2, help="of finetuned, after 3 of the head")
    options = parser.parse_args()
    paths, labels = read_labels(options.folder)
    features = read_features(options.folder, paths)
    report: dict[str, Any]
    if options.part == "finetuned":
        given = labels[options.kind]
        answers = answer_by_folds(options.folder, paths, given, options.side, options.epochs)
        report = measure_answers(features, labels, options.kind, answers)
    elif options.part == "audits":
        report = {kind: measure_audits(features, labels, kind) for kind in KINDS}
    else:
        report = {kind: measure(features, labels, kind) for kind in KINDS}
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


def answer_by_folds(
    folder: Path, paths: list[str], given: Labels, side: int, epochs: int
) -> npt.NDArray[np.float64]:
    """(N, K) of networks that were fine-tuned without the image."""
    names = tuple(folders.class_names(folder / "train"))
    everything = folders.image_set(
        folder, [(folder / path, int(label)) for path, label in zip(paths, given, strict=True)]
    )
    images = np.array(everything.images, object)
    config = TrainConfig(
        architecture=frozen_features.ARCHITECTURE,
        pretrained=True,
        input_size=side,
        warmup_epochs=3,
        finetune_epochs=epochs,
    )
    found = np.zeros((len(paths), len(names)))
    dealt = label_issues.deal_folds(given, seed=0)
    for fold in range(label_issues.FOLDS):
        is_asked = dealt == fold
        train, asked = (
            ImageSet(tuple(images[part]), everything.read) for part in (~is_asked, is_asked)
        )
        with tempfile.TemporaryDirectory() as scratch:
            kept = Path(scratch) / "checkpoints"
            kept.mkdir()
            sets = (list(names), train, asked)
            training.train(config, sets, Path(scratch), Silent(), checkpoints=kept)
            predictor = Predictor.load(kept / "last.safetensors")
            for start in range(0, len(asked.images), _ASKED_AT_ONCE):
                part = asked.images[start : start + _ASKED_AT_ONCE]
                files = [everything.read(image.source) for image in part]
                places = np.flatnonzero(is_asked)[start : start + _ASKED_AT_ONCE]
                for place, said in zip(places, predictor.predict_many(files, 10), strict=True):
                    assert isinstance(said, Prediction), said
                    for entry in said.probabilities:
                        found[place, names.index(entry.label_name)] = entry.probability
    return found


def measure_answers(
    features: npt.NDArray[np.float32],
    labels: dict[str, Labels],
    kind: str,
    answers: npt.NDArray[np.float64],
) -> dict[str, Any]:
    """Average precision with the answers of runs, by the product and by the answers alone."""
    given, wrong = labels[kind], labels[kind] != labels["clean"]
    everywhere = RunAnswers(probabilities=answers, is_out_of_sample=np.ones(len(given), np.bool_))
    ours = label_issues.find_label_issues(features, given, 10, answers=everywhere)
    alone = 1.0 - answers[np.arange(len(given)), given]
    return {
        "num_wrong": int(wrong.sum()),
        "agrees_with_given": round(float((answers.argmax(1) == given).mean()), 4),
        "agrees_with_truth": round(float((answers.argmax(1) == labels["clean"]).mean()), 4),
        "average_precision": round(float(average_precision_score(wrong, ours.scores)), 4),
        "answers_alone": round(float(average_precision_score(wrong, alone)), 4),
        "by_run": round(float(ours.by_run.mean()), 4),
    }


def measure_audits(
    features: npt.NDArray[np.float32], labels: dict[str, Labels], kind: str
) -> dict[str, Any]:
    """Simulated audits of one set of labels, on the scores that the product gives them."""
    given = labels[kind]
    scores = label_issues.find_label_issues(features, given, 10).scores
    found = simulate_audits(scores, given != labels["clean"], given, audits=AUDITS)
    return {**found, "wanted_covered": 0.93, "wanted_narrower": WANTED_NARROWER[kind]}


def simulate_audits(
    scores: npt.NDArray[np.float64],
    is_wrong: npt.NDArray[np.bool_],
    labels: Labels,
    *,
    audits: int,
    looks: int = label_audit.MAX_LOOKS,
) -> dict[str, Any]:
    """How often the interval of an audit holds the truth, and its width beside looks at random.

    Args:
        scores: (N,) how likely each label is wrong, 0 to 1.
        is_wrong: (N,) whether it is.
        labels: (N,) the labels, for the shares by class.
        audits: How many are simulated, each with a seed of its own.
        looks: Images that each looks at.
    """
    truth = float(is_wrong.mean())
    by_class = {int(each): float(is_wrong[labels == each].mean()) for each in np.unique(labels)}
    held, widths, random_held, random_widths, class_held = [], [], [], [], []
    for seed in range(audits):
        plan = label_audit.draw_audit(scores, looks=looks, seed=seed)
        drawn = zip(plan.chosen.tolist(), plan.stratum_of.tolist(), strict=True)
        taken = [
            label_audit.Look(
                stratum=stratum, class_id=int(labels[place]), is_wrong=bool(is_wrong[place])
            )
            for place, stratum in drawn
        ]
        interval = label_audit.estimate_all(plan.strata, taken).interval
        assert interval is not None, "every look was taken"
        held.append(interval[0] <= truth <= interval[1])
        widths.append(interval[1] - interval[0])
        chance = np.random.default_rng(seed).choice(len(scores), len(taken), replace=False)
        low, high = label_audit.random_interval(float(is_wrong[chance].mean()), len(taken))
        random_held.append(low <= truth <= high)
        random_widths.append(high - low)
        for class_id, share in by_class.items():
            own = label_audit.estimate_class(plan.strata, taken, class_id).interval
            if own is not None:
                class_held.append(own[0] <= share <= own[1])
    return {
        "audits": audits,
        "share_wrong": round(truth, 4),
        "covered": round(float(np.mean(held)), 4),
        "width": round(float(np.mean(widths)), 4),
        "random_covered": round(float(np.mean(random_held)), 4),
        "random_width": round(float(np.mean(random_widths)), 4),
        "narrower": round(1 - float(np.mean(widths) / np.mean(random_widths)), 4),
        "covered_by_class": round(float(np.mean(class_held)), 4) if class_held else None,
        "classes_told": round(len(class_held) / (audits * len(by_class)), 4),
    }


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
