"""How fast is the training transform, beside torchvision's transforms v2 with the same numbers?

    python -m benchmarks.augmentation

Per preset: milliseconds of processor time an image, from 341 x 256 uint8 pixels to a normalised
input of 224 x 224, on one thread, both ways in turn, medians of five rounds of 64. Prints JSON.
"""

import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torchvision.transforms import v2

from forge_core.augmentation import seeding
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import PRESETS, AugmentationParameters
from forge_core.augmentation.train_transform import TrainTransform

EVAL = EvalTransform(resize=256, crop=224)
NUM_IMAGES = 64
ROUNDS = 5


def peer(parameters: AugmentationParameters) -> v2.Compose:
    """The same augmentation as torchvision users write it."""
    steps: list[torch.nn.Module] = [
        v2.RandomResizedCrop(
            EVAL.crop,
            scale=(parameters.crop_scale_min, parameters.crop_scale_max),
            ratio=(parameters.crop_ratio_min, parameters.crop_ratio_max),
            antialias=True,
        ),
        v2.RandomHorizontalFlip(parameters.horizontal_flip),
        v2.RandomVerticalFlip(parameters.vertical_flip),
        v2.RandomRotation(parameters.rotation_degrees, interpolation=v2.InterpolationMode.BILINEAR),
        v2.ColorJitter(
            parameters.brightness, parameters.contrast, parameters.saturation, parameters.hue
        ),
        v2.RandomGrayscale(parameters.greyscale),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(list(EVAL.mean), list(EVAL.std)),
        v2.RandomErasing(
            parameters.erasing, (parameters.erasing_scale_min, parameters.erasing_scale_max)
        ),
    ]
    return v2.Compose(steps)


def run_peer(transform: v2.Compose, images: Sequence[Tensor]) -> list[Tensor]:
    """One by one, as a data loader's worker does."""
    return [transform(image) for image in images]


def cpu_milliseconds(action: Callable[[], object]) -> float:
    """Processor time of an image of one round."""
    began = time.process_time()
    action()
    return (time.process_time() - began) / NUM_IMAGES * 1e3


def main() -> None:
    torch.set_num_threads(1)
    images: list[Tensor] = list(
        torch.randint(0, 256, (NUM_IMAGES, 3, EVAL.resize, 341), dtype=torch.uint8)
    )
    found = {}
    for name, preset in PRESETS.items():
        ours, theirs = TrainTransform(preset.parameters, EVAL), peer(preset.parameters)
        times: dict[str, list[float]] = {"ours": [], "torchvision": []}
        for turn in range(ROUNDS):
            seeds = [seeding.sample_seed(0, turn, place) for place in range(NUM_IMAGES)]
            times["ours"].append(cpu_milliseconds(partial(ours, images, seeds)))
            times["torchvision"].append(cpu_milliseconds(partial(run_peer, theirs, images)))
        medians = {way: round(statistics.median(all_times), 2) for way, all_times in times.items()}
        found[name] = {
            **medians,
            "ratio": round(medians["torchvision"] / medians["ours"], 2),
        }
    print(json.dumps({"milliseconds_an_image": found, "load": os.getloadavg()[0]}, indent=2))


if __name__ == "__main__":
    main()
