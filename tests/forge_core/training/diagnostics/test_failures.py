"""What stops a run is said in words: which step, which device, what to do."""

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn

from forge_core.errors import TrainingFailed
from forge_core.models import devices
from forge_core.training import epochs, stages
from forge_core.training.compute.ranks import ALONE
from forge_core.training.diagnostics import failures
from forge_core.training.epochs import RunningTotals
from forge_core.training.inputs.batches import Batch
from forge_core.training.reporting import ProgressMeter
from forge_core.training.steps.learner import Learner
from forge_core.training.steps.precision import Precision
from tests.forge_core.training.arrange import (
    CLASS_NAMES,
    Listener,
    make_config,
)

CPU_PRECISION = Precision(devices.choose("cpu"))


def test_train_one_epoch__a_loss_that_is_not_finite_names_stage_epoch_and_step() -> None:
    source = FixedSource(num_batches=4, broken_step=2)
    (stage,) = stages.plan_stages(make_config())
    optimizer = torch.optim.SGD([{"params": source.network.parameters(), "name": "all"}], lr=1.0)
    with pytest.raises(TrainingFailed) as caught:
        epochs.train_one_epoch(
            source,
            Learner(model=source.network, optimizer=optimizer, precision=CPU_PRECISION),
            stage,
            RunningTotals(),
            seed=0,
            epoch=6,
            epoch_of_stage=1,
            meter=ProgressMeter(Listener()),
        )
    assert "stage scratch, epoch 7, at step 3" in caught.value.message
    assert "learning rate" in caught.value.next_step


def test_evaluate__a_network_that_is_not_finite_names_the_epoch() -> None:
    source = FixedSource(num_batches=3, broken_step=1)
    (stage,) = stages.plan_stages(make_config())
    with pytest.raises(TrainingFailed, match="stage scratch, epoch 2, after its last step"):
        epochs.evaluate(source, CLASS_NAMES, epoch=1, stage=stage, meter=ProgressMeter(Listener()))


def test_memory_explained__names_device_and_a_smaller_batch() -> None:
    device = devices.choose("cpu")
    with (
        pytest.raises(TrainingFailed) as caught,
        failures.memory_explained(device, make_config(batch_size=8)),
    ):
        torch.empty(2**60, dtype=torch.uint8)
    assert "did not suffice for batches of 8" in caught.value.message
    assert "batch size of 4" in caught.value.next_step


def test_memory_explained__other_errors_pass() -> None:
    with (
        pytest.raises(RuntimeError, match="shapes cannot be multiplied"),
        failures.memory_explained(devices.choose("cpu"), make_config()),
    ):
        torch.ones(2, 3) @ torch.ones(2, 3)


class FixedSource:
    """Batches of numbers for a linear network, one of which is infinite."""

    def __init__(self, num_batches: int, broken_step: int) -> None:
        self.network: nn.Module = nn.Linear(4, 3)
        self.train_module, self.ranks = self.network, ALONE
        self._num_batches = num_batches
        self._broken_step = broken_step

    def num_preparing_steps(self, epoch: int) -> int:
        return 0

    def prepare(self, epoch: int, on_batch: Callable[[int], None]) -> None:
        return

    def num_train_batches(self) -> int:
        return self._num_batches

    def train_batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        for step in range(first, self._num_batches):
            inputs = torch.full((6, 4), torch.inf if step == self._broken_step else 0.5)
            yield inputs, torch.arange(6) % 3

    def num_val_batches(self) -> int:
        return self._num_batches

    def val_batches(self) -> Iterator[Batch]:
        return self.train_batches(0)
