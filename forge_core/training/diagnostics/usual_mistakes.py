"""Looks at a run for the usual mistakes, and names them with what to do.

What makes the result wrong ends the run; what only may be wrong is said in its log. Each finding
has an entry in docs/diagnostics.md.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from db.records import EpochMetrics
from forge_core.errors import TrainingFailed
from forge_core.evaluation.report import EvaluationReport
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.training.inputs.image_sets import ImageSet

LARGEST_INPUT = 20.0
"""Normalised pixels lie within about 3 of 0; raw bytes reach 255."""
ENOUGH_SAMPLES = 16
"""Images that must have been seen before their silence says that a unit is dead."""
DEAD_SHARE = 0.5
ENOUGH_ANSWERS = 10
WORSE_EPOCHS, WORSE_SHARE = 3, 1.1
"""How long and how far validation loss must be above its best."""
UNDERSTOOD = 0.9
"""Accuracy in training from which a network has understood its labels."""
FAR_BELOW_CHANCE = 0.7
"""Part of the accuracy of guessing that validation, at the best, must stay below."""
VANISHED = 1e-7
"""Length of a gradient over all weights that moves nothing."""
BURST = 100.0
"""Times the usual length at which a gradient is worth a word."""
MODAL = (nn.Dropout, nn.modules.dropout._DropoutNd, nn.modules.batchnorm._BatchNorm)
SHOWN = 5


def find_leaks(train: ImageSet, val: ImageSet) -> list[str]:
    """Validation images whose very bytes are in training too, by their source."""
    trained = {image.content_hash for image in train.images}
    return [image.source for image in val.images if image.content_hash in trained]


def describe_leaks(sources: Sequence[str]) -> str:
    """The leak in words."""
    shown = ", ".join(sources[:SHOWN]) + (" ..." if len(sources) > SHOWN else "")
    return (
        f"{len(sources):,} validation images are also in training, so validation is too good: "
        f"{shown}. See forge leaks, and split by groups."
    )


def describe_inputs(inputs: Tensor) -> str:
    """What is wrong with the range of a batch (N, C, H, W); empty when nothing is.

    Waits for the device: meant for the first batch of a stage.
    """
    low, high = float(inputs.min()), float(inputs.max())
    if high > LARGEST_INPUT or low < -LARGEST_INPUT:
        return (
            f"The inputs reach from {low:.1f} to {high:.1f}, so they are not normalised: "
            "the network expects numbers within about 3 of 0."
        )
    if low >= 0.0 and 0.0 < high <= 1.0:
        return (
            f"The inputs reach from {low:.2f} to {high:.2f}: they look like pixels that were "
            "scaled and not normalised."
        )
    return ""


def tell_inputs(inputs: Tensor, tell: Callable[[str], None]) -> None:
    """Say what is wrong with the range of a batch, if anything is; see `describe_inputs`."""
    words = describe_inputs(inputs)
    if words:
        tell(words)


def check_modes(network: nn.Module, *, training: bool) -> None:
    """Refuse a network of which a layer is in another mode than the step needs.

    A frozen backbone is in eval mode always, and so are batch-norm layers that keep their
    statistics; everything else is in training mode while it learns.

    Raises:
        TrainingFailed: Naming the layer.
    """
    frozen: set[int] = set()
    if isinstance(network, ImageClassifier):
        frozen = {id(module) for module in network.layers_in_eval_mode()}
    for name, module in network.named_modules():
        expected = training and id(module) not in frozen
        if isinstance(module, MODAL) and module.training != expected:
            raise TrainingFailed(
                f"The layer {name or type(module).__name__} is in "
                f"{'training' if module.training else 'eval'} mode and should be in "
                f"{'training' if expected else 'eval'} mode"
                f"{' while it is measured' if not training else ''}.",
                next_step="Look for a layer that overrides train() or is called by itself.",
            )


def find_only_answer(report: EvaluationReport) -> int | None:
    """The class that every answer names, when the images are of several; else None."""
    confusion = np.asarray(report.confusion)
    answered = np.flatnonzero(confusion.sum(axis=0))
    shown = np.flatnonzero(confusion.sum(axis=1))
    if len(answered) != 1 or len(shown) < 2 or confusion.sum() < ENOUGH_ANSWERS:
        return None
    return int(answered[0])


@dataclass
class ReluWatch:
    """Which units of each ReLU woke for one of the first images, at least `ENOUGH_SAMPLES`.

    A layer that a network calls several times is looked at in each of its places.
    """

    awake: dict[tuple[str, int], Tensor] = field(default_factory=dict)
    """By layer and place: (C,) bool."""
    num_seen: Counter[tuple[str, int]] = field(default_factory=Counter)

    def worst(self) -> tuple[str, float] | None:
        """Name and share of the layer with most dead units; None when too little was seen."""
        shares = {
            key: float((~awake).float().mean())
            for key, awake in self.awake.items()
            if self.num_seen[key] >= ENOUGH_SAMPLES
        }
        if not shares:
            return None
        key = max(shares, key=shares.__getitem__)
        return key[0], shares[key]

    def look(self, key: tuple[str, int], outputs: Tensor) -> None:
        """Add what a layer gives, (N, C) or (N, C, ...), until there is enough."""
        if self.num_seen[key] >= ENOUGH_SAMPLES:
            return
        is_awake = (outputs > 0).flatten(2).any(2) if outputs.ndim > 2 else outputs > 0
        woken = is_awake.any(0)
        self.awake[key] = self.awake[key] | woken if key in self.awake else woken
        self.num_seen[key] += len(outputs)


@contextmanager
def watch_relus(network: nn.Module) -> Iterator[ReluWatch]:
    """Look at what the ReLU layers give for the first images that go through the network."""
    watch = ReluWatch()
    calls: Counter[str] = Counter()

    def look(name: str) -> Any:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], outputs: Tensor) -> None:
            calls[name] += 1
            watch.look((name, calls[name]), outputs)

        return hook

    handles = [network.register_forward_pre_hook(lambda *_: calls.clear())]
    handles += [
        module.register_forward_hook(look(name))
        for name, module in network.named_modules()
        if isinstance(module, (nn.ReLU, nn.ReLU6))
    ]
    try:
        yield watch
    finally:
        for handle in handles:
            handle.remove()


def _contradicts(last: EpochMetrics, report: EvaluationReport) -> bool:
    chance = 1 / len(report.class_names)
    is_worse_than_guessing = report.accuracy_interval[1] < FAR_BELOW_CHANCE * chance
    return last.train_accuracy >= UNDERSTOOD and is_worse_than_guessing


def _describe_contradiction(last: EpochMetrics, report: EvaluationReport) -> str:
    return (
        f"Training is at {last.train_accuracy:.0%}, and validation at {report.accuracy:.0%} of "
        f"{report.num_images:,} images, where guessing gives {1 / len(report.class_names):.0%}: "
        "the labels of the two splits do not mean the same, for example two classes are swapped. "
        "Compare images of one class in both splits; more images or epochs do not help."
    )


class Findings:
    """What was said already: each finding is told once a run."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def of_answers(
        self, report: EvaluationReport, watch: ReluWatch, class_names: Sequence[str]
    ) -> list[str]:
        """Sentences about how the network answers after an epoch that were not said before."""
        found = {}
        only = find_only_answer(report)
        if only is not None:
            found["one class"] = (
                f"Every validation image is said to be {class_names[only]!r}: the network has not "
                "learned to tell classes apart. Lower the learning rate, or check the labels."
            )
        worst = watch.worst()
        if worst is not None and worst[1] > DEAD_SHARE:
            found["dead"] = (
                f"{worst[1]:.0%} of the units of {worst[0]} answer to no image any more (dead "
                "ReLUs). Start again with a lower learning rate."
            )
        return self._fresh(found)

    def of_history(self, history: Sequence[EpochMetrics], report: EvaluationReport) -> list[str]:
        """Whether labels of the two splits contradict each other, or images are learned by heart.

        The first is said when training is understood and validation answered worse than by
        guessing, which no lack of images explains; the second then goes unsaid.

        Args:
            history: Of the run until now.
            report: Of its last epoch, on the validation split.
        """
        if _contradicts(history[-1], report):
            return self._fresh({"contradiction": _describe_contradiction(history[-1], report)})
        return self._fresh(self._by_heart(history))

    def _by_heart(self, history: Sequence[EpochMetrics]) -> dict[str, str]:
        """Whether the network learns its training images by heart.

        Said when validation loss has been above its best for `WORSE_EPOCHS` epochs of a stage, at
        the last by `WORSE_SHARE`, while training loss fell.
        """
        stage = [entry for entry in history if entry.stage == history[-1].stage]
        best = min(stage, key=lambda entry: entry.val_loss)
        last = stage[-1]
        is_overfitting = (
            last.epoch - best.epoch >= WORSE_EPOCHS
            and last.val_loss > WORSE_SHARE * best.val_loss
            and last.train_loss < best.train_loss
        )
        if not is_overfitting:
            return {}
        return {
            "overfitting": (
                f"Validation loss has been above its best, {best.val_loss:.3f} after epoch "
                f"{best.epoch}, for {last.epoch - best.epoch} epochs, while training loss fell "
                f"from {best.train_loss:.3f} to {last.train_loss:.3f}: the network learns its "
                "images by heart (overfitting). More images, a stronger augmentation, weight "
                "decay or early stopping help."
            )
        }

    def of_gradients(self, norms: Sequence[Tensor], epoch: int) -> list[str]:
        """Whether gradients of an epoch, counted from 0, vanished or burst.

        Args:
            norms: () of each step, on their device; of float16 some may not be finite.
            epoch: Where the steps were taken.
        """
        lengths = torch.stack(list(norms)).cpu().double() if norms else torch.empty(0)
        lengths = lengths[lengths.isfinite()]
        if not len(lengths):
            return []
        usual, largest = float(lengths.median()), float(lengths.max())
        found = {}
        if usual < VANISHED:
            found["vanished"] = (
                f"The gradients of epoch {epoch + 1} have all but vanished: half of them are "
                f"shorter than {usual:.1e}, so the network hardly learns. Raise the learning "
                "rate, or look for layers that answer the same to everything."
            )
        elif largest > BURST * usual:
            found["burst"] = (
                f"A gradient of epoch {epoch + 1} was {largest:.1f} long where half are shorter "
                f"than {usual:.2f}: such a step undoes many others. Look for images with a wrong "
                f"label, lower the learning rate, or clip gradients at {10 * usual:.2g}."
            )
        return self._fresh(found)

    def _fresh(self, found: Mapping[str, str]) -> list[str]:
        fresh = [text for name, text in found.items() if name not in self._told]
        self._told.update(found)
        return fresh
