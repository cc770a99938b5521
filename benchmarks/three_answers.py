"""The three answers: is the promised error kept, and are unfamiliar images told?

    TORCH_HOME=... python -m benchmarks.three_answers [--resplits 100] [--json FILE]

Linear heads on features of MobileNetV2 with its ImageNet weights, trained on a third of each set.

- *Promise*: of the other two thirds a third is drawn 100 times to calibrate temperature and both
  lines on. A promise is kept where the share of wrong answers among the accepted is not above it:
  of all images that were drawn from, which is the true share; and, beside it, of the others alone,
  which are a sample and stray by themselves.
- *Far*: images of the other sets, noise and drawn screens against the set's own images.
- *One class left out*: a network without that class, its images against those of the others.

Both are areas under the ROC curve, of the distance and, in the same run, of the highest softmax.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from benchmarks import frozen_features
from forge_core.evaluation import calibration
from forge_core.evaluation.three_answers import familiar_images, promise
from forge_core.models import architectures
from forge_core.models.checkpoints.familiarity import Familiarity
from forge_core.predictions.embeddings import networks

SETS = {"imagenette224_dev": 160, "aerial_dev": 160, "cifar10_1k": 128}
"""Input size in pixels."""
ERRORS = (0.02, 0.05, 0.1)
NUM_DRAWN = 100
NUM_FAR = 700
Values = NDArray[np.float64]


class Network:
    """A linear head on frozen features, and what its known images look like.

    Args:
        features: (N, F) it is trained on.
        places: (N,) class of each.
    """

    def __init__(self, features: Tensor, places: Tensor) -> None:
        self._middle, self._spread = features.mean(0), features.std(0) + 1e-6
        inputs = (features - self._middle) / self._spread
        self._weights = torch.zeros(features.shape[1], int(places.max()) + 1, requires_grad=True)
        optimizer = torch.optim.LBFGS([self._weights], max_iter=40, line_search_fn="strong_wolfe")

        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(inputs @ self._weights, places)
            loss = loss + 1e-3 * self._weights.square().sum()
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        optimizer.step(closure)  # type: ignore[no-untyped-call]
        self.known: Familiarity = familiar_images.learn(features, places.numpy())

    def logits(self, features: Tensor) -> Values:
        """(N, K)."""
        found = ((features - self._middle) / self._spread) @ self._weights.detach()
        return found.double().numpy()

    def distances(self, features: Tensor) -> Values:
        """(N,)."""
        return self.known.distances(features).double().numpy()

    def doubt(self, features: Tensor) -> Values:
        """(N,) 1 - the highest softmax."""
        return 1 - calibration.confidence_at(self.logits(features), 1.0)


def drawn_features(kind: str, input_size: int) -> Tensor:
    """Features (N, F) of noise or of drawn screens, the same at every run."""
    random = np.random.default_rng(3)
    images = [_noise(random) if kind == "noise" else _screen(random) for _ in range(NUM_DRAWN)]
    transform = architectures.default_eval_transform(
        frozen_features.ARCHITECTURE, input_size, "pad"
    )
    backbone = networks.pretrained_backbone(frozen_features.ARCHITECTURE, transform, "auto")
    parts = [
        backbone(torch.stack([transform(image) for image in images[start : start + 20]]))
        for start in range(0, len(images), 20)
    ]
    return torch.cat(parts)


def _noise(random: np.random.Generator) -> Image.Image:
    grain = int(random.choice([1, 2, 4, 16]))
    small = random.integers(0, 256, (224 // grain, 224 // grain, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((224, 224), Image.Resampling.NEAREST)


def _screen(random: np.random.Generator) -> Image.Image:
    """A window with a title, a list at its side, lines of text and a table, light or dark."""
    is_dark = bool(random.random() < 0.4)
    paper, ink = ("#1e1f24", "#dcdcdc") if is_dark else ("#fbfbfb", "#222222")
    image = Image.new("RGB", (640, 480), paper)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 640, int(random.integers(20, 50))), fill="#3b6ea5")
    side = int(random.integers(80, 200))
    draw.rectangle((0, 50, side, 480), fill="#2a2c33" if is_dark else "#ececf0")
    letters = "abcdefghijklmnopqrstuvwxyz      "
    for row in range(int(random.integers(8, 24))):
        words = "".join(random.choice(list(letters), int(random.integers(10, 60))))
        draw.text((side + 12, 60 + 17 * row), words, fill=ink)
        draw.text((8, 60 + 17 * row), words[:12], fill=ink)
    for column in range(int(random.integers(0, 6))):
        draw.rectangle((side + 12 + 70 * column, 380, side + 74 + 70 * column, 440), outline=ink)
    return image


def measure_promise(
    network: Network, features: Tensor, places: NDArray[np.int64], error: float, resplits: int
) -> dict[str, Any]:
    """How often a promise is kept on images that were not calibrated on, and what it costs."""
    random = np.random.default_rng(11)
    logits, distances = network.logits(features), network.distances(features)
    is_right = logits.argmax(axis=1) == places
    errors: list[float] = []
    errors_of_rest: list[float] = []
    coverages: list[float] = []
    unfamiliar: list[float] = []
    for _ in range(resplits):
        order = random.permutation(len(places))
        ours, others = np.split(order, [len(places) // 3])
        fitted = calibration.fit_temperature(logits[ours], places[ours])
        confidence = calibration.confidence_at(logits, fitted.value if fitted else 1.0)
        farthest = familiar_images.find_distance(distances[ours])
        is_near = distances < farthest
        line = promise.find_line(confidence[ours], is_right[ours], is_near[ours], max_error=error)
        unfamiliar.append(float((~is_near[others]).mean()))
        if line is None:
            continue
        is_accepted = (confidence >= line.min_confidence) & is_near
        errors.append(float((~is_right[is_accepted]).mean()))
        errors_of_rest.append(float((~is_right[others][is_accepted[others]]).mean()))
        coverages.append(float(is_accepted[others].mean()))
    return {
        "calibration images": len(places) // 3,
        "resplits": resplits,
        "promised in": len(errors),
        "kept in": sum(each <= error for each in errors),
        "kept in, by the rest alone": sum(each <= error for each in errors_of_rest),
        "error, mean": _rounded(float(np.mean(errors))) if errors else None,
        "coverage, mean": _rounded(float(np.mean(coverages))) if coverages else None,
        "unfamiliar, mean": _rounded(float(np.mean(unfamiliar))),
        "wrong without a line": _rounded(float((~is_right).mean())),
    }


def measure_separation(network: Network, own: Tensor, strange: Tensor) -> dict[str, float]:
    """Areas under the ROC curve of the distance and of the highest softmax."""
    return {
        name: _rounded(familiar_images.separation(measure(own), measure(strange)))
        for name, measure in (("distance", network.distances), ("softmax", network.doubt))
    }


def measure_set(name: str, resplits: int) -> dict[str, Any]:
    """All figures of one set."""
    size = SETS[name]
    found = frozen_features.read(frozen_features.DATA / name, size)
    features, places = torch.from_numpy(found.values), torch.from_numpy(found.labels)
    order = torch.from_numpy(np.random.default_rng(5).permutation(len(places)))
    train, rest = order[: len(order) // 3], order[len(order) // 3 :]
    network = Network(features[train], places[train])
    result: dict[str, Any] = {
        f"promise {100 * error:g} %": measure_promise(
            network, features[rest], found.labels[rest.numpy()], error, resplits
        )
        for error in ERRORS
    }
    far = {kind: drawn_features(kind, size) for kind in ("noise", "screens")}
    for other in SETS:
        if other != name:
            values = frozen_features.read(frozen_features.DATA / other, SETS[other]).values
            far[other] = torch.from_numpy(values[:: max(len(values) // NUM_FAR, 1)])
    result["far"] = {
        kind: measure_separation(network, features[rest], strange) for kind, strange in far.items()
    }
    left_out = {}
    for place, class_name in enumerate(found.class_names):
        kept = train[places[train] != place]
        without = Network(features[kept], places[kept] - (places[kept] > place).long())
        own, strange = rest[places[rest] != place], rest[places[rest] == place]
        left_out[class_name] = measure_separation(without, features[own], features[strange])
    result["one class left out"] = left_out
    result["one class left out, mean"] = {
        way: _rounded(float(np.mean([each[way] for each in left_out.values()])))
        for way in ("distance", "softmax")
    }
    return result


def _rounded(value: float) -> float:
    return round(value, 4)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all sets."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--resplits", type=int, default=100)
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--cache", type=Path, help="Folder that features are kept in.")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.cache:
        os.environ["XDG_CACHE_HOME"] = str(options.cache)
    found = {name: measure_set(name, options.resplits) for name in options.sets}
    text = json.dumps(found, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
