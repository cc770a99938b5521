"""Where a network looked: Grad-CAM by our own hooks, for networks of convolutions and of tokens.

Source: Selvaraju et al. 2017, "Grad-CAM". The layer is the last one that still has places: a map of
convolutions, Swin's map with channels last, or, of tokens, what the last attention takes in (what
leaves it speaks for the class token alone).

Letters: C channels, H, W places, T tokens.
"""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn

from forge_core.errors import InvalidInput
from forge_core.inference.predictor import Predictor

Heat = npt.NDArray[np.float32]
MIN_PLACES = 4
_TURN = threading.Lock()


def explain(predictor: Predictor, image: Image.Image, place: int) -> tuple[Image.Image, Heat]:
    """What the network sees of an image, and what of it speaks for a class.

    Args:
        predictor: The network.
        image: Upright, RGB.
        place: Output of the class.

    Returns:
        The image as validation frames it, and heat (H, W) of the same size, 0 to 1; all 0 where
        nothing speaks for the class.

    Raises:
        InvalidInput: The network has no layer with places.
    """
    transform = predictor.card.eval_transform
    pixels = transform.frame(transform.resize_image(image))
    inputs = transform.finish(pixels)[None].to(predictor.device)
    with _TURN:
        heat = _grad_cam(predictor.loaded.model, inputs, place)
    seen = Image.fromarray(pixels.permute(1, 2, 0).numpy())
    return seen, heat


def blend(image: Image.Image, heat: Heat, strength: float = 0.55) -> Image.Image:
    """The image with the heat over it, from nothing to orange; what is hottest stands out."""
    pixels = np.asarray(image, dtype=np.float32)
    weight = strength * heat[..., None] ** 2
    orange = np.array([213.0, 94.0, 0.0], dtype=np.float32)
    mixed = pixels * (1 - weight) + orange * weight
    return Image.fromarray(mixed.round().astype(np.uint8))


def _grad_cam(model: nn.Module, inputs: Tensor, place: int) -> Heat:
    was_trainable = [parameter.requires_grad for parameter in model.parameters()]
    kept: dict[str, Tensor] = {}
    layer = _find_layer(model, inputs)
    try:
        model.requires_grad_(False)
        asked = inputs.detach().clone().requires_grad_(True)
        with torch.enable_grad(), _hooked(layer, lambda output: kept.update(output=output)):
            score = model(asked)[0, place]
            (gradient,) = torch.autograd.grad(score, kept["output"])
    finally:
        for parameter, trainable in zip(model.parameters(), was_trainable, strict=True):
            parameter.requires_grad_(trainable)
    maps, gradients = _as_map(kept["output"].detach()), _as_map(gradient)
    heat = (maps * gradients.mean(dim=(2, 3), keepdim=True)).sum(dim=1, keepdim=True).relu()
    heat = nn.functional.interpolate(heat, inputs.shape[-2:], mode="bilinear", align_corners=False)
    values: Heat = heat[0, 0].float().cpu().numpy()
    highest = float(values.max())
    return values / highest if highest > 0 else values


def _find_layer(model: nn.Module, inputs: Tensor) -> nn.Module:
    """The last layer, as they run, whose output has places; before the last attention of tokens."""
    ran: list[tuple[nn.Module, Tensor]] = []
    hooks = [
        module.register_forward_hook(
            lambda module, _, output: (
                ran.append((module, output)) if isinstance(output, Tensor) else None
            )
        )
        for module in model.modules()
        if not isinstance(module, nn.Sequential) and module is not model
    ]
    try:
        with torch.no_grad():
            model(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    maps = [place for place, (_, output) in enumerate(ran) if _has_places(output)]
    norms = [
        place
        for place, (module, output) in enumerate(ran)
        if isinstance(module, nn.LayerNorm) and output.ndim == 3
    ]
    if len(norms) > 2 and (not maps or maps[-1] < norms[-3]):
        return ran[norms[-3]][0]  # then come the last attention, its second norm and the last one
    if not maps:
        raise InvalidInput(
            "This network has no layer with places, so it cannot say where it looked."
        )
    return ran[maps[-1]][0]


def _has_places(output: Tensor) -> bool:
    return output.ndim == 4 and _as_map(output).shape[2] * _as_map(output).shape[3] >= MIN_PLACES


def _as_map(output: Tensor) -> Tensor:
    """(N, C, H, W) of that, of Swin's (N, H, W, C) or of tokens (N, P + H * W, C).

    P tokens without a place come first: none, the class token, or registers beside it.
    """
    if output.ndim == 3:
        side = math.isqrt(output.shape[1])
        tokens = output[:, output.shape[1] - side**2 :].reshape(output.shape[0], side, side, -1)
        return tokens.permute(0, 3, 1, 2)
    is_last = output.shape[1] == output.shape[2] != output.shape[3]
    return output.permute(0, 3, 1, 2) if is_last else output


@contextmanager
def _hooked(layer: nn.Module, see: Callable[[Tensor], None]) -> Iterator[None]:
    hook = layer.register_forward_hook(lambda module, _, output: see(output))
    try:
        yield
    finally:
        hook.remove()
