"""How fast is training beside the ceiling of the machine and beside its peers?

    python -m benchmarks.training speed --photos FOLDER --peers PYTHON [--architecture resnet18 ...]
    TORCH_HOME=... python -m benchmarks.training accuracy --photos FOLDER --peers PYTHON
    TORCH_HOME=... python -m benchmarks.training warmup --photos FOLDER

FOLDER has train/ and val/ with a folder a class (`accuracy` also takes folders of classes alone
and divides them 4 to 1). PYTHON is an interpreter that has the peers; see `training_peers`.

`speed`: images a second in training steps, the ceiling (the same steps on noise that lies on the
device), ours from an empty pack and from a full one, and each peer at its defaults and tuned to the
number format and layout that our probe chose; in turn, `--rounds` times, medians. Ours augments
as the peers do (crop and flip) unless `--preset` says another.
`accuracy`: a pretrained MobileNetV2. Which peer reaches the highest validation accuracy in
`--epochs`, how long does it take it, and how long do we to that accuracy, decoding included?
`warmup`: ten epochs of the head, on features computed once and forwarding every epoch.

Prints JSON; `--json FILE` keeps it.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks import folders
from db.records import EpochMetrics
from forge_core.augmentation.presets import PRESETS, AugmentationParameters
from forge_core.models import allocator, devices
from forge_core.models.networks import construction
from forge_core.training import stages, usable_images
from forge_core.training.compute import compute_plan
from forge_core.training.config import TrainConfig
from forge_core.training.fit_setup import FitFolders, FitSetup, LabelledImages
from forge_core.training.inputs import features
from forge_core.training.inputs.image_sets import ImageSet
from forge_core.training.reporting import Reporter, StepLosses
from forge_core.training.results import FitResult
from forge_core.training.steps import optimizers
from forge_core.training.steps.precision import Precision
from forge_core.training.steps.train_step import train_step

PLAIN = AugmentationParameters(
    crop_scale_min=0.35, crop_ratio_min=0.75, crop_ratio_max=4 / 3, horizontal_flip=0.5
)
"""The augmentation of the peers."""
PEERS = ("torchvision", "timm", "fastai", "hf")
Numbers = dict[str, Any]


class Watch:
    """A reporter that notes when each epoch was there; may end the run at an accuracy."""

    def __init__(self, target: float = 2.0) -> None:
        self.began = time.perf_counter()
        self.target = target
        self.epochs: list[Numbers] = []
        self.first_progress: float | None = None

    def on_message(self, text: str) -> None:
        """Nothing."""

    def on_progress(self, *where: object) -> None:
        if self.first_progress is None:
            self.first_progress = time.perf_counter() - self.began

    def on_losses(self, losses: StepLosses) -> None:
        """Nothing."""

    def on_epoch(self, metrics: EpochMetrics) -> None:
        self.epochs.append(
            {
                "stage": metrics.stage,
                "seconds": round(time.perf_counter() - self.began, 2),
                "accuracy": round(metrics.val_accuracy, 4),
                "images_per_second": round(metrics.images_per_second, 2),
            }
        )

    def should_stop(self) -> bool:
        return bool(self.epochs) and self.epochs[-1]["accuracy"] >= self.target


def train(
    config: TrainConfig,
    sets: tuple[list[str], ImageSet, ImageSet],
    scratch: Path,
    reporter: Reporter,
    *,
    checkpoints: Path | None = None,
) -> FitResult:
    """A run of ours; the pack stays in `scratch`, its checkpoints only in a folder of their own."""
    names, images, val = sets
    kept = nullcontext(checkpoints) if checkpoints else tempfile.TemporaryDirectory(dir=scratch)
    with kept as folder:
        setup = FitSetup(
            config=config,
            device=devices.choose(config.device),
            images=LabelledImages(
                train=images,
                val=val,
                class_names=tuple(names),
                label_ids=tuple(range(len(names))),
            ),
            folders=FitFolders(checkpoints=Path(folder), pixels=scratch / "pack"),
        )
        return usable_images.fit_usable(setup, reporter)


def read(folder: Path) -> tuple[list[str], ImageSet, ImageSet]:
    """Classes, training and validation images."""
    if (folder / "train").is_dir():
        names = folders.class_names(folder / "train")
        return (
            names,
            folders.of_folder(folder / "train", names),
            folders.of_folder(folder / "val", names),
        )
    names = folders.class_names(folder)
    return names, *folders.divided(folder, names)


def laid_out_for_peers(sets: tuple[list[str], ImageSet, ImageSet], target: Path) -> Path:
    """train/ and val/ with a folder a class, as every peer reads them; files are written once."""
    names, *parts = sets
    for part, images in zip(("train", "val"), parts, strict=True):
        for place, image in enumerate(images.images):
            path = target / part / names[image.label] / f"{place:05d}{Path(image.source).suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(images.read(image.source))
    return target


def ask_peer(options: argparse.Namespace, peer: str, *arguments: str) -> Numbers:
    """A measurement in a process of its own."""
    command = [str(options.peers), "-m", "benchmarks.training_peers", peer, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{peer} failed:\n{done.stderr[-3000:]}")
    answer: Numbers = json.loads(done.stdout.splitlines()[-1])
    return answer


def ceiling(config: TrainConfig, speed: compute_plan.ComputePlan, size: int, steps: int) -> float:
    """Images a second of the run's own steps on noise that lies on the device."""
    device = devices.choose(config.device)
    precision = Precision(device, speed.number_format, speed.memory_layout)
    torch.manual_seed(0)
    model = construction.build_model(config.architecture, 10, pretrained=False, input_size=size)
    model.to(device=device.id, memory_format=precision.memory_format)  # type: ignore[call-overload]
    optimizer = optimizers.build_optimizer(stages.plan_stages(config)[-1], model)
    model.train()
    inputs = torch.randn(config.batch_size, 3, size, size)
    inputs = inputs.to(device.id, memory_format=precision.memory_format)
    labels = torch.randint(0, 10, (config.batch_size,), device=device.id)
    for step in range(steps + 2):
        if step == 2:
            began = time.perf_counter()
        loss, _ = train_step(model, inputs, labels, optimizer, precision)
        loss.item()
    return steps * config.batch_size / (time.perf_counter() - began)


def measure_speed(options: argparse.Namespace, scratch: Path) -> Numbers:
    """Each network at each size."""
    names = folders.class_names(options.photos / "train")
    sets = (
        names,
        folders.of_folder(options.photos / "train", names, options.images // len(names)),
        folders.of_folder(options.photos / "val", names, 1),
    )
    laid_out = laid_out_for_peers(sets, scratch / "photos")
    return {
        f"{architecture} at {size}": compare_speed(
            options, architecture, size, sets, laid_out, scratch
        )
        for architecture in options.architecture
        for size in options.size
    }


def compare_speed(
    options: argparse.Namespace,
    architecture: str,
    size: int,
    sets: tuple[list[str], ImageSet, ImageSet],
    laid_out: Path,
    scratch: Path,
) -> Numbers:
    """All ways in turn, with one network at one size."""
    config = TrainConfig(
        architecture=architecture,
        input_size=size,
        batch_size=options.batch_size,
        scratch_epochs=2,
        augmentation=PRESETS[options.preset].parameters if options.preset else PLAIN,
    )
    speed = compute_plan.choose_plan(  # what a run that is long enough to pay for it would find
        config,
        devices.choose(config.device),
        construction.build_model(architecture, 10, pretrained=False, input_size=size),
        stages.plan_stages(config),
        num_images=10**6,
        input_size=size,
    )
    config = replace(config, number_format=speed.number_format, memory_layout=speed.memory_layout)
    shared = ("--data", str(laid_out), "--architecture", architecture, "--size", str(size))
    shared += ("--batch-size", str(options.batch_size), "--scratch", str(scratch))
    tuned = ("--tuned", "--precision", speed.number_format, "--layout", speed.memory_layout)
    rates: dict[str, list[float]] = {}

    def note(way: str, rate: float) -> None:
        rates.setdefault(way, []).append(rate)
        print(f"{architecture} {size} {way}: {rate:.2f}", file=sys.stderr)

    for number in range(options.rounds):
        steps = len(sets[1]) // options.batch_size
        before = ceiling(config, speed, size, steps)
        watch, folder = Watch(), scratch / f"{architecture}-{size}-{number}"
        folder.mkdir()
        train(config, sets, folder, watch)
        note("ours, empty pack", watch.epochs[0]["images_per_second"])
        note("ours, full pack", watch.epochs[1]["images_per_second"])
        note("ceiling", statistics.mean([before, ceiling(config, speed, size, steps)]))
        for peer in options.only_peers:
            note(peer, ask_peer(options, peer, *shared)["images_per_second"])
            note(f"{peer}, tuned", ask_peer(options, peer, *shared, *tuned)["images_per_second"])
    medians = {way: round(statistics.median(each), 2) for way, each in rates.items()}
    return {
        "computed in": speed.title,
        "median images a second": medians,
        "all": rates,
        "ratios": ratios(rates),
    }


def ratios(rates: dict[str, list[float]]) -> Numbers:
    """What is promised: medians of the ratios within each round, since a machine drifts."""
    ours = rates["ours, full pack"]

    def times(other: str) -> float:
        return round(statistics.median(a / b for a, b in zip(ours, rates[other], strict=True)), 3)

    answer: Numbers = {"of the ceiling": times("ceiling")}
    defaults = {name: times(name) for name in PEERS if name in rates}
    tuned = {name: times(f"{name}, tuned") for name in defaults}
    for words, found in (("at defaults", defaults), ("tuned", tuned)):
        if found:
            best = min(found, key=found.__getitem__)
            answer[f"to the best peer {words}"] = [found[best], best]
    return answer


def measure_accuracy(options: argparse.Namespace, scratch: Path) -> Numbers:
    """Seconds to the best accuracy of the best peer."""
    sets = read(options.photos)
    laid_out = laid_out_for_peers(sets, scratch / "photos")
    peers = {}
    for peer in options.only_peers:
        shared = ("--data", str(laid_out), "--architecture", "mobilenet_v2", "--pretrained")
        shared += ("--epochs", str(options.epochs), "--validate", "--batch-size", "32")
        peers[peer] = ask_peer(options, peer, *shared, "--scratch", str(scratch))["epochs"]
        print(peer, peers[peer], file=sys.stderr)
    best = max(epoch["accuracy"] for epochs in peers.values() for epoch in epochs)
    first = min(
        (epoch["seconds"], peer)
        for peer, epochs in peers.items()
        for epoch in epochs
        if epoch["accuracy"] >= best
    )
    watch = Watch(target=best)
    config = TrainConfig(
        architecture="mobilenet_v2", pretrained=True, warmup_epochs=10, finetune_epochs=10
    )
    result = train(config, sets, scratch, watch)
    reached = next((e["seconds"] for e in watch.epochs if e["accuracy"] >= best), None)
    return {
        "peers": peers,
        "accuracy": best,
        "best peer": first[1],
        "its seconds": first[0],
        "our seconds": reached,
        "times": None if reached is None else round(first[0] / reached, 2),
        "our epochs": watch.epochs,
        "first progress after seconds": watch.first_progress,
        "computed in": result.compute_plan.title if result.compute_plan else None,
        "images": [len(sets[1]), len(sets[2])],
    }


def measure_warmup(options: argparse.Namespace, scratch: Path) -> Numbers:
    """Ten epochs of the head with and without cached features, from a full pack."""
    names, images, val = read(options.photos)
    config = TrainConfig(
        architecture="mobilenet_v2", pretrained=True, warmup_epochs=10, finetune_epochs=0
    )
    sets = (names, images, ImageSet(val.images[:64], val.read))
    train(TrainConfig(**{**vars(config), "warmup_epochs": 1}), sets, scratch, Watch())
    watch = Watch()
    train(config, sets, scratch, watch)
    kept = features.FEATURE_BYTES
    features.FEATURE_BYTES = 0  # nothing fits: every epoch forwards
    try:
        forwarding = Watch()
        train(TrainConfig(**{**vars(config), "warmup_epochs": 2}), sets, scratch, forwarding)
    finally:
        features.FEATURE_BYTES = kept
    epoch_seconds = forwarding.epochs[-1]["seconds"] - forwarding.epochs[0]["seconds"]
    cached_seconds = watch.epochs[-1]["seconds"]
    return {
        "ten epochs on cached features, seconds": cached_seconds,
        "one forwarding epoch, seconds": round(epoch_seconds, 2),
        "times": round(10 * epoch_seconds / cached_seconds, 1),
        "images": len(images),
        "views": features.FEATURE_VIEWS,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("speed", "accuracy", "warmup"))
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--peers", type=Path, default=Path(sys.executable))
    parser.add_argument("--only-peers", nargs="*", default=list(PEERS), choices=PEERS)
    parser.add_argument("--architecture", nargs="+", default=["resnet18"])
    parser.add_argument("--size", type=int, nargs="+", default=[224])
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--images", type=int, default=160, help="training images of `speed`")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3, help="of each peer in `accuracy`")
    parser.add_argument("--preset", choices=sorted(PRESETS), help="augment ours so in `speed`")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    measure = {"speed": measure_speed, "accuracy": measure_accuracy, "warmup": measure_warmup}
    allocator.keep_freed_memory()  # as in a job's process
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        found = measure[options.what](options, Path(name))
    device = devices.choose("auto")
    answer = {
        "what": options.what,
        "found": found,
        "device": device.name,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "load before and after": [round(load_before, 1), round(os.getloadavg()[0], 1)],
    }
    text = json.dumps(answer, indent=2)
    if options.json is not None:
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
