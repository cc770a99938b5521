"""How many jobs run at once on this machine.

One training a GPU or one on the CPU, one scoring, two light ones. A scoring may take hours, so it
holds no place of an import or an evaluation, and it leaves the processor to whatever else runs.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from db.records import Job

SlotKind = Literal["training", "scoring", "light"]
SLOT_OF_KIND: dict[str, SlotKind] = {"train": "training", "score": "scoring"}
"""Kinds of jobs that have places of their own; every other kind is light."""
NICENESS_OF_KIND = {"score": 10}
"""How far a kind of job steps back behind other processes of this machine, 0 to 19."""
LIGHT_SLOTS = 2
CPU = "cpu"
JOINT = "+"
"""Between the names of the GPUs of one slot."""


@dataclass(frozen=True)
class Slot:
    """Room for one job."""

    name: str
    kind: SlotKind
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that the job's process gets besides the supervisor's own."""
    device: str = ""
    """What the job's process calls the device of the slot; empty where it may choose."""


def list_slots(gpus: Sequence[str] | None = None) -> list[Slot]:
    """The slots of this machine.

    Args:
        gpus: Values for CUDA_VISIBLE_DEVICES, one a GPU; None looks for them.
    """
    found = list_gpus() if gpus is None else gpus
    slots = [
        Slot(f"cuda:{index}", "training", {"CUDA_VISIBLE_DEVICES": name}, "cuda:0")
        for index, name in enumerate(found)
    ]
    slots.append(Slot(CPU, "training", {"CUDA_VISIBLE_DEVICES": ""} if found else {}))
    slots.append(Slot("scoring", "scoring"))
    slots += [Slot(f"light-{number}", "light") for number in range(1, LIGHT_SLOTS + 1)]
    return slots


def find_slot(job: Job, slots: Sequence[Slot], taken: set[str]) -> Slot | None:
    """The free slot that a job can start in now, or None while it has to wait.

    A training job goes to the GPU that its payload's `device` names, or to any GPU; to the
    CPU when it asks for it or there is no GPU. A GPU that does not exist leads to the CPU slot,
    where the job itself says what is wrong. A job of several processes waits for as many free
    GPUs; on the CPU its processes share the one slot.

    Args:
        job: Its payload may name a `device` and a number of `processes`.
        slots: From `list_slots`.
        taken: Names of slots that other jobs hold.
    """
    busy = {place for name in taken for place in name.split(JOINT)}
    kind = SLOT_OF_KIND.get(job.kind, "light")
    fitting = [slot for slot in slots if slot.kind == kind]
    if kind == "training":
        device = str(job.payload.get("device", "auto"))
        gpus = [slot for slot in fitting if slot.name != CPU]
        on_cpu = [slot for slot in fitting if slot.name == CPU]
        processes = int(job.payload.get("processes", 1))
        if processes > 1:
            wants_gpus = device != CPU and len(gpus) >= processes
            return _joined(gpus if wants_gpus else on_cpu, processes, busy)
        if device == "auto":
            fitting = gpus or on_cpu
        else:
            name = "cuda:0" if device == "cuda" else device
            fitting = [slot for slot in fitting if slot.name == name] or on_cpu
    return next((slot for slot in fitting if slot.name not in busy), None)


def _joined(slots: Sequence[Slot], number: int, busy: set[str]) -> Slot | None:
    """One slot with so many GPUs, or the CPU, which several processes share; None to wait."""
    free = [slot for slot in slots if slot.name not in busy]
    if slots[0].name == CPU:
        return free[0] if free else None
    if len(free) < number:
        return None
    chosen = free[:number]
    visible = ",".join(slot.environment["CUDA_VISIBLE_DEVICES"] for slot in chosen)
    return Slot(
        JOINT.join(slot.name for slot in chosen),
        "training",
        {"CUDA_VISIBLE_DEVICES": visible},
        "cuda",
    )


def list_gpus() -> list[str]:
    """Values for CUDA_VISIBLE_DEVICES, one for each NVIDIA GPU that this process may use."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        names = [name.strip() for name in visible.split(",")]
        # CUDA itself stops at the first invalid entry, such as -1.
        first_invalid = next((i for i, n in enumerate(names) if not n or n == "-1"), len(names))
        return names[:first_invalid]
    try:
        listing = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return parse_listing(listing)


def parse_listing(listing: str) -> list[str]:
    """The GPUs in the output of `nvidia-smi -L`; parts of a divided GPU by their own names."""
    lines = [line.strip() for line in listing.splitlines()]
    parts = [
        line.split("UUID: ")[1].rstrip(")")
        for line in lines
        if line.startswith("MIG ") and "UUID: " in line
    ]
    whole = [line for line in lines if line.startswith("GPU ")]
    return parts or [str(index) for index in range(len(whole))]
