"""Several processes that train one network: who computes what, and what they agree on.

Every process runs the same loop over the same batches in the same order; of each batch it computes
its own part, and gradients, losses and answers are added up over all. Decisions, files and words
are the first one's. Started by a job of several processes or by torchrun; without either a
process is alone, and everything here does nothing.
"""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from db.records import EpochMetrics
from forge_core.progress import Cancelled
from forge_core.training.reporting import Reporter, StepLosses

PATIENCE = timedelta(hours=12)
"""How long the others wait while the first decodes images or writes a checkpoint."""
RENDEZVOUS = "VISION_FORGE_RENDEZVOUS"
"""Variable with the address where processes find each other; without it torchrun's own."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """This process among those that train together."""

    rank: int = 0
    """0 to `size` - 1; 0 is the first, which decides, writes and tells."""
    size: int = 1

    @property
    def is_rank_zero(self) -> bool:
        """Whether this process decides and writes."""
        return self.rank == 0

    @property
    def is_alone(self) -> bool:
        """Whether there is no other."""
        return self.size == 1

    def share(self, num_images: int) -> slice:
        """The part of a batch that this process computes: parts differ by one image at most."""
        bounds = [num_images * place // self.size for place in (self.rank, self.rank + 1)]
        return slice(*bounds)

    def shard_batches(self, batches: Sequence[T]) -> Sequence[T]:
        """Every `size`-th of a list of batches, as many for every process.

        Where they do not divide evenly some compute the last batch as well; `gather` drops it.
        """
        if self.is_alone or not batches:
            return batches
        places = range(self.rank, -(-len(batches) // self.size) * self.size, self.size)
        return [batches[min(place, len(batches) - 1)] for place in places]

    def gather(self, mine: list[T], total: int) -> list[T]:
        """What all processes made of their `shard_batches`, in the order of the `total` batches."""
        if self.is_alone:
            return mine
        everybody: list[list[T]] = [[] for _ in range(self.size)]
        dist.all_gather_object(everybody, mine)
        return [each for found in zip(*everybody, strict=True) for each in found][:total]

    def add_up(self, values: Tensor) -> Tensor:
        """The sum over all processes, on the device of the values."""
        if not self.is_alone:
            dist.all_reduce(values)
        return values

    def broadcast(self, value: T) -> T:
        """What the first process says, for everybody."""
        if self.is_alone:
            return value
        said = [value]
        dist.broadcast_object_list(said, src=0, device=torch.device("cpu"))
        return said[0]

    def on_rank_zero(self, work: Callable[[], T]) -> T:
        """Let the first process work and give everybody its answer.

        Raises:
            Cancelled: In the other processes, where the first one failed or was stopped.
        """
        if self.is_alone:
            return work()
        if not self.is_rank_zero:
            answer = self.broadcast(None)
            if answer is None:
                raise Cancelled
            return answer[0]
        try:
            found = work()
        except BaseException:
            self.broadcast(None)
            raise
        self.broadcast((found,))
        return found

    def broadcast_reporter(self, reporter: Reporter) -> Reporter:
        """A reporter that is asked by everybody, at the same places, and answers all alike."""
        return reporter if self.is_alone else _BroadcastReporter(reporter, self)

    def wrap_ddp(self, network: nn.Module) -> nn.Module:
        """The network as it is called in training: it averages gradients over all processes.

        Only one such network may be in use for the same weights.
        """
        if self.is_alone:
            return network
        gc.collect()  # the one of the stage before, whose hooks would average once more
        return nn.parallel.DistributedDataParallel(network)

    def with_shared_statistics(self, network: nn.Module, device: torch.device) -> nn.Module:
        """The network with batch normalisation over the whole batch, where that can be had.

        PyTorch has it on CUDA. Elsewhere each process normalises its own part of a batch, as
        smaller batches would, and the running statistics are those of the first process.
        """
        if self.is_alone or device.type != "cuda":
            return network
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return converted


ALONE = Ranks()


class _BroadcastReporter:
    """The first process's reporter; the others are silent and stop when it stops."""

    def __init__(self, reporter: Reporter, ranks: Ranks) -> None:
        self._reporter = reporter
        self._ranks = ranks

    def on_message(self, text: str) -> None:
        if self._ranks.is_rank_zero:
            self._reporter.on_message(text)

    def on_progress(
        self, stage: str, epoch: int, step: int, steps: int, images_per_second: float
    ) -> None:
        if self._ranks.is_rank_zero:
            self._reporter.on_progress(stage, epoch, step, steps, images_per_second)

    def on_losses(self, losses: StepLosses) -> None:
        if self._ranks.is_rank_zero:
            self._reporter.on_losses(losses)

    def on_epoch(self, metrics: EpochMetrics) -> None:
        if self._ranks.is_rank_zero:
            self._reporter.on_epoch(metrics)

    def should_stop(self) -> bool:
        asked = self._ranks.is_rank_zero and self._reporter.should_stop()
        answer = torch.tensor([int(asked)])
        dist.broadcast(answer, src=0)
        return bool(answer.item())


@contextmanager
def init_process_group() -> Iterator[Ranks]:
    """The processes that were started together, by their environment, or this one alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ALONE
        return
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    address = os.environ.get(RENDEZVOUS, "env://")
    rank = int(os.environ["RANK"])
    dist.init_process_group(
        backend, init_method=address, rank=rank, world_size=size, timeout=PATIENCE
    )
    try:
        yield Ranks(rank=rank, size=size)
    finally:
        dist.destroy_process_group()


def local_rank() -> int:
    """Which GPU of this machine is this process's: its number among those started here."""
    return int(os.environ.get("LOCAL_RANK", "0"))
