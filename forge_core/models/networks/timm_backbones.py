"""Networks of timm without their classifier, with weights of files that were made elsewhere.

Legend: N images, C channels, H, W pixels, F features.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from forge_core.errors import InvalidInput
from forge_core.models import architectures, timm_networks, weights
from forge_core.models.checkpoints.whole_files import written_whole


def build(name: str, input_size: int) -> tuple[nn.Module, int]:
    """A network that gives pooled features (N, F) of inputs (N, C, H, W), and F.

    Args:
        name: With the prefix `timm/`.
        input_size: Side of the inputs, in pixels.

    Raises:
        InvalidInput: timm is not installed, has no such network, or cannot build it for this size.
    """
    network = _create(name, input_size, num_classes=0)
    features = getattr(network, "head_hidden_size", None) or network.num_features
    return network, int(features)


def fit_weights(
    name: str, backbone: nn.Module, state: Mapping[str, Tensor], input_size: int
) -> Mapping[str, Tensor]:
    """Pretrained weights as the backbone takes them, each of its tensors.

    They must fill the whole network, its classifier too: timm itself leaves in silence as it was
    what it does not find once the number of classes is another.

    Raises:
        InvalidInput: They are not those of this network.
    """
    whole = load_whole(name, state, input_size).state_dict()
    own = backbone.state_dict()
    missing = [key for key in own if key not in whole or whole[key].shape != own[key].shape]
    if missing:
        raise InvalidInput(
            f"The weights of {name} lack {len(missing)} tensors.", detail=", ".join(missing)
        )
    return {key: whole[key] for key in own}


def load_whole(name: str, state: Mapping[str, Tensor], input_size: int) -> nn.Module:
    """The whole network with its own classes, in eval mode.

    Raises:
        InvalidInput: The weights are not those of this network.
    """
    if name in timm_networks.PACKAGES:
        state = _renamed(name, state, _create(name, input_size).state_dict())
    try:
        loaded: nn.Module = _create(name, input_size, pretrained=True, state=dict(state))
    except (RuntimeError, KeyError, AttributeError) as error:
        raise InvalidInput(
            f"The weights are not those of {name}.",
            next_step="Take a file of weights of this very network.",
            detail=str(error)[:2000],
        ) from error
    loaded.eval()
    return loaded


def add_weights(source: Path, name: str) -> Path:
    """Take a file of weights in for a network that is named; it is proven on the network first.

    Args:
        source: A file of safetensors, or one of torch that holds tensors alone.
        name: With the prefix `timm/`.

    Returns:
        Where it lies now, complete or not at all.

    Raises:
        InvalidInput: It cannot be read, or it is not of this network.
        DiskFull: There is no room for it.
    """
    if not timm_networks.is_of_timm(name):
        raise InvalidInput(
            f"Weights of {name} are known by their hash.",
            next_step="Leave --network out; it is for networks of timm.",
        )
    found = architectures.get_architecture(name)
    state = _read(source)
    fit_weights(name, build(name, found.input_size)[0], state, found.input_size)
    path = weights.own_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    needed = sum(tensor.nbytes for tensor in state.values())
    with written_whole(path, needed_bytes=needed, place="weights") as partial:
        save_file({key: tensor.contiguous() for key, tensor in state.items()}, partial)
        partial.chmod(0o644)
    return path


def _read(source: Path) -> dict[str, Tensor]:
    try:
        if source.suffix == ".safetensors":
            state: Any = load_file(source)
        else:
            state = torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a file that is no checkpoint
        raise InvalidInput(
            f"{source} is no file of weights.",
            next_step="Take a .safetensors file, or a .pth file that holds tensors alone.",
            detail=f"{type(error).__name__}: {error}"[:2000],
        ) from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise InvalidInput(f"{source} holds other things than the weights of one network.")
    return {str(key).removeprefix("module."): tensor for key, tensor in state.items()}


def _renamed(
    name: str, state: Mapping[str, Tensor], own: Mapping[str, Tensor]
) -> Mapping[str, Tensor]:
    """Weights that come in a package have names of their own, in timm's order."""
    if state.keys() == own.keys():
        return state
    pairs = list(zip(own.items(), state.items(), strict=False))
    fits = len(own) == len(state) and all(
        ours.shape == theirs.shape and key.rpartition(".")[2] == other.rpartition(".")[2]
        for (key, ours), (other, theirs) in pairs
    )
    if not fits:
        raise InvalidInput(f"The weights are not those of {name}.")
    return {key: theirs for (key, _), (_, theirs) in pairs}


def _create(
    name: str,
    input_size: int,
    *,
    num_classes: int | None = None,
    pretrained: bool = False,
    state: dict[str, Tensor] | None = None,
) -> Any:
    """Timm's network; one whose inputs have a fixed side is built for that side."""
    timm = timm_networks.require(name)
    config = timm_networks.read_config(name)
    options: dict[str, Any] = {} if num_classes is None else {"num_classes": num_classes}
    if config.fixed_input_size and input_size != config.input_size[-1]:
        options["img_size"] = input_size
    if state is not None:
        options["pretrained_cfg_overlay"] = {"state_dict": state, "custom_load": False}
    bare = name.removeprefix(timm_networks.PREFIX)
    try:
        return timm.create_model(bare, pretrained=pretrained, **options)
    except (TypeError, AssertionError, ValueError) as error:
        raise InvalidInput(
            f"timm cannot build {name} for {input_size} px.",
            next_step=f"Take {config.input_size[-1]} px, or another network.",
            detail=str(error),
        ) from error
