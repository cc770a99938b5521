"""Full float32 arithmetic, for numbers that must be the same on every machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_turn = threading.RLock()


@contextmanager
def full_float32() -> Iterator[None]:
    """Compute convolutions and products in IEEE float32 on CUDA too, without autocast.

    By default cuDNN rounds the inputs of convolutions to TF32 (10 bits of mantissa), which alone
    uses up the tolerance of golden predictions. The settings are put back afterwards; on a
    machine without CUDA nothing changes. The settings belong to the process, so threads take
    turns in here.
    """
    convolutions: Any = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    products = torch.backends.cuda.matmul
    with _turn:
        before = (convolutions.fp32_precision, products.fp32_precision)
        convolutions.fp32_precision = products.fp32_precision = "ieee"
        try:
            with torch.autocast("cuda", enabled=False), torch.autocast("cpu", enabled=False):
                yield
        finally:
            convolutions.fp32_precision, products.fp32_precision = before
