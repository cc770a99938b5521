"""Build a network that is known to work on the inputs it will get."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torchvision import models as tv
from torchvision.models.vision_transformer import interpolate_embeddings

from forge_core.errors import InvalidInput
from forge_core.models import architectures, timm_networks, weights
from forge_core.models.networks import heads, timm_backbones
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.models.networks.forge_cnn import ForgeCNN

IMAGENET_CLASSES = 1_000
_FLATTENED = re.compile(r"shapes cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)")


def build_model(
    architecture: str,
    num_classes: int,
    *,
    pretrained: bool,
    input_size: int,
    channels: int = 3,
) -> ImageClassifier:
    """A network in training mode on the CPU, proven on a dummy input.

    Fresh layers are initialised from torch's random stream: seed it first to get the same
    network twice.

    Args:
        architecture: A name that `architectures.get_architecture` knows.
        num_classes: K, at least 2.
        pretrained: Start the backbone from ImageNet weights.
        input_size: Side of the inputs, in pixels.
        channels: 3, or 1 for a ForgeCNN on grey inputs.

    Raises:
        InvalidInput: The pieces do not fit together; nothing was trained yet.
        WeightsUnavailable: Pretrained weights are wanted and cannot be had.
    """
    found = architectures.get_architecture(architecture)
    architectures.check_input_size(found, input_size)
    state = weights.load_weights(architecture) if pretrained else None
    model = assemble(architecture, num_classes, input_size=input_size, channels=channels)
    if state is not None:
        matched = (
            timm_backbones.fit_weights(architecture, model.backbone, state, input_size)
            if timm_networks.is_of_timm(architecture)
            else _matched(architecture, state, input_size)
        )
        # strict=False only for the classifier that the head has replaced.
        missing = model.backbone.load_state_dict(matched, strict=False).missing_keys
        if missing:
            raise InvalidInput(
                f"The ImageNet weights of {architecture} lack {len(missing)} tensors.",
                detail=", ".join(missing),
            )
    check_forward(model, num_classes, input_size=input_size, channels=channels)
    return model


def assemble(
    architecture: str, num_classes: int, *, input_size: int, channels: int = 3
) -> ImageClassifier:
    """The network without pretrained weights and without a check.

    Raises:
        InvalidInput: The name is unknown, or there are too few classes or other channels.
    """
    found = architectures.get_architecture(architecture)
    if num_classes < 2:
        raise InvalidInput(
            f"Cannot tell {num_classes} class apart.",
            next_step="Label images of at least 2 classes.",
        )
    shape = architectures.FORGE_CNNS.get(architecture)
    if channels not in (1, 3) or (channels == 1 and shape is None):
        raise InvalidInput(
            f"{found.title} cannot read images of {channels} channels.",
            next_step="Use 3 channels; grey images are read as RGB.",
        )
    if shape is not None:
        return ForgeCNN(num_classes, channels, input_size, shape)
    backbone, features = _backbone(architecture, input_size)
    return ImageClassifier(backbone, heads.make_head(features, num_classes))


def check_forward(
    model: nn.Module, num_classes: int, *, input_size: int, channels: int = 3
) -> None:
    """Send a dummy image through the network in eval mode; the mode is put back.

    Raises:
        InvalidInput: It fails, gives another shape than (1, K), or numbers that are not finite.
    """
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            logits = model(torch.zeros(1, channels, input_size, input_size, device=device))
    except RuntimeError as error:
        shapes = _FLATTENED.search(str(error))
        if shapes:
            raise InvalidInput(
                f"The network cannot process a {channels} x {input_size} x {input_size} image: a "
                f"linear layer takes {int(shapes[2]):,} features and gets {int(shapes[1]):,}.",
                next_step="Pool to a fixed size before the head, or give the layer the size that "
                "it gets.",
                detail=str(error),
            ) from error
        raise InvalidInput(
            f"The network cannot process a {channels} x {input_size} x {input_size} image.",
            next_step="Choose another input size or architecture.",
            detail=str(error),
        ) from error
    finally:
        model.train(was_training)
    if logits.shape != (1, num_classes):
        raise InvalidInput(
            f"The network gives {tuple(logits.shape)} for one image, not (1, {num_classes}).",
            next_step="Check that its head has one output a class.",
        )
    if not bool(torch.isfinite(logits).all()):
        raise InvalidInput(
            "The network gives numbers that are not finite for a plain image.",
            next_step="Its weights are damaged: build it again or choose other weights.",
        )


def backbone_parameters(model: ImageClassifier) -> list[Parameter]:
    """Parameters of everything before the head."""
    return list(model.backbone.parameters())


def head_parameters(model: ImageClassifier) -> list[Parameter]:
    """Parameters of the head."""
    return list(model.head.parameters())


def set_backbone_frozen(model: ImageClassifier, frozen: bool) -> None:
    """Freeze or free the backbone; frozen, it stays in eval mode also after `model.train()`."""
    model.set_backbone_frozen(frozen)


def _backbone(architecture: str, input_size: int) -> tuple[nn.Module, int]:
    """Torchvision's or timm's network without its classifier, and how many features it gives."""
    if timm_networks.is_of_timm(architecture):
        return timm_backbones.build(architecture, input_size)
    network = tv.get_model(architecture, weights=None, **_options(architecture, input_size))
    return network, heads.cut_classifier(network, IMAGENET_CLASSES)


def _options(architecture: str, input_size: int) -> dict[str, Any]:
    """What some networks must be told when they are built."""
    if architecture.startswith("vit_"):
        return {"image_size": input_size}  # as many position embeddings as there are patches
    if architecture.startswith("maxvit"):
        return {"input_size": (input_size, input_size)}
    if architecture in ("googlenet", "inception_v3"):
        # Without side branches there is one output in training too. Their weights want inputs on
        # a scale of their own, which the network makes of the usual one.
        return {"aux_logits": False, "transform_input": True, "init_weights": True}
    return {}


def _matched(
    architecture: str, state: Mapping[str, Tensor], input_size: int
) -> Mapping[str, Tensor]:
    """The ImageNet weights as the backbone takes them for inputs of this size.

    A ViT's position embeddings are resized, a DenseNet's old names made new.
    """
    found = architectures.get_architecture(architecture)
    if architecture.startswith("densenet"):
        return {_DOTTED.sub(r"\1\2", name): tensor for name, tensor in state.items()}
    if not architecture.startswith("vit_") or input_size == found.input_size:
        return state
    matched: Mapping[str, Tensor] = interpolate_embeddings(
        input_size, found.size_step, OrderedDict(state)
    )
    return matched


_DOTTED = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)")
"""Layers of a DenseNet as torchvision's old files name them: norm.1 is norm1 today."""
