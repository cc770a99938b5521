"""Which number format and memory layout are fastest here, by trying a few steps of each.

A probe's answer is a measurement and may differ from one day to the next, so it is kept with the
run: a resumed run computes as it began. What a run sets itself is never probed.
"""

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any, Self

import torch
from torch import nn

from forge_core.augmentation import seeding
from forge_core.models.devices import Device
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.training.config import TrainConfig
from forge_core.training.stages import Stage
from forge_core.training.steps import optimizers
from forge_core.training.steps.precision import LAYOUTS, Precision, formats_to_try
from forge_core.training.steps.train_step import train_step

PROBED_IMAGES = 4
"""Images of a probed step on a CPU, where a person waits for it; a GPU is probed with the run's own
batches."""
TIMED_STEPS = 2
MAX_SECONDS = 8.0
"""After so long no further candidate is begun: a person waits for the first epoch."""
MAX_SHARE = 0.01
"""Part of a run's images that a probe may send through the network, at most."""
HOPELESS = 2.0
"""A candidate whose first step takes this many times the best step is not tried further."""
COMPILE_RUN_SECONDS = 600.0
"""Shortest run, by the rate of its uncompiled steps, for which compiling is tried."""
COMPILE_BACKEND = "inductor"
GAIN = 1.05
"""How much faster than the usual choice another must be, so that noise does not decide."""


@dataclass(frozen=True, kw_only=True)
class ComputePlan:
    """How a run computes."""

    number_format: str
    memory_layout: str
    num_threads: int
    device_kind: str
    """cpu, cuda or mps: on another kind a resumed run computes as is usual there."""
    micro_batches: int = 1
    """Parts in which batches go through the network, for the memory that was free when the run
    began; see `memory_plan`."""
    compiled: bool = False
    """The network's steps are compiled by torch; on CUDA only."""
    images_per_second: dict[str, float] | None = None
    """Of each candidate of the probe, by "format layout"; None when nothing was probed."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, as states and runs keep them."""
        values = asdict(self)
        values["parts"] = values.pop("micro_batches")
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """What `to_dict` or `choice` wrote."""
        values = dict(values)
        return cls(micro_batches=values.pop("parts", 1), **values)

    def choice(self) -> dict[str, Any]:
        """What was chosen, without what was measured: equal choices give equal numbers."""
        values = self.to_dict()
        del values["images_per_second"]
        return values

    @property
    def title(self) -> str:
        """As a person reads it."""
        words = f"{self.number_format}, {self.memory_layout.replace('_', ' ')}"
        words += ", compiled" if self.compiled else ""
        return f"{words}, {self.num_threads} threads"


def choose_plan(
    config: TrainConfig,
    device: Device,
    model: ImageClassifier,
    plan: list[Stage],
    *,
    num_images: int,
    input_size: int,
) -> ComputePlan:
    """What the config sets, else the fastest of a probe, else the usual where none would pay.

    Leaves the network and torch's CPU random stream as they were.

    Args:
        config: Of the run.
        device: Where the run trains.
        model: The network on that device.
        plan: Stages of the run.
        num_images: Training images.
        input_size: Side of the network's inputs in pixels.
    """
    usual = usual_plan(config, device)
    stage = next((stage for stage in reversed(plan) if not stage.is_backbone_frozen), None)
    formats: list[str] = [config.number_format]
    layouts: list[str] = [config.memory_layout]
    if config.number_format == "auto":
        formats = formats_to_try(device)
    if config.memory_layout == "auto":
        layouts = list(LAYOUTS)
    candidates = [
        replace(usual, number_format=form, memory_layout=layout)
        for form, layout in product(formats, layouts)
    ]
    if stage is None or len(candidates) == 1:
        return usual
    batch = config.batch_size if device.kind == "cuda" else min(config.batch_size, PROBED_IMAGES)
    probed = len(candidates) * (TIMED_STEPS + 1) * batch
    trained = num_images * sum(each.epochs for each in plan if not each.is_backbone_frozen)
    if probed > MAX_SHARE * trained:
        return usual

    def measure(compute: ComputePlan, limit_seconds: float) -> tuple[float, float]:
        shape = (batch, 3, input_size, input_size)
        return _step_seconds(compute, device, model, stage, shape, limit_seconds)

    best = _fastest(candidates, usual, lambda compute, limit: measure(compute, limit)[0], batch)
    if device.kind == "cuda":
        best = compiled_where_it_pays(best, measure, batch, trained)
    return best


def plan_of(config: TrainConfig, device: Device, choice: Mapping[str, Any]) -> ComputePlan | None:
    """The plan of an earlier run, where the config leaves it open; None on another device.

    Args:
        config: Of the run that shall compute like the earlier one.
        device: Where it trains.
        choice: From `ComputePlan.choice` of the earlier run.
    """
    if choice.get("device_kind") != device.kind:
        return None
    compute = ComputePlan.from_dict(choice)
    if config.number_format != "auto":
        compute = replace(compute, number_format=config.number_format)
    if config.memory_layout != "auto":
        compute = replace(compute, memory_layout=config.memory_layout)
    return replace(compute, num_threads=config.num_threads or compute.num_threads)


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Compute with so many processor threads, then with as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def usual_plan(config: TrainConfig, device: Device) -> ComputePlan:
    """The choice without a probe."""
    precision = Precision(device, config.number_format, config.memory_layout)
    return ComputePlan(
        number_format=precision.title,
        memory_layout=precision.memory_layout,
        num_threads=config.num_threads or torch.get_num_threads(),
        device_kind=device.kind,
    )


def _fastest(
    candidates: list[ComputePlan],
    usual: ComputePlan,
    measure: Callable[[ComputePlan, float], float],
    batch: int,
) -> ComputePlan:
    """The candidate with most images a second; the usual one unless another is clearly faster."""
    began = time.perf_counter()
    seconds = {_name(usual): measure(usual, float("inf"))}
    best = usual
    for candidate in candidates:
        if _name(candidate) in seconds or time.perf_counter() - began > MAX_SECONDS:
            continue
        took = measure(candidate, min(seconds.values()) * HOPELESS)
        seconds[_name(candidate)] = took
        if took * GAIN < seconds[_name(usual)] and took < seconds[_name(best)]:
            best = candidate
    found = {name: round(batch / took, 1) for name, took in seconds.items()}
    return replace(best, images_per_second=found)


def compiled_where_it_pays(
    best: ComputePlan,
    measure: Callable[[ComputePlan, float], tuple[float, float]],
    batch: int,
    num_images: int,
) -> ComputePlan:
    """The plan with compiled steps, where that saves more time than compiling takes.

    Args:
        best: Of the steps as they are.
        measure: Gives seconds of a step and of the first one, which compiles.
        batch: Images of such a step.
        num_images: That the run will train on, over all epochs.
    """
    rates = dict(best.images_per_second or {})
    rate = rates.get(_name(best), 0.0)
    if not rate or num_images / rate < COMPILE_RUN_SECONDS:
        return best
    compiled = replace(best, compiled=True)
    try:
        step_seconds, first_seconds = measure(compiled, float("inf"))
    except RuntimeError:  # dynamo's errors: no compiler here, or a network that it cannot take
        return best
    rates[_name(compiled)] = round(batch / step_seconds, 1)
    best = replace(best, images_per_second=rates)
    saved_seconds = num_images / rate - num_images / batch * step_seconds
    if saved_seconds < first_seconds:
        return best
    return replace(best, compiled=True)


def _name(compute: ComputePlan) -> str:
    return (
        f"{compute.number_format} {compute.memory_layout}{' compiled' if compute.compiled else ''}"
    )


def _step_seconds(
    compute: ComputePlan,
    device: Device,
    model: ImageClassifier,
    stage: Stage,
    shape: tuple[int, int, int, int],
    limit_seconds: float,
) -> tuple[float, float]:
    """Seconds of the quickest of a few steps of a copy on noise, and of the first one."""
    precision = Precision(device, compute.number_format, compute.memory_layout)
    network = copy.deepcopy(model).to(memory_format=precision.memory_format)
    optimizer = optimizers.build_optimizer(stage, network)
    network.train()
    train_module = compiled_network(network) if compute.compiled else network
    with seeding.seeded(0):
        inputs = torch.randn(shape)
        labels = torch.randint(0, 2, shape[:1])
        inputs = inputs.to(device.id, memory_format=precision.memory_format)
        labels = labels.to(device.id)
        took = first = float("inf")
        for step in range(TIMED_STEPS + 1):
            began = time.perf_counter()
            loss, _ = train_step(train_module, inputs, labels, optimizer, precision)
            loss.item()  # waits for the device
            now = time.perf_counter() - began
            if step == 0:
                first = now
                if now > limit_seconds:
                    return now, now
            else:
                took = min(took, now)
    return took, first


def compiled_network(network: nn.Module) -> nn.Module:
    """The network as training calls it, with its forward and backward compiled by torch."""
    compiled: nn.Module = torch.compile(network, backend=COMPILE_BACKEND)  # type: ignore[assignment]
    return compiled
