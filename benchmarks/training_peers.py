"""One training by a peer, measured: torchvision's reference loop, timm, fastai or the HF Trainer.

    PYTHON -m benchmarks.training_peers torchvision|timm|fastai|hf --data FOLDER [options]

PYTHON has the peers (`pip install timm fastai transformers datasets accelerate`) and the same
torch; nothing of Vision Forge is imported. FOLDER has train/ and val/ with a folder a class.
`--tuned` gives a peer the precision and memory layout that `--precision` and `--layout` name;
without it each runs as its documentation begins. All use the same network of torchvision, a
random resized crop with scale 0.35 to 1, a flip, and the centre crop of ImageNet in validation.

Prints one line of JSON: images a second from the third step on, and of each epoch the seconds
since the process was ready to load its first image and the validation accuracy.
"""

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Iterator
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
warnings.filterwarnings("ignore")

import torch  # noqa: E402
import torchvision  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from torchvision.datasets import ImageFolder  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
CROP_SCALE = (0.35, 1.0)
FIRST_MEASURED = 2
"""Steps before are left out: lazy allocation, and workers that start."""


class Meter:
    """Notes the time of steps and epochs."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.steps: list[tuple[float, int]] = []
        self.epochs: list[dict[str, float]] = []

    def step(self, num_images: int) -> None:
        self.steps.append((time.perf_counter(), num_images))

    def epoch(self, accuracy: float) -> None:
        seconds = time.perf_counter() - self.began
        self.epochs.append({"seconds": round(seconds, 2), "accuracy": round(accuracy, 4)})

    def rate(self) -> float:
        """Images a second of the first epoch's steps from the third on."""
        seconds = self.steps[-1][0] - self.steps[FIRST_MEASURED - 1][0]
        return sum(number for _, number in self.steps[FIRST_MEASURED:]) / seconds


def build(options: argparse.Namespace, num_classes: int) -> nn.Module:
    """torchvision's network with a fresh head, in the layout that was asked for."""
    weights = "DEFAULT" if options.pretrained else None
    if options.architecture == "mobilenet_v2" and options.pretrained:
        weights = "IMAGENET1K_V1"  # the weights that are at hand
    model = torchvision.models.get_model(options.architecture, weights=weights)
    name, head = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Linear)][-1]
    parent = model.get_submodule(name.rpartition(".")[0])
    setattr(parent, name.rpartition(".")[2], nn.Linear(head.in_features, num_classes))
    if options.tuned and options.layout == "channels_last":
        model = model.to(memory_format=torch.channels_last)
    return model


def autocast(options: argparse.Namespace) -> Any:
    """The precision of a tuned peer, else its own: float32."""
    is_bfloat16 = options.tuned and options.precision == "bfloat16"
    return torch.autocast("cpu", torch.bfloat16, enabled=is_bfloat16)


def laid_out(inputs: torch.Tensor, options: argparse.Namespace) -> torch.Tensor:
    """Inputs in the layout of a tuned peer."""
    if options.tuned and options.layout == "channels_last":
        return inputs.contiguous(memory_format=torch.channels_last)
    return inputs


def transforms(size: int) -> tuple[Any, Any]:
    """Of training and validation, as torchvision's references write them."""
    end = [v2.PILToTensor(), v2.ToDtype(torch.float, scale=True), v2.Normalize(MEAN, STD)]
    crop = v2.RandomResizedCrop(size, scale=CROP_SCALE)
    train = v2.Compose([crop, v2.RandomHorizontalFlip(), *end])
    return train, v2.Compose([v2.Resize(size * 256 // 224), v2.CenterCrop(size), *end])


@torch.inference_mode()
def accuracy(model: nn.Module, batches: Any, options: argparse.Namespace) -> float:
    """Share of right answers."""
    model.eval()
    right = total = 0
    for inputs, labels in batches:
        answers = model(laid_out(inputs, options)).argmax(1)
        right += int((answers == labels).sum())
        total += len(labels)
    return right / max(total, 1)


def plain_loop(
    model: nn.Module,
    train: Any,
    val: Any,
    optimizer: Any,
    options: argparse.Namespace,
    meter: Meter,
) -> None:
    """What torchvision's and timm's reference scripts do in a step, and after an epoch."""
    for _ in range(options.epochs):
        model.train()
        for inputs, labels in train:
            with autocast(options):
                loss = functional.cross_entropy(model(laid_out(inputs, options)).float(), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()
            meter.step(len(labels))
        if options.validate:
            meter.epoch(accuracy(model, val, options))


def run_torchvision(options: argparse.Namespace) -> Meter:
    """torchvision/references/classification: ImageFolder, DataLoader, SGD."""
    train_transform, val_transform = transforms(options.size)
    train = ImageFolder(f"{options.data}/train", train_transform)
    val = ImageFolder(f"{options.data}/val", val_transform)
    model = build(options, len(train.classes))
    optimizer = torch.optim.SGD(
        model.parameters(), options.lr or 0.01, momentum=0.9, weight_decay=1e-4
    )
    choices = {"num_workers": 2, "persistent_workers": True}
    loader = torch.utils.data.DataLoader
    meter = Meter()
    plain_loop(
        model,
        loader(train, options.batch_size, shuffle=True, drop_last=True, **choices),
        loader(val, 64, **choices),
        optimizer,
        options,
        meter,
    )
    return meter


def run_timm(options: argparse.Namespace) -> Meter:
    """timm's data set, loader with prefetcher, and optimiser factory."""
    from timm.data import create_dataset, create_loader
    from timm.optim import create_optimizer_v2

    train = create_dataset("", root=options.data, split="train", is_training=True)
    val = create_dataset("", root=options.data, split="val")
    shared = {
        "input_size": (3, options.size, options.size),
        "num_workers": 2,
        "device": torch.device("cpu"),
        "interpolation": "bilinear",
        "persistent_workers": True,
    }
    model = build(options, len(train.reader.class_to_idx))
    optimizer = create_optimizer_v2(
        model, opt="sgd", lr=options.lr or 0.01, momentum=0.9, weight_decay=1e-4
    )
    meter = Meter()
    plain_loop(
        model,
        create_loader(
            train,
            batch_size=options.batch_size,
            is_training=True,
            scale=CROP_SCALE,
            hflip=0.5,
            color_jitter=None,
            **shared,
        ),
        create_loader(val, batch_size=64, is_training=False, crop_pct=0.875, **shared),
        optimizer,
        options,
        meter,
    )
    return meter


def run_fastai(options: argparse.Namespace) -> Meter:
    """A Learner; a pretrained network by `fine_tune`, which freezes the body for an epoch."""
    import fastai.callback.schedule  # noqa: F401  (gives Learner its schedules)
    from fastai.callback.core import Callback
    from fastai.data.transforms import Normalize
    from fastai.learner import Learner
    from fastai.losses import CrossEntropyLossFlat
    from fastai.metrics import accuracy as fastai_accuracy
    from fastai.vision.augment import Flip, RandomResizedCrop
    from fastai.vision.core import imagenet_stats
    from fastai.vision.data import ImageDataLoaders

    loaders = ImageDataLoaders.from_folder(
        options.data,
        train="train",
        valid="val",
        item_tfms=RandomResizedCrop(options.size, min_scale=CROP_SCALE[0]),
        batch_tfms=[Flip(), Normalize.from_stats(*imagenet_stats)],
        bs=options.batch_size,
    )
    model = build(options, loaders.c)

    class Watch(Callback):  # type: ignore[misc]
        order = 70

        def before_batch(self) -> None:
            self.learn.xb = (laid_out(self.xb[0].as_subclass(torch.Tensor), options),)
            self.casting = autocast(options)
            self.casting.__enter__()

        def after_pred(self) -> None:
            self.learn.pred = self.pred.float()

        def after_loss(self) -> None:
            self.casting.__exit__(None, None, None)

        def after_batch(self) -> None:
            if self.training:
                meter.step(len(self.yb[0]))

        def after_epoch(self) -> None:
            if options.validate:
                meter.epoch(float(self.learn.recorder.metrics[0].value))

    def parts(network: nn.Module) -> list[Any]:
        head = [m for m in network.modules() if isinstance(m, nn.Linear)][-1]
        in_head = {id(p) for p in head.parameters()}
        return [
            [p for p in network.parameters() if id(p) not in in_head],
            list(head.parameters()),
        ]

    learner = Learner(
        loaders,
        model,
        loss_func=CrossEntropyLossFlat(),
        metrics=fastai_accuracy,
        cbs=[Watch()],
        **({"splitter": parts} if options.pretrained else {}),
    )
    meter = Meter()
    with learner.no_bar(), learner.no_logging():
        if options.pretrained:
            learner.fine_tune(options.epochs, options.lr or 2e-3)
        else:
            learner.fit_one_cycle(options.epochs, options.lr or 1e-3)
    return meter


def run_hf(options: argparse.Namespace) -> Meter:
    """The Trainer with its default optimiser, over images that a transform makes."""
    import datasets
    import numpy as np
    from transformers import Trainer, TrainerCallback, TrainingArguments

    found = datasets.load_dataset(
        "imagefolder", data_dir=options.data, cache_dir=f"{options.scratch}/hf"
    )
    val_name = next(name for name in ("validation", "val", "test") if name in found)
    train_transform, val_transform = transforms(options.size)

    def applying(transform: Any) -> Any:
        def apply(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
            pixels = [transform(image.convert("RGB")) for image in rows["image"]]
            return {"pixel_values": pixels, "labels": rows["label"]}

        return apply

    class Wrapped(nn.Module):
        """torchvision's network as the Trainer calls it."""

        def __init__(self, network: nn.Module) -> None:
            super().__init__()
            self.network = network

        def forward(self, pixel_values: Any, labels: Any = None) -> dict[str, Any]:
            with autocast(options):
                logits = self.network(laid_out(pixel_values, options)).float()
            return {"loss": functional.cross_entropy(logits, labels), "logits": logits}

    class Watch(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            meter.step(options.batch_size)

        def on_evaluate(self, *_: Any, metrics: dict[str, float], **__: Any) -> None:
            meter.epoch(metrics["eval_accuracy"])

    def collate(rows: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "pixel_values": torch.stack([row["pixel_values"] for row in rows]),
            "labels": torch.tensor([row["labels"] for row in rows]),
        }

    arguments = TrainingArguments(
        output_dir=f"{options.scratch}/hf-out",
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=64,
        num_train_epochs=options.epochs,
        eval_strategy="epoch" if options.validate else "no",
        save_strategy="no",
        report_to="none",
        remove_unused_columns=False,
        disable_tqdm=True,
        use_cpu=True,
        **({"learning_rate": options.lr} if options.lr else {}),
    )
    model = Wrapped(build(options, found["train"].features["label"].num_classes))
    meter = Meter()
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=found["train"].with_transform(applying(train_transform)),
        eval_dataset=found[val_name].with_transform(applying(val_transform)),
        data_collator=collate,
        callbacks=[Watch()],
        compute_metrics=lambda out: {
            "accuracy": float((np.argmax(out.predictions, -1) == out.label_ids).mean())
        },
    )
    trainer.train()
    return meter


PEERS = {
    "torchvision": run_torchvision,
    "timm": run_timm,
    "fastai": run_fastai,
    "hf": run_hf,
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--data", required=True)
    parser.add_argument("--architecture", default="resnet18")
    parser.add_argument("--pretrained", action="store_true")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--lr", type=float, default=0.0, help="0 takes the peer's own")
    parser.add_argument("--tuned", action="store_true")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--layout", default="channels_last")
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("--scratch", default=".")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def answers(meter: Meter) -> Iterator[tuple[str, Any]]:
    """What is printed."""
    yield "images_per_second", round(meter.rate(), 2)
    yield "epochs", meter.epochs


if __name__ == "__main__":
    chosen = parse()
    torch.manual_seed(chosen.seed)
    found = PEERS[chosen.peer](chosen)
    sys.stdout.write(json.dumps(dict(answers(found))) + "\n")
