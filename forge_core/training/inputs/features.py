"""The warm-up on features that the frozen backbone computes once.

While the backbone is frozen it gives the same features for the same pixels in every epoch. So a
few augmented views of the training images go through it once, and the epochs train the head on one
after the other: the first half of them waits for one view alone, and one is in memory at a time.
Validation features are those of the eval transform, in full precision.

Several processes compute a share of the features each; every one then trains the whole head, which
is cheaper than to agree on gradients.
"""

import bisect
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from forge_core.models.networks.classifier import ImageClassifier
from forge_core.training.compute.ranks import ALONE
from forge_core.training.config import TrainConfig
from forge_core.training.diagnostics import usual_mistakes
from forge_core.training.inputs.batches import Batch, PixelSource, train_samples
from forge_core.training.inputs.image_sets import ImageSet
from forge_core.training.steps.precision import Precision
from forge_core.training.steps.recovery import ForwardRecovery

FEATURE_VIEWS = 2
"""Augmented views of each training image; the first half of the epochs trains on the first."""
FEATURE_BYTES = 2**30
"""Memory that the features of a view may take."""


class FeatureSource:
    """Batches of backbone features through the head alone.

    Args:
        model: Its backbone must be frozen.
        pixels: Where the images come from.
        num_views: From `num_views_for`, at least 1.
        num_epochs: Of the stage, as the config has it, so that a resumed run divides them alike.
        tell: Told in words what is unusual.
        on_inputs: Given the images and labels of the first batch, as the backbone gets them.
    """

    def __init__(
        self,
        *,
        config: TrainConfig,
        model: ImageClassifier,
        train: ImageSet,
        pixels: PixelSource,
        precision: Precision,
        num_views: int,
        num_epochs: int,
        tell: Callable[[str], None] = lambda words: None,
        on_inputs: Callable[[Tensor, Tensor], None] = lambda inputs, labels: None,
    ) -> None:
        self.network: nn.Module = model.head
        self.train_module: nn.Module = model.head
        self.ranks = ALONE
        self._config = config
        self._backbone = model.backbone
        self._forward = ForwardRecovery(model.backbone, tell)
        self._tell = tell
        self._on_inputs = on_inputs
        self._train = train
        self._pixels = pixels
        self._precision = precision
        self._begins = [
            first_epoch_of_view(view, num_views, num_epochs) for view in range(num_views)
        ]
        self._view = -1
        self._features, self._labels = torch.empty(0), torch.empty(0)
        self._val: list[Batch] = []

    def num_preparing_steps(self, epoch: int) -> int:
        """Batches through the backbone, where the epoch's view is not the one that is kept."""
        if self._view_of(epoch) == self._view:
            return 0
        return -(-self._pixels.num_view_batches() // self._pixels.ranks.size)

    def prepare(self, epoch: int, on_batch: Callable[[int], None]) -> None:
        """Compute the features of the epoch's view, unless they are there."""
        view = self._view_of(epoch)
        if view == self._view:
            return
        found: list[Batch] = []
        self._backbone.eval()
        for inputs, labels in self._pixels.view_batches(view):
            with torch.no_grad(), self._precision.autocast():
                found.append((self._forward(inputs).float(), labels))
            if self._view < 0 and len(found) == 1:
                usual_mistakes.tell_inputs(inputs, self._tell)
                self._on_inputs(inputs, labels)
            on_batch(len(labels) * self._pixels.ranks.size)
        found = self._gather(found, self._pixels.num_view_batches())
        self._features = torch.cat([features for features, _ in found])
        self._labels = torch.cat([labels for _, labels in found])
        self._view = view

    def num_train_batches(self) -> int:
        """Steps of an epoch."""
        return self._pixels.num_train_batches()

    def train_batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Features of the epoch's view in the order of the epoch."""
        device = self._labels.device
        for batch in train_samples(self._config, self._train, epoch)[first:]:
            positions = torch.tensor([sample.position for sample in batch], device=device)
            yield self._features[positions], self._labels[positions]

    def num_val_batches(self) -> int:
        """Validation batches."""
        return self._pixels.num_val_batches()

    def val_batches(self) -> Iterator[Batch]:
        """Features of the validation images, computed at the first call."""
        if not self._val and self._pixels.ranks.is_alone:
            yield from self._compute_val()
        else:
            self._val = self._val or self._gather(list(self._compute_val()), self.num_val_batches())
            yield from self._val

    def _view_of(self, epoch: int) -> int:
        """Which view an epoch trains on, counted from 0 as epochs are."""
        return bisect.bisect(self._begins, epoch) - 1

    def _compute_val(self) -> Iterator[Batch]:
        found = []
        self._backbone.eval()
        for inputs, labels in self._pixels.val_batches():
            with torch.no_grad():
                found.append((self._forward(inputs), labels))
            yield found[-1]
        self._val = found

    def _gather(self, mine: list[Batch], total: int) -> list[Batch]:
        """What every process computed, on the device of this one."""
        ranks = self._pixels.ranks
        if ranks.is_alone:
            return mine
        device = next(self._backbone.parameters()).device
        everything = ranks.gather([(f.cpu(), labels.cpu()) for f, labels in mine], total)
        return [(features.to(device), labels.to(device)) for features, labels in everything]


def num_views_for(model: ImageClassifier, num_images: int, epochs: int, input_size: int) -> int:
    """How many views pay, at most one an epoch; 0 when not even one fits into memory."""
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    with torch.no_grad():
        features: Tensor = model.backbone(torch.zeros(1, 3, input_size, input_size, device=device))
    model.train(was_training)
    view_bytes = num_images * features.shape[1] * features.element_size()
    return min(FEATURE_VIEWS, epochs) if view_bytes <= FEATURE_BYTES else 0


def first_epoch_of_view(view: int, num_views: int, epochs: int) -> int:
    """The first epoch of a warm-up that trains on a view; both are counted from 0."""
    return -(-view * epochs // num_views)
