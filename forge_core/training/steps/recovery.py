"""Going on when the memory does not suffice for a batch: again, and in parts."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from forge_core.training.compute.ranks import ALONE, Ranks
from forge_core.training.diagnostics import failures
from forge_core.training.reporting import ProgressMeter
from forge_core.training.resume_state import RandomState
from forge_core.training.steps.learner import Learner
from forge_core.training.steps.mixing import Mix
from forge_core.training.steps.train_step import train_step

MIN_MICRO_BATCH = 2
"""Images; batch normalisation needs two."""


class StepRecovery:
    """Takes steps, and repeats one in smaller micro-batches when it ran out of memory.

    A step that is repeated begins with the statistics of batch normalisation and the random
    streams that it began with, so it is the step that smaller parts would have been from the
    first. Their number stays for the rest of the run.

    Args:
        network: What the batches go through.
        ranks: The processes that take each step together. Several cannot repeat one: while one of
            them is out of memory the others wait in the middle of the step.
    """

    def __init__(self, network: nn.Module, ranks: Ranks = ALONE) -> None:
        self._network = network
        self._ranks = ranks
        buffers = list(network.buffers())
        self._kinds = [
            [buffer for buffer in buffers if buffer.is_floating_point() == is_float]
            for is_float in (True, False)
        ]
        self._kept = [[buffer.detach().clone() for buffer in kind] for kind in self._kinds]

    def step(
        self,
        learner: Learner,
        inputs: Tensor,
        labels: Tensor,
        mix: Mix | None,
        meter: ProgressMeter,
        norms: list[Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """One update of the weights; see `train_step`.

        Raises:
            RuntimeError: Not even parts of two images fit.
        """
        random = RandomState.take(labels.device)
        moved = set(learner.optimizer.state)
        most = max(1, len(labels) // self._ranks.size // MIN_MICRO_BATCH)  # of the smallest share
        _copy(self._kinds, self._kept)
        while True:
            try:
                return train_step(
                    self._network,
                    inputs,
                    labels,
                    learner.optimizer,
                    learner.precision,
                    learner.rules,
                    mix,
                    min(learner.micro_batches, most),
                    self._ranks,
                    norms,
                )
            except RuntimeError as error:
                smaller = learner.micro_batches * 2
                if (
                    not self._ranks.is_alone
                    or not failures.is_out_of_memory(error)
                    or len(labels) < smaller * MIN_MICRO_BATCH
                ):
                    raise
            # Outside of the handler: the error holds on to what the step had allocated.
            learner.micro_batches = smaller
            learner.optimizer.zero_grad(set_to_none=True)
            for weight in set(learner.optimizer.state) - moved:  # moments that were half made
                del learner.optimizer.state[weight]
            learner.precision.begin_step_again()
            _give_back(labels.device)
            _copy(self._kept, self._kinds)
            random.restore(labels.device)
            meter.tell(
                f"The memory did not suffice for {-(-len(labels) // (smaller // 2))} images at "
                f"once: batches go on in {smaller} parts, with the same gradients."
            )


class ForwardRecovery:
    """Sends batches through a network without a backward pass, in parts where memory is short.

    Args:
        network: In eval mode, so that parts give what the whole gives.
        tell: Told in words when a batch had to be cut; batches after it are cut alike.
    """

    def __init__(self, network: nn.Module, tell: Callable[[str], None]) -> None:
        self._network = network
        self._tell = tell
        self._most: int | None = None

    def __call__(self, inputs: Tensor) -> Tensor:
        """What the network gives for inputs (N, ...).

        Raises:
            RuntimeError: The memory does not suffice for one image.
        """
        while True:
            try:
                if self._most is None or len(inputs) <= self._most:
                    outputs: Tensor = self._network(inputs)
                    return outputs
                return torch.cat([self._network(part) for part in torch.split(inputs, self._most)])
            except RuntimeError as error:
                tried = min(len(inputs), self._most or len(inputs))
                if tried == 1 or not failures.is_out_of_memory(error):
                    raise
            self._most = tried // 2
            _give_back(inputs.device)
            self._tell(
                f"The memory did not suffice to measure {tried} images at once: it goes on with "
                f"{self._most}."
            )


def _give_back(device: torch.device) -> None:
    """Let another try have the memory that torch keeps."""
    if device.type == "cuda":
        torch.cuda.empty_cache()


def _copy(sources: list[list[Tensor]], targets: list[list[Tensor]]) -> None:
    with torch.no_grad():
        for source, target in zip(sources, targets, strict=True):
            if source:
                torch._foreach_copy_(target, source)
