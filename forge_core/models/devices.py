"""The devices of this machine, and the one rule by which everything that computes gets one.

The service is installed without psutil: only what tells a processor's memory imports it.
"""

import platform
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from forge_core.errors import InvalidInput

DeviceKind = Literal["cpu", "cuda", "mps"]


@dataclass(frozen=True, kw_only=True)
class Device:
    """One device as it is now."""

    id: str
    """As PyTorch names it: `cpu`, `cuda:0`, `mps`."""
    name: str
    """What a person calls it, for example the model of the processor."""
    kind: DeviceKind
    free_bytes: int
    """Memory that a run could take now, in bytes."""
    total_bytes: int


def describe_peak_memory(device: Device) -> str:
    """The most memory that this process and its GPU ever held, in words."""
    words = f"Most memory at once: {_peak_process_bytes() / 2**30:.1f} GiB of this process"
    if device.kind == "cuda":
        held_bytes = torch.cuda.max_memory_reserved(device.id)
        words += f", {held_bytes / 2**30:.1f} GiB of {device.name}"
    return words + "."


def _peak_process_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024


def list_devices() -> list[Device]:
    """All usable devices, the one that `choose("auto")` takes first."""
    return [_describe(device_id) for device_id in list_ids()]


def list_ids() -> list[str]:
    """Ids of all usable devices: GPUs by their free memory, most first, then Apple's, the CPU."""
    gpus = [f"cuda:{index}" for index in range(_count_gpus())]
    if len(gpus) > 1:  # to ask one for its memory takes some of it
        gpus.sort(key=lambda device_id: -torch.cuda.mem_get_info(device_id)[0])
    return [*gpus, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]


def choose(wanted: str = "auto") -> Device:
    """The device that is meant, with its memory; see `choose_id`.

    Raises:
        InvalidInput: When this machine has no such device.
    """
    return _describe(choose_id(wanted))


def choose_id(wanted: str = "auto", kinds: Sequence[DeviceKind] = ("cuda", "mps", "cpu")) -> str:
    """The id of the device that is meant; `auto` is the GPU with most free memory, else the CPU.

    Args:
        wanted: auto, cpu, mps, cuda or cuda:N.
        kinds: What `auto` may be.

    Raises:
        InvalidInput: When this machine has no such device.
    """
    available = list_ids()
    if wanted == "auto":
        return next(each for each in available if each.partition(":")[0] in kinds)
    name = "cuda:0" if wanted == "cuda" else wanted
    if name in available:
        return name
    raise InvalidInput(
        f"The device {wanted} was asked for; this machine has {', '.join(available)}.",
        next_step="Choose one of these, or auto.",
    )


def check_number(wanted: str, number: int) -> None:
    """Refuse more processes than this machine has GPUs for; on a processor they share it.

    Raises:
        InvalidInput: There are GPUs, but too few.
    """
    num_gpus = _count_gpus()
    if wanted != "cpu" and 0 < num_gpus < number:
        raise InvalidInput(
            f"{number} GPUs were asked for; this machine has {num_gpus}.",
            next_step=f"Choose at most {num_gpus}.",
        )


def _count_gpus() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _describe(device_id: str) -> Device:
    if device_id.startswith("cuda"):
        free_bytes, total_bytes = torch.cuda.mem_get_info(device_id)
        return Device(
            id=device_id,
            name=torch.cuda.get_device_name(device_id),
            kind="cuda",
            free_bytes=free_bytes,
            total_bytes=total_bytes,
        )
    import psutil  # not where only the service is installed

    memory = psutil.virtual_memory()
    is_apple = device_id == "mps"
    return Device(
        id=device_id,
        name="Apple GPU" if is_apple else _processor_name(),
        kind="mps" if is_apple else "cpu",
        free_bytes=memory.available,
        total_bytes=memory.total,
    )


def _processor_name() -> str:
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.exists():
        for line in cpu_info.read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and value.strip():
                return f"{value.strip()}, {torch.get_num_threads()} threads"
    return f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads"
