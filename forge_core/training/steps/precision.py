"""Number format and memory layout of a run on its device.

Training may use mixed precision; validation never does, so that its numbers are those of the
predictor.
"""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from forge_core.errors import InvalidInput
from forge_core.models.devices import Device

LAYOUTS = {"channels_last": torch.channels_last, "channels_first": torch.contiguous_format}
MEMORY_FORMAT = torch.channels_last
"""What is used where nothing was probed.

Measured on a 2-core CPU in fp32, training steps a second against the default layout: MobileNetV2
1.8, ResNet-18 1.2, EfficientNet-B2 2.1, ForgeCNN 1.6 times. Logits differ by less than 1e-6 of
the largest.
"""


class Precision:
    """Runs forward, backward and the update in a number format.

    Args:
        device: Where the run trains.
        number_format: float32, bfloat16, or float16 with a loss scale, which only GPUs have;
            `auto` is bfloat16 on a CUDA device that has it, else float16 there, and float32 on
            every other device.
        memory_layout: channels_last or channels_first; `auto` is channels_last.

    Raises:
        InvalidInput: The device has no such format.
    """

    def __init__(
        self, device: Device, number_format: str = "auto", memory_layout: str = "auto"
    ) -> None:
        self._kind = device.kind
        self.memory_layout = "channels_last" if memory_layout == "auto" else memory_layout
        self.memory_format = LAYOUTS[self.memory_layout]
        if number_format == "auto":
            number_format = _usual_format(device)
        if number_format == "float16" and device.kind != "cuda":
            raise InvalidInput(
                f"float16 needs a CUDA GPU; this run is on {device.name}.",
                next_step="Choose bfloat16, float32 or auto as number_format.",
            )
        self.dtype = None if number_format == "float32" else getattr(torch, number_format)
        self._scaler = torch.amp.GradScaler("cuda") if number_format == "float16" else None

    @property
    def title(self) -> str:
        """As a person reads it: float32, bfloat16 or float16."""
        return str(self.dtype or torch.float32).removeprefix("torch.")

    def autocast(self) -> AbstractContextManager[object]:
        """Context of the forward pass in training."""
        if self.dtype is None:
            return nullcontext()
        return torch.autocast(self._kind, dtype=self.dtype)

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a loss, scaled where there is a loss scale."""
        scaled = loss if self._scaler is None else self._scaler.scale(loss)
        scaled.backward()  # type: ignore[no-untyped-call]

    def unscale(self, optimizer: torch.optim.Optimizer) -> None:
        """Make the gradients those of the loss itself, before somebody looks at them."""
        if self._scaler is not None:
            self._scaler.unscale_(optimizer)

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """One step of the optimiser; left out where scaled gradients overflowed."""
        if self._scaler is None:
            optimizer.step()
            return
        self._scaler.step(optimizer)
        self._scaler.update()

    def begin_step_again(self) -> None:
        """Forget that gradients of an unfinished step were unscaled; the loss scale stays."""
        if self._scaler is not None:
            scale = self._scaler.state_dict()
            self._scaler = torch.amp.GradScaler("cuda")
            self._scaler.load_state_dict(scale)

    def state_dict(self) -> dict[str, object]:
        """What `load_state_dict` needs to go on: the loss scale, if there is one."""
        return {} if self._scaler is None else self._scaler.state_dict()

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Go on with the loss scale of a saved state; nothing where either has none."""
        if self._scaler is not None and state:
            self._scaler.load_state_dict(state)


def formats_to_try(device: Device) -> list[str]:
    """Number formats of which a probe may find one to be the fastest.

    A processor without instructions for bfloat16 imitates it, which is slower than float32, and to
    find that out takes longer than all else before the first step.
    """
    if device.kind == "cuda":
        return ["bfloat16", "float32"]
    has_bfloat16 = (
        device.kind == "cpu"
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )
    return ["bfloat16", "float32"] if has_bfloat16 else ["float32"]


def _usual_format(device: Device) -> str:
    if device.kind != "cuda":
        return "float32"
    return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
