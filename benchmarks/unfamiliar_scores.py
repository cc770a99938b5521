"""Which distance tells unfamiliar images best? Chosen without a look at a test image.

    TORCH_HOME=... python -m benchmarks.unfamiliar_scores [--cache FOLDER] [--json FILE]

A score is a space, what is near in it, and an exponent: d1 (d1 / d2) ** exponent, with d1 and d2
the distances to the nearest and the second nearest class.

- *Spaces*: `weighed` is what older versions measured in, the main directions by how much one class
  differs there and all others together; `main` leaves the others away; `even` has the directions
  of `weighed`, all with the same weight; `plain` is the angle alone, in all directions.
- *Near*: the `middle` of a class, or the nearest of its `images`.
- *Chosen* once for all sets, on the third of each that networks are trained on: in 3 folds each
  class is left out in turn and told from the others' held-out images. The highest mean over the
  sets wins, among the scores that tell images of the other sets' thirds no worse than 0.005 below
  `BEFORE`. Beside it, what the other two sets alone would have chosen for each set.
- *Reported* on the rest: the class is left out of the third, its own and the others' rest are told
  apart; and the rest from the other sets, noise and screens; the highest softmax beside it.

Figures are areas under the ROC curve.
"""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks import frozen_features
from benchmarks.three_answers import NUM_FAR, SETS, Network, drawn_features
from forge_core.evaluation.three_answers import familiar_images
from forge_core.models.checkpoints import familiarity
from forge_core.models.checkpoints.familiarity import WeighedMiddles

SPACES, NEAR, EXPONENTS = ("weighed", "main", "even", "plain"), ("middle", "images"), (0, 1, 2)
SCORES = [" ".join(map(str, parts)) for parts in product(SPACES, NEAR, EXPONENTS)]
BEFORE = "weighed middle 0"
FOLDS = 3
MOST_LEARNT = 1_000
LOST_AT_MOST = 0.005
MAX_DIRECTIONS = 256
_SHRINKAGE = 0.1
_LEAST_SPREAD = 1e-12
Areas = dict[str, float]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Set:
    """A set's features (N, F) and classes (N,), and which third networks are trained on."""

    features: Tensor
    places: Tensor
    train: Tensor
    rest: Tensor

    @property
    def classes(self) -> range:
        """All of them."""
        return range(int(self.places.max()) + 1)


class Scores:
    """All scores of one choice of known images (N, F) of classes (N,)."""

    def __init__(self, features: Tensor, places: Tensor) -> None:
        features, places = features[:MOST_LEARNT], places[:MOST_LEARNT]
        self._known = learn_middles(features, places.numpy())
        self._images = self._in_spaces(features)
        self._classes = torch.unique(places, return_inverse=True)[1]

    def __call__(self, features: Tensor) -> dict[str, Values]:
        """(N,) of each score."""
        found = {}
        for space, points in self._in_spaces(features).items():
            images = self._images[space]
            members = [images[self._classes == k] for k in range(int(self._classes.max()) + 1)]
            near = {
                "middle": torch.cdist(points, torch.stack([each.mean(0) for each in members])),
                "images": torch.stack(
                    [torch.cdist(points, each).amin(dim=1) for each in members], dim=1
                ),
            }
            for way, distances in near.items():
                first, second = distances.topk(2, largest=False).values.clamp(min=1e-9).T
                for exponent in EXPONENTS:
                    score = first * (first / second) ** exponent
                    found[f"{space} {way} {exponent}"] = score.double().numpy()
        return found

    def _in_spaces(self, features: Tensor) -> dict[str, Tensor]:
        known = self._known
        along, beside = familiarity.place(features, known.centre, known.directions, known.scales)
        off = (beside.sqrt() * known.residual_scale)[:, None]
        return {
            "weighed": torch.cat([along, off], dim=1),
            "main": along,
            "even": torch.cat([along / known.scales, beside.sqrt()[:, None]], dim=1),
            "plain": torch.nn.functional.normalize(features),
        }


def read(name: str) -> Set:
    """A set, parted as `benchmarks.three_answers` parts it."""
    found = frozen_features.read(frozen_features.DATA / name, SETS[name])
    order = torch.from_numpy(np.random.default_rng(5).permutation(len(found.labels)))
    third = len(order) // 3
    features, places = torch.from_numpy(found.values), torch.from_numpy(found.labels)
    return Set(features, places, order[:third], order[third:])


def calibrating(of: Set) -> Areas:
    """Of each score, how well classes of the training third are told, each left out in turn."""
    found = []
    for place, fold in product(of.classes, range(FOLDS)):
        ours = of.train[of.places[of.train] != place]
        is_held = torch.arange(len(ours)) % FOLDS == fold
        scores = Scores(of.features[ours[~is_held]], of.places[ours[~is_held]])
        strange = of.features[of.train[of.places[of.train] == place]]
        found.append(_areas(scores, of.features[ours[is_held]], strange))
    return _mean(found)


def calibrating_far(of: Set, others: Sequence[Set]) -> Areas:
    """The same of the other sets' training thirds."""
    is_held = torch.arange(len(of.train)) % FOLDS == 0
    learnt, own = of.train[~is_held], of.train[is_held]
    scores = Scores(of.features[learnt], of.places[learnt])
    return _mean(
        [_areas(scores, of.features[own], _some(other.features[other.train])) for other in others]
    )


def choose(sets: Sequence[tuple[Areas, Areas]]) -> str:
    """The score with the highest mean over sets of (left out, far), by the rule named above."""
    left_out, far = _mean([each for each, _ in sets]), _mean([each for _, each in sets])
    allowed = [name for name in SCORES if far[name] >= far[BEFORE] - LOST_AT_MOST]
    return max(allowed, key=lambda name: left_out[name])


def tested(of: Set, far: dict[str, Tensor]) -> dict[str, Areas]:
    """The figures of a set on its rest, softmax among the scores."""
    own = of.features[of.rest]
    whole = Scores(of.features[of.train], of.places[of.train])
    network = Network(of.features[of.train], of.places[of.train])
    result = {kind: _areas(whole, own, each, network) for kind, each in far.items()}
    return {"one class left out": _mean(list(_tested_left_out(of)))} | result


def _tested_left_out(of: Set) -> Iterator[Areas]:
    for place in of.classes:
        kept = of.train[of.places[of.train] != place]
        places = of.places[kept] - (of.places[kept] > place).long()
        is_out = of.places[of.rest] == place
        yield _areas(
            Scores(of.features[kept], places),
            of.features[of.rest[~is_out]],
            of.features[of.rest[is_out]],
            Network(of.features[kept], places),
        )


def _areas(scores: Scores, own: Tensor, strange: Tensor, network: Network | None = None) -> Areas:
    ours, theirs = scores(own), scores(strange)
    if network is not None:
        ours["softmax"], theirs["softmax"] = network.doubt(own), network.doubt(strange)
    return {name: familiar_images.separation(ours[name], theirs[name]) for name in ours}


def learn_middles(features: Tensor, places: NDArray[np.int64]) -> WeighedMiddles:
    """The middle of each class, and how much its images differ, as older versions learnt it."""
    units = familiarity.unit(features)
    classes = torch.from_numpy(np.unique(places, return_inverse=True)[1])
    num_classes = int(classes.max()) + 1 if len(classes) else 0
    numbers = torch.bincount(classes, minlength=num_classes)
    sums = torch.zeros(num_classes, units.shape[1]).index_add_(0, classes, units)
    means = sums / numbers[:, None]
    within = units - means[classes]
    variances, directions = _main_directions(within)
    total = float(within.square().sum()) / len(within)
    floor = _SHRINKAGE * total / units.shape[1]
    others = max(units.shape[1] - directions.shape[1], 1)
    rest = max(total - float(variances.sum()), 0.0) / others
    centre = units.mean(dim=0)
    scales = (variances + floor).rsqrt()
    return WeighedMiddles(
        centre=centre,
        directions=directions,
        scales=scales,
        residual_scale=torch.tensor([(rest + floor) ** -0.5]),
        prototypes=((means - centre) @ directions) * scales,
    )


def _main_directions(differences: Tensor) -> tuple[Tensor, Tensor]:
    """Variances (P,) and orthonormal directions (F, P) in which rows (N, F) differ most."""
    count = min(MAX_DIRECTIONS, *differences.shape)
    if differences.shape[0] < differences.shape[1]:  # the smaller of the two matrices
        squares, vectors = torch.linalg.eigh(differences.double() @ differences.double().T)
        squares, vectors = squares.flip(0)[:count], vectors.flip(1)[:, :count]
        is_there = squares > _LEAST_SPREAD * squares[0].clamp(min=_LEAST_SPREAD)
        squares, vectors = squares[is_there], vectors[:, is_there]
        directions = differences.double().T @ vectors / squares.sqrt()
    else:
        squares, vectors = torch.linalg.eigh(differences.double().T @ differences.double())
        squares, directions = squares.flip(0)[:count], vectors.flip(1)[:, :count]
    variances = squares.clamp(min=0) / len(differences)
    return variances.float(), directions.float().contiguous()


def _some(features: Tensor) -> Tensor:
    return features[:: max(len(features) // NUM_FAR, 1)]


def _mean(areas: Sequence[Areas]) -> Areas:
    return {name: round(float(np.mean([each[name] for each in areas])), 4) for name in areas[0]}


def main() -> None:
    """Choose, then report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cache", type=Path, help="Folder that features are kept in.")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.cache:
        os.environ["XDG_CACHE_HOME"] = str(options.cache)
    sets = {name: read(name) for name in SETS}
    others = {name: [sets[each] for each in SETS if each != name] for name in SETS}
    judged = {
        name: (calibrating(each), calibrating_far(each, others[name]))
        for name, each in sets.items()
    }
    report: dict[str, Any] = {
        "chosen": choose(list(judged.values())),
        "chosen by the other sets": {
            name: choose([judged[each] for each in SETS if each != name]) for name in SETS
        },
        "calibrating classes": {name: left_out for name, (left_out, _) in judged.items()},
        "calibrating, far": {name: far for name, (_, far) in judged.items()},
    }
    print(json.dumps(report, indent=1), flush=True)
    report["tested"] = {}
    for name, each in sets.items():
        far = {kind: drawn_features(kind, SETS[name]) for kind in ("noise", "screens")}
        far |= {other: _some(sets[other].features) for other in SETS if other != name}
        report["tested"][name] = tested(each, far)
        print(json.dumps({name: report["tested"][name]}, indent=1), flush=True)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
