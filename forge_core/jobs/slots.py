"""How many jobs run at once on this machine, and which device each computes on.

One training a GPU or one on the CPU, one scoring, two light ones. A scoring may take hours, so it
holds no place of an import or an evaluation, and it leaves the processor to whatever else runs.
What computes beside the trainings goes to the device with the least company.
"""

import os
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from db.records import Job
from forge_core.jobs import kinds
from forge_core.jobs.kinds import Place

LIGHT_SLOTS = 2
CPU = "cpu"
JOINT = "+"
"""Between the names of the GPUs of one slot."""
ON = "@"
"""Between the name of a place and that of the device that its job shares with others."""
VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Slot:
    """Room for one job."""

    name: str
    kind: Place
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
        Slot(f"cuda:{index}", "training", {VISIBLE: name}, "cuda:0")
        for index, name in enumerate(found)
    ]
    slots.append(Slot(CPU, "training", {VISIBLE: ""} if found else {}))
    slots.append(Slot("scoring", "scoring"))
    slots += [Slot(f"light-{number}", "light") for number in range(1, LIGHT_SLOTS + 1)]
    return slots


def find_slot(job: Job, slots: Sequence[Slot], taken: Iterable[str]) -> Slot | None:
    """The free slot that a job can start in now, or None while it has to wait.

    A job that needs a device of its own goes to the GPU that its payload's `device` names, or to
    any GPU; to the CPU when it asks for it or there is no GPU. A GPU that does not exist leads to
    the CPU, where the job itself says what is wrong. A job of several processes waits for as many
    free GPUs; on the CPU its processes share the one slot. A job that may share a device never
    waits for it: it goes to the one with the fewest jobs. Any other job sees no GPU.

    Args:
        job: Its payload may name a `device` and a number of `processes`.
        slots: From `list_slots`.
        taken: Names of slots that other jobs hold.
    """
    names = set(taken)
    company = _count_company(names)
    kind = kinds.find(job.kind)
    device = str(job.payload.get("device", "auto"))
    if kind.device == "own":
        return _own_device(device, int(job.payload.get("processes", 1)), slots, names, company)
    busy = {name.partition(ON)[0] for name in names}
    free = (slot for slot in slots if slot.kind == kind.place and slot.name not in busy)
    place = next(free, None)
    if place is None or kind.device == "none":
        cpu = next((slot for slot in slots if slot.name == CPU), None)
        return place and replace(place, environment=cpu.environment if cpu else {})
    wanted = min(_fitting(device, slots), key=lambda slot: company[slot.name])
    return replace(
        place,
        name=f"{place.name}{ON}{wanted.name}",
        environment=wanted.environment,
        device=wanted.device,
    )


def find_next_training_slot(slots: Sequence[Slot], taken: Iterable[str]) -> Slot | None:
    """The slot that a training would get that starts next; None while one runs."""
    names = set(taken)
    training = {slot.name for slot in slots if slot.kind == "training"}
    if any(training.intersection(name.split(JOINT)) for name in names):
        return None
    return _own_device("auto", 1, slots, names, _count_company(names))


def is_known(name: str, slots: Sequence[Slot]) -> bool:
    """Whether the name of a job's slot speaks of slots of this machine only."""
    return {slot.name for slot in slots}.issuperset(name.replace(ON, JOINT).split(JOINT))


def _count_company(names: Iterable[str]) -> Counter[str]:
    """Number of jobs that compute on each device."""
    return Counter(device for name in names for device in name.rpartition(ON)[2].split(JOINT))


def _fitting(device: str, slots: Sequence[Slot]) -> list[Slot]:
    """Slots of the devices that a job may compute on."""
    training = [slot for slot in slots if slot.kind == "training"]
    gpus = [slot for slot in training if slot.name != CPU]
    on_cpu = [slot for slot in training if slot.name == CPU]
    if device == "auto":
        return gpus or on_cpu
    name = "cuda:0" if device == "cuda" else device
    return [slot for slot in gpus if slot.name == name] or on_cpu


def _own_device(
    device: str, processes: int, slots: Sequence[Slot], names: set[str], company: Counter[str]
) -> Slot | None:
    """A device that no other such job has; beside others that may share it, where it must be."""
    busy = {each for name in names if ON not in name for each in name.split(JOINT)}
    if processes > 1:
        wants_gpus = device != CPU and len(_fitting("auto", slots)) >= processes
        return _joined(_fitting("auto" if wants_gpus else CPU, slots), processes, busy)
    free = [slot for slot in _fitting(device, slots) if slot.name not in busy]
    return min(free, key=lambda slot: company[slot.name], default=None)


def _joined(slots: Sequence[Slot], number: int, busy: set[str]) -> Slot | None:
    """One slot with so many GPUs, or the CPU, which several processes share; None to wait."""
    free = [slot for slot in slots if slot.name not in busy]
    if slots[0].name == CPU:
        return free[0] if free else None
    if len(free) < number:
        return None
    chosen = free[:number]
    visible = ",".join(slot.environment[VISIBLE] for slot in chosen)
    return Slot(JOINT.join(slot.name for slot in chosen), "training", {VISIBLE: visible}, "cuda")


def list_gpus() -> list[str]:
    """Values for CUDA_VISIBLE_DEVICES, one for each NVIDIA GPU that this process may use."""
    visible = os.environ.get(VISIBLE)
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
