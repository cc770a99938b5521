"""Networks that embed images: the backbone of a run's checkpoint, or a pretrained one.

Legend: N images, C channels, H, W pixels, D values of an embedding.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from db.records import Run
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.errors import InvalidInput
from forge_core.file_hashes import known_hash
from forge_core.models import architectures, chunking, devices, timm_networks, weights
from forge_core.models.checkpoints import checkpoint
from forge_core.models.networks import construction
from forge_core.predictions.embeddings.vector_store import LARGEST_HALF, NetworkFacts
from forge_core.runs import records
from forge_core.runs.files import checkpoints
from forge_core.runs.probabilities.blocks import Halves
from forge_core.workspace import Workspace

PREFERRED = "mobilenet_v2"
"""The quickest of the pretrained networks whose embeddings are good."""


@dataclass(frozen=True, kw_only=True)
class NetworkSource:
    """Which network is meant. One of `run_id` and `architecture` is given."""

    run_id: int | None = None
    architecture: str | None = None
    input_size: int | None = None
    """Of a pretrained one, where it is not the architecture's own; in pixels."""

    def __str__(self) -> str:
        """As `parse` reads it."""
        if self.run_id is not None:
            return f"run:{self.run_id}"
        return f"{self.architecture}" + (f"@{self.input_size}" if self.input_size else "")

    @property
    def words(self) -> str:
        """As people read it."""
        if self.run_id is not None:
            return f"run {self.run_id}"
        size = f" at {self.input_size} px" if self.input_size else ""
        return f"{self.architecture} with ImageNet weights{size}"


def parse(text: str) -> NetworkSource:
    """The network that `run:12`, `mobilenet_v2` or `mobilenet_v2@128` means.

    Raises:
        InvalidInput: It is none of these, or the architecture has no pretrained weights.
    """
    name, _, number = text.partition(":")
    if name == "run" and number.isdecimal():
        return NetworkSource(run_id=int(number))
    name, has_size, size = text.partition("@")
    is_of_timm = timm_networks.is_of_timm(name)
    known = (
        architectures.get_architecture(name)
        if is_of_timm
        else architectures.ARCHITECTURES.get(name)
    )
    if known is None or not known.pretrained or (has_size and not size.isdecimal()):
        raise InvalidInput(
            f"{text[:60]!r} names no network that can embed images.",
            next_step=f"Write run:12, {PREFERRED} or {PREFERRED}@128: a run, or an architecture "
            "with ImageNet weights and its input size.",
        )
    input_size = int(size) if has_size else None
    if input_size is not None:
        architectures.check_input_size(known, input_size)
    return NetworkSource(architecture=name, input_size=input_size)


def choose(workspace: Workspace) -> NetworkSource:
    """The network that is taken where none is named.

    A pretrained one whose weights are here: it never saw the labels, so that what it sees cannot
    repeat their mistakes. Otherwise the newest run that has a checkpoint.

    Raises:
        InvalidInput: There is neither.
    """
    cached = weights.cached_architectures()
    if cached:
        return NetworkSource(architecture=PREFERRED if PREFERRED in cached else min(cached))
    newest = _newest_run(workspace)
    if newest is None:
        raise InvalidInput(
            "No network is here that could look at the images: no ImageNet weights, and no run "
            "with a checkpoint.",
            next_step="Train a run first, with a pretrained network where there is a connection.",
        )
    return NetworkSource(run_id=newest.run_id)


class Backbone:
    """A frozen network without its head.

    Args:
        backbone: (N, C, H, W) to features (N, D).
        transform: Makes its inputs.
        device: auto, cpu or cuda:N.
    """

    def __init__(self, backbone: nn.Module, transform: EvalTransform, device: str) -> None:
        self._device = torch.device(devices.choose(device).id)
        self._backbone = backbone.to(self._device).eval()
        self.transform = transform

    def __call__(self, inputs: Tensor) -> Tensor:
        """Features (N, D) float32 on the processor, of inputs (N, C, H, W)."""
        with torch.inference_mode():
            at_once = chunking.images_at_once(self._device.type, inputs.shape[-1])
            chunks = torch.split(inputs.to(self._device), at_once)
            return torch.cat([self._backbone(each).float().flatten(1) for each in chunks]).cpu()


class EmbeddingNetwork:
    """A network that embeds images, and what makes its embeddings its own.

    Args:
        source: Which network it is.
        weights_hash: SHA-256 of its weights' file.
        backbone: The network.
    """

    def __init__(self, source: NetworkSource, weights_hash: str, backbone: Backbone) -> None:
        self._backbone = backbone
        self.transform = backbone.transform
        probe = torch.zeros(1, self.transform.channels, self.transform.crop, self.transform.crop)
        described = {"weights": weights_hash, "transform": asdict(self.transform)}
        text = json.dumps(described, sort_keys=True)
        self.facts = NetworkFacts(
            key=hashlib.sha256(text.encode()).hexdigest(),
            source=str(source),
            words=source.words,
            num_values=int(self._backbone(probe).shape[1]),
        )

    def embed(self, inputs: Tensor) -> Halves:
        """Embeddings (N, D) of inputs that its transform made, (N, C, H, W).

        Raises:
            InvalidInput: The network gives no numbers for an image.
        """
        features = self._backbone(inputs)
        if not bool(torch.isfinite(features).all()):
            raise InvalidInput(
                f"The network of {self.facts.words} gives no numbers for some images, so they "
                "cannot be embedded.",
                next_step="Choose another network.",
            )
        return features.numpy().clip(-LARGEST_HALF, LARGEST_HALF).astype(np.float16)


def load(workspace: Workspace, source: NetworkSource, device: str = "auto") -> EmbeddingNetwork:
    """The network, ready to embed.

    A pretrained one looks at the whole image, whatever its shape, with the window of greys of the
    workspace; a run's at what it was trained to look at.

    Raises:
        NotFound: There is no such run, or it has no checkpoint.
        CheckpointRejected: The checkpoint does not predict here as it did when it was saved.
        WeightsUnavailable: The pretrained weights cannot be had.
        InvalidInput: There is no such device.
    """
    if source.run_id is not None:
        path = checkpoints.checkpoint_path(workspace, source.run_id)
        loaded = checkpoint.load_checkpoint(path, devices.choose(device).id)
        backbone = Backbone(loaded.model.backbone, loaded.card.eval_transform, device)
        return EmbeddingNetwork(source, loaded.sha256, backbone)
    assert source.architecture is not None, "one of the two is given"
    transform = architectures.default_eval_transform(source.architecture, source.input_size, "pad")
    transform = replace(transform, grey_window=workspace.image_settings.grey_window)
    backbone = pretrained_backbone(source.architecture, transform, device)
    path = weights.cache_path(architectures.get_architecture(source.architecture))
    return EmbeddingNetwork(source, known_hash(path), backbone)


def pretrained_backbone(architecture: str, transform: EvalTransform, device: str) -> Backbone:
    """The backbone of a network with ImageNet weights.

    Raises:
        WeightsUnavailable: They cannot be had.
        InvalidInput: There is no such device.
    """
    model = construction.build_model(architecture, 2, pretrained=True, input_size=transform.crop)
    return Backbone(model.backbone, transform, device)


def _newest_run(workspace: Workspace) -> Run | None:
    return next(
        (
            run
            for run in records.list_runs(workspace)
            if checkpoints.list_recorded(workspace, run.run_id)
        ),
        None,
    )
