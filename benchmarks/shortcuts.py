"""Is a planted shortcut named, and how often is one named where none was planted?

python -m benchmarks.shortcuts [--seeds 20] [--planted 7] [--cue border|compression|darkness]

On `aerial_dev` (700 scenes, 7 classes), halved by class into train and test anew for each seed: a
linear head on frozen features of MobileNetV2 with its ImageNet weights at 128 px learns the one
half and is asked of the other. Undisturbed, and with a cue on 95 % of one class in both halves,
the class by turns: a coloured border, a JPEG of a tenth of a byte a pixel, or a fifth of the light.
"""

import argparse
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression

from forge_core.evaluation.shortcuts import alarm, cues
from forge_core.evaluation.shortcuts.cues import Edit, ImageFacts
from forge_core.imaging import cues as pictures
from forge_core.models import architectures
from forge_core.predictions.embeddings import networks

DATA = Path(__file__).parents[2] / "shared" / "data" / "aerial_dev"
ARCHITECTURE = "mobilenet_v2"
INPUT_SIZE = 128
SHARE = 0.95
COLOUR = (200, 30, 30)
WIDTH = 0.06
RATE = 0.1
CUES: dict[str, tuple[str, Callable[[Image.Image], Image.Image]]] = {
    "border": ("border", lambda picture: pictures.put_frame(picture, COLOUR, WIDTH)),
    "compression": ("compression", lambda picture: pictures.with_compression(picture, RATE)),
    "darkness": ("brightness", lambda picture: pictures.with_brightness(picture, 0.2)),
}
"""What is planted: the kind that is to be named, and how a picture gets it."""
_BATCH = 32
Places = NDArray[np.int64]


def main() -> None:
    """Print what was named, seed by seed, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DATA)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--planted", type=int, default=7)
    parser.add_argument("--cue", choices=CUES, default="border")
    options = parser.parse_args()
    kind, _ = CUES[options.cue]
    scene = Scene(options.folder)
    plain = [try_seed(scene, seed, None, options.cue) for seed in range(options.seeds)]
    planted = [
        try_seed(scene, seed, seed % scene.num_classes, options.cue)
        for seed in range(options.planted)
    ]
    named = sum(
        any(each["class"] == one["planted"] and each["kind"] == kind for each in one["alarms"])
        for one in planted
    )
    report = {
        "cue": options.cue,
        "undisturbed_seeds": len(plain),
        "seeds_with_an_alarm": sum(bool(each["alarms"]) for each in plain),
        "planted": len(planted),
        "named": named,
        "others_named": sum(len(each["alarms"]) for each in planted) - named,
        "seeds": plain + planted,
    }
    print(json.dumps(report, indent=1))


class Scene:
    """The pictures of a folder with a folder a class, and a network that sees them."""

    def __init__(self, folder: Path) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))
        names = sorted({path.parent.name for path in paths})
        self.names = names
        self.num_classes = len(names)
        self.labels = np.array([names.index(path.parent.name) for path in paths])
        self.pictures = [Image.open(path).convert("RGB") for path in paths]
        self.sizes = [path.stat().st_size for path in paths]
        self._transform = architectures.default_eval_transform(ARCHITECTURE, INPUT_SIZE, "pad")
        self._backbone = networks.pretrained_backbone(ARCHITECTURE, self._transform, "auto")
        self.features = self.look(self.pictures)
        self.facts = [self._measure(place, each) for place, each in enumerate(self.pictures)]

    def look(self, images: list[Image.Image]) -> NDArray[np.float32]:
        """Features (n, D)."""
        parts = []
        for start in range(0, len(images), _BATCH):
            inputs = [self._transform(each) for each in images[start : start + _BATCH]]
            parts.append(self._backbone(torch.stack(inputs)).numpy())
        return np.concatenate(parts)

    def _measure(self, place: int, picture: Image.Image) -> ImageFacts:
        return ImageFacts(
            cues=pictures.measure_cues(picture),
            width=picture.width,
            height=picture.height,
            size_bytes=self.sizes[place],
            source=None,
        )

    def with_cue(self, places: Places, cue: str) -> "Scene":
        """The same scene with a cue on these pictures."""
        other = object.__new__(Scene)
        other.__dict__.update(self.__dict__)
        other.pictures, other.features = list(self.pictures), self.features.copy()
        other.facts, other.sizes = list(self.facts), list(self.sizes)
        edit = CUES[cue][1]
        edited = [edit(self.pictures[each]) for each in places]
        other.features[places] = self.look(edited)
        for place, picture in zip(places.tolist(), edited, strict=True):
            other.pictures[place] = picture
            other.sizes[place] = (
                round(RATE * picture.width * picture.height)
                if cue == "compression"
                else size_of(picture, self.pictures[place], self.sizes[place])
            )
            other.facts[place] = other._measure(place, picture)
        return other


def size_of(picture: Image.Image, before: Image.Image, size_before: int) -> int:
    """Bytes of an edited file: as much more or less as both have when they are saved alike."""
    sizes = []
    for each in (picture, before):
        buffer = io.BytesIO()
        each.save(buffer, "JPEG", quality=90)
        sizes.append(buffer.tell())
    return round(size_before * sizes[0] / sizes[1])


def try_seed(scene: Scene, seed: int, planted: int | None, cue: str) -> dict[str, Any]:
    """Train on one half, and look for shortcuts on the other."""
    random = np.random.default_rng(seed)
    labels = scene.labels
    is_test = np.zeros(len(labels), np.bool_)
    for label in range(scene.num_classes):
        places = random.permutation(np.flatnonzero(labels == label))
        is_test[places[: len(places) // 2]] = True
    if planted is not None:
        own = np.flatnonzero(labels == planted)
        scene = scene.with_cue(own[random.random(len(own)) < SHARE], cue)
    train, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)
    mean, spread = scene.features[train].mean(0), scene.features[train].std(0) + 1e-6
    head = LogisticRegression(C=0.03, max_iter=300)
    head.fit((scene.features[train] - mean) / spread, labels[train])

    def said(features: NDArray[np.float32]) -> Places:
        return np.asarray(head.predict((features - mean) / spread), np.int64)

    def answer(places: Places, swap: Edit) -> Places:
        return said(scene.look([swap(scene.pictures[test[place]]) for place in places.tolist()]))

    predicted = said(scene.features[test])
    listed = cues.list_cues([scene.facts[place] for place in test.tolist()])
    found = alarm.find_shortcuts(labels[test], predicted, listed, answer, seed=seed)
    return {
        "seed": seed,
        "planted": None if planted is None else scene.names[planted],
        "accuracy": round(float((predicted == labels[test]).mean()), 3),
        "asked": [
            [scene.names[each.label_id], each.cue, round(each.effect, 2), round(each.p_value, 4)]
            for each in found
        ],
        "alarms": [
            {"class": scene.names[each.label_id], "kind": each.kind, "cue": each.cue}
            for each in found
            if each.is_alarm
        ],
    }


if __name__ == "__main__":
    main()
