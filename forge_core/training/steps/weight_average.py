"""A moving average of the weights: what is measured and kept while the run goes on with its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


class WeightAverage:
    """Exponential moving average of everything in a network that a stage changes.

    The statistics of batch normalisation are averaged like the weights, so that they belong to
    each other; counters are copied. The first updates weigh more, min(decay, (1 + n) / (10 + n)),
    so that the average forgets where the stage began.

    Args:
        model: Its weights now are the average.
        decay: Share of the old average in each update, 0 to 1.

    Source: Polyak and Juditsky 1992; the rule of the first updates is TensorFlow's.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self._num_updates = 0
        self._live = dict(model.state_dict(keep_vars=True))
        self._mean = {name: value.detach().clone() for name, value in self._live.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Count the weights as they are now."""
        decay = min(self._decay, (1 + self._num_updates) / (10 + self._num_updates))
        self._num_updates += 1
        names = [name for name, value in self._live.items() if value.is_floating_point()]
        means = [self._mean[name] for name in names]
        torch._foreach_lerp_(means, [self._live[name].detach() for name in names], 1.0 - decay)
        for name, value in self._live.items():
            if not value.is_floating_point():
                self._mean[name].copy_(value)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The network with the averaged weights; its own are put back, to the last bit."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for name, value in self._live.items():
            own = value.detach().clone()
            value.copy_(self._mean[name])
            self._mean[name] = own

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs."""
        return {"mean": self._mean, "num_updates": self._num_updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with a saved average."""
        self._num_updates = int(state["num_updates"])
        for name, value in state["mean"].items():
            self._mean[name].copy_(value)
