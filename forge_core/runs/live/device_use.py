"""How much of the machine this process holds now: cheap enough to be asked twice a second.

Whoever only reads what was measured does without torch.
"""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import psutil


@dataclass(frozen=True, kw_only=True)
class DeviceUse:
    """What a process has of the memory, and how busy its GPU is."""

    process_bytes: int
    """Memory of the process in bytes, without that of a GPU."""
    gpu_bytes: int | None = None
    """Memory that PyTorch holds on the GPU; None on other devices."""
    gpu_share: float | None = None
    """Share of the last moment in which the GPU computed, 0 to 1, whoever it was for; None where
    nothing tells it: NVIDIA's library needs the package nvidia-ml-py."""


def measure(device_id: str) -> DeviceUse:
    """What this process uses now.

    Args:
        device_id: Where it computes, as PyTorch names it.
    """
    process_bytes = psutil.Process().memory_info().rss
    if not device_id.startswith("cuda"):
        return DeviceUse(process_bytes=process_bytes)
    import torch

    return DeviceUse(
        process_bytes=process_bytes,
        gpu_bytes=torch.cuda.memory_reserved(device_id),
        gpu_share=_busy_share(device_id) if _has_nvml(device_id) else None,
    )


@cache
def _has_nvml(device_id: str) -> bool:
    """Whether the driver tells how busy this GPU is; a part of one (MIG) does not."""
    import torch

    if torch.version.hip is None and find_spec("pynvml") is None:
        return False
    try:
        _busy_share(device_id)
    except Exception:  # of a library that is not a dependency: whatever it raises, it tells nothing
        return False
    return True


def _busy_share(device_id: str) -> float:
    import torch

    return torch.cuda.utilization(device_id) / 100.0
