"""The devices that a run can use on this machine, with the memory that is free on them."""

import platform
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
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
    memory = psutil.virtual_memory()
    found = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            free_bytes, total_bytes = torch.cuda.mem_get_info(index)
            found.append(
                Device(
                    id=f"cuda:{index}",
                    name=torch.cuda.get_device_name(index),
                    kind="cuda",
                    free_bytes=free_bytes,
                    total_bytes=total_bytes,
                )
            )
        found.sort(key=lambda device: -device.free_bytes)
    if torch.backends.mps.is_available():
        found.append(
            Device(
                id="mps",
                name="Apple GPU",
                kind="mps",
                free_bytes=memory.available,
                total_bytes=memory.total,
            )
        )
    found.append(
        Device(
            id="cpu",
            name=_processor_name(),
            kind="cpu",
            free_bytes=memory.available,
            total_bytes=memory.total,
        )
    )
    return found


def choose(wanted: str = "auto") -> Device:
    """The device named by `wanted`; `auto` is the GPU with most free memory, else the CPU.

    Raises:
        InvalidInput: When this machine has no such device.
    """
    available = list_devices()
    if wanted == "auto":
        return available[0]
    name = "cuda:0" if wanted == "cuda" else wanted
    for device in available:
        if device.id == name:
            return device
    raise InvalidInput(
        f"The device {wanted} was asked for; this machine has "
        f"{', '.join(device.id for device in available)}.",
        next_step="Choose one of these, or auto.",
    )


def check_number(wanted: str, number: int) -> None:
    """Refuse more processes than this machine has GPUs for; on a processor they share it.

    Raises:
        InvalidInput: There are GPUs, but too few.
    """
    gpus = [device for device in list_devices() if device.kind == "cuda"]
    if wanted != "cpu" and 0 < len(gpus) < number:
        raise InvalidInput(
            f"{number} GPUs were asked for; this machine has {len(gpus)}.",
            next_step=f"Choose at most {len(gpus)}.",
        )


def _processor_name() -> str:
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.exists():
        for line in cpu_info.read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and value.strip():
                return f"{value.strip()}, {torch.get_num_threads()} threads"
    return f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads"
