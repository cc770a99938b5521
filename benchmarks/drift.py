"""Drift: how near is the estimate, what is told, and how often is there an alarm for nothing?

    TORCH_HOME=... python -m benchmarks.drift [--repeats 20] [--sets NAME ...] [--json FILE]

Each set is parted anew in thirds: a linear head on frozen features of MobileNetV2 is trained on
one, the second is the reference (temperature fitted there), traffic is drawn from the third, 500
images or as many as it has. Shifts: blur, JPEG of quality 20, half as bright, another mix of
classes (Dirichlet 0.5), and 20 % images of a class that the head was trained without.

- *Estimate*: its error without labels, by three ways, and after 50 labels, by two; how often it is
  within 3 points, and how often the 95 % interval holds the truth (accuracy on the very traffic).
- *Told*: how often the two-sample test of embeddings, the count of strange images, and the verdict
  say so at the level of an alarm.
- *Undisturbed*: 20 days of 50 images each, drawn from the third, and how many are alarms.
"""

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import drift_shifts
from benchmarks.three_answers import Network
from forge_core.drift import accuracy, class_mix, judging, strangeness, two_sample
from forge_core.drift.accuracy import Audited, Estimate
from forge_core.evaluation import calibration

NUM_TRAFFIC = 500
NUM_DAYS, OF_DAY = 20, 50
UNSEEN_SHARE = 0.2
NEAR = 0.03
PRIORS = (0.0, 2.0, 5.0, 10.0)
"""So many labels may the confidence of a layer weigh as."""
Values = NDArray[np.float64]
Places = NDArray[np.int64]


class Tested:
    """A head, its temperature, and what it makes of its reference."""

    def __init__(self, features: Any, labels: Places, train: Places, known: Places) -> None:
        self._network = Network(torch.from_numpy(features[train]), torch.from_numpy(labels[train]))
        scores = self._network.logits(torch.from_numpy(features[known]))
        fitted = calibration.fit_temperature(scores, labels[known])
        self._temperature = fitted.value if fitted else 1.0
        self.features = features[known]
        self.probabilities = self.answer(self.features)
        self.confidence = self.probabilities.max(axis=1)
        self.is_right = self.probabilities.argmax(axis=1) == labels[known]
        self.distances = strangeness.distances(self.features, self.features, is_reference=True)

    def answer(self, features: Any) -> Values:
        """(N, K) calibrated."""
        scores = self._network.logits(torch.from_numpy(features)) / self._temperature
        scores -= scores.max(axis=1, keepdims=True)
        weights = np.exp(scores)
        found: Values = weights / weights.sum(axis=1, keepdims=True)
        return found


class Counted:
    """Numbers by name, and their means."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = defaultdict(list)

    def note(self, name: str, found: Estimate, truth: float) -> None:
        """An estimate against the truth."""
        self.values[f"{name}: error"].append(abs(found.value - truth))
        self.values[f"{name}: within 3 points"].append(abs(found.value - truth) <= NEAR)
        if found.low < found.high:
            self.values[f"{name}: covered"].append(found.low <= truth <= found.high)

    def means(self) -> dict[str, float]:
        """By name."""
        return {name: round(float(np.mean(each)), 4) for name, each in self.values.items()}


def look(tested: Tested, features: Any, labels: Places, counted: Counted, seed: int) -> None:
    """Estimate and test one draw of traffic; labels of classes that it does not know are -1."""
    random = np.random.default_rng(seed)
    probabilities = tested.answer(features)
    confidence = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    truth = float(is_right.mean())
    counted.values["accuracy"].append(truth)
    mean = float(confidence.mean())
    line = np.quantile(tested.confidence, 1 - tested.is_right.mean())
    counted.note("mean confidence", Estimate(value=mean, low=mean, high=mean), truth)
    above = float((confidence >= line).mean())
    counted.note("threshold (ATC)", Estimate(value=above, low=above, high=above), truth)
    without = accuracy.estimate_without_labels(confidence, tested.confidence, tested.is_right)
    counted.note("difference (DoC)", without, truth)
    drawn_at_random = random.choice(len(labels), min(50, len(labels)), replace=False)
    alone = float(is_right[drawn_at_random].mean())
    half = 1.96 * float(np.sqrt(max(alone * (1 - alone), 1e-4) / len(drawn_at_random)))
    counted.note(
        "50 labels at random", Estimate(value=alone, low=alone - half, high=alone + half), truth
    )
    layers, drawn = accuracy.draw_layers(confidence, seed=seed)
    found = [
        Audited(
            layer=layer,
            num_right=int(is_right[members].sum()),
            num_wrong=int((~is_right[members]).sum()),
        )
        for layer, members in zip(layers, drawn, strict=True)
    ]
    for weight in PRIORS:
        estimate = accuracy.estimate_after_audit(found, prior_labels=weight)
        counted.note(f"50 labels, audit, confidence as {weight:g}", estimate, truth)
    test = two_sample.compare(tested.features, features, permutations=999, seed=seed)
    strangers = strangeness.count(
        tested.distances, strangeness.distances(features, tested.features)
    )
    is_strange = (
        strangers.p_value <= judging.ALARM
        and strangers.share >= strangers.reference_share + judging.EXCESS
    )
    counted.values["two-sample alarm"].append(test.p_value <= judging.ALARM)
    counted.values["cannot know"].append(is_strange)
    counted.values["told in any way"].append(is_strange or test.p_value <= judging.ALARM)
    counted.values["share of strange images"].append(strangers.share)


class Measured:
    """What is measured of one set, a parting after the other."""

    def __init__(self, name: str) -> None:
        self._clean = drift_shifts.read(name)
        self._edited = {kind: drift_shifts.read(name, kind).values for kind in drift_shifts.EDITS}
        self._results: dict[str, Counted] = defaultdict(Counted)
        self._mix: dict[str, list[float]] = defaultdict(list)
        self._false_alarms: list[int] = []

    def measure(self, repeat: int) -> None:
        """Part the set anew, and look at each shift."""
        labels, clean = self._clean.labels, self._clean.values
        num_classes = len(self._clean.class_names)
        random = np.random.default_rng(repeat)
        train, known, pool = np.array_split(random.permutation(len(labels)), 3)
        number = min(NUM_TRAFFIC, len(pool))
        tested = Tested(clean, labels, train, known)
        for kind, values in {"undisturbed": clean, **self._edited}.items():
            rows = random.choice(pool, number, replace=False)
            look(tested, values[rows], labels[rows], self._results[kind], repeat)
        weights = random.dirichlet(np.full(num_classes, 0.5))[labels[pool]]
        weights /= np.bincount(labels[pool], minlength=num_classes)[labels[pool]]
        rows = random.choice(pool, number, p=weights / weights.sum())
        look(tested, clean[rows], labels[rows], self._results["mix"], repeat)
        measure_mix(tested, clean[rows], labels[rows], self._mix, repeat)
        self._false_alarms.append(count_false_alarms(tested, clean, pool, random))
        out = repeat % num_classes
        left = np.where(labels == out, -1, labels - (labels > out))
        kept = [part[labels[part] != out] for part in (train, known, pool)]
        without = Tested(clean, left, kept[0], kept[1])
        unseen = np.concatenate([part[labels[part] == out] for part in (known, pool)])
        num_unseen = min(int(UNSEEN_SHARE * NUM_TRAFFIC), len(unseen), len(kept[2]) // 4)
        rows = np.concatenate(
            [
                random.choice(unseen, num_unseen, replace=False),
                random.choice(kept[2], 4 * num_unseen, replace=False),
            ]
        )
        look(without, clean[rows], left[rows], self._results["unseen class"], repeat)
        self._results["unseen class"].values["images"].append(len(rows))

    def figures(self) -> dict[str, Any]:
        """All of them, means over what was measured."""
        days = np.array(self._false_alarms)
        return {
            "partings": len(days),
            **{kind: counted.means() for kind, counted in self._results.items()},
            "class mix": {each: round(float(np.mean(of)), 4) for each, of in self._mix.items()},
            "20 undisturbed days": {
                "false alarms, mean": round(float(days.mean()), 4),
                "at most one": int((days <= 1).sum()),
                "most": int(days.max()),
            },
        }


def measure_mix(
    tested: Tested, features: Any, labels: Places, into: dict[str, list[float]], seed: int
) -> None:
    """How far the shares of the classes are off, by three ways."""
    probabilities = tested.answer(features)
    num_classes = probabilities.shape[1]
    truth = np.bincount(labels, minlength=num_classes) / len(labels)
    shares, low, high = class_mix.estimate(probabilities, tested.probabilities, seed=seed)
    counts = np.bincount(probabilities.argmax(axis=1), minlength=num_classes) / len(labels)
    into["answers counted, largest error"].append(float(np.abs(counts - truth).max()))
    into["estimate, largest error"].append(float(np.abs(shares - truth).max()))
    into["estimate, covered"].append(float(((low <= truth) & (truth <= high)).mean()))


def count_false_alarms(
    tested: Tested, features: Any, pool: Places, random: np.random.Generator
) -> int:
    """Of 20 days of 50 images how many are called changed."""
    return sum(
        two_sample.compare(
            tested.features,
            features[random.choice(pool, OF_DAY, replace=False)],
            permutations=999,
            seed=day,
        ).p_value
        <= judging.ALARM
        for day in range(NUM_DAYS)
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all sets."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument(
        "--sets", nargs="+", choices=list(drift_shifts.SETS), default=list(drift_shifts.SETS)
    )
    parser.add_argument("--cache", type=Path, help="Folder that features are kept in.")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.cache:
        os.environ["XDG_CACHE_HOME"] = str(options.cache)
    measured = {name: Measured(name) for name in options.sets}
    text = ""
    for repeat in range(options.repeats):
        for each in measured.values():
            each.measure(repeat)
        text = json.dumps({name: each.figures() for name, each in measured.items()}, indent=1)
        if options.json:
            options.json.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
