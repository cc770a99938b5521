"""A plane on which points that are near each other in many dimensions stay near: PaCMAP.

Every step is of all pairs at once, so that the same points and seed give the same layout.

Legend: N points, C dimensions.

Source: Wang et al. 2021, "Understanding How Dimension Reduction Tools Work", JMLR 22; pair weights,
numbers of pairs, phases and the learning rate are theirs. The step is Adam's.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from forge_core.progress import SILENT, Progress

NEAR, MIDDLE, FAR = 10, 5, 20
"""Pairs of each point: its nearest, some that are half near, and any."""
PHASES = (100, 100, 250)
"""Steps of each: shape of the whole, then of the groups, then of the neighbourhoods."""
LEARNING_RATE = 1.0
AT_ONCE = 1_000
"""Points whose distances to all are held at once."""
FEWEST = 4

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Pairs:
    """Pairs of one kind, and how the pull of one depends on its squared distance."""

    first: Tensor
    second: Tensor
    scale: float
    attracts: bool

    def gradient(self, places: Tensor, weight: float) -> tuple[Tensor, Tensor]:
        """For each pair (P, 2) the gradient at its first point, and the pair's ends."""
        apart = places[self.first] - places[self.second]
        distance = 1 + apart.square().sum(dim=1, keepdim=True)
        if self.attracts:  # of d / (scale + d)
            factor = self.scale / (self.scale + distance).square()
        else:  # of 1 / (1 + d)
            factor = -1 / (1 + distance).square()
        return 2 * weight * factor * apart, torch.stack([self.first, self.second])


def lay_out(points: Floats, *, seed: int = 0, progress: Progress = SILENT) -> Floats:
    """Places (N, 2) of points (N, C), about their middle; the scale means nothing.

    Args:
        points: At least one.
        seed: Of the pairs that are drawn.
        progress: Told the steps; asked before each.

    Raises:
        Cancelled: It shall end.
    """
    here = torch.from_numpy(np.ascontiguousarray(points, np.float32))
    here = here - here.mean(dim=0)
    start = _main_plane(here)
    if len(points) < FEWEST:
        return start.numpy()
    generator = torch.Generator().manual_seed(seed)
    places = 0.01 * start / start.std(dim=0).clamp_min(1e-6)
    near, middle, far = _find_pairs(here, generator)
    moments = [torch.zeros_like(places), torch.zeros_like(places)]
    steps = sum(PHASES)
    for step in range(steps):
        progress.check()
        weights = _weights(step)
        gradient = torch.zeros_like(places)
        for pairs, weight in zip((near, middle, far), weights, strict=True):
            if weight:
                pull, ends = pairs.gradient(places, weight)
                gradient.index_add_(0, ends[0], pull)
                gradient.index_add_(0, ends[1], -pull)
        places -= _adam(gradient, moments, step)
        progress.advance(step + 1, steps, "Laying the images out")
    laid: Floats = (places - places.mean(dim=0)).numpy()
    return laid


def find_nearest(points: Tensor, number: int, progress: Progress = SILENT) -> tuple[Tensor, Tensor]:
    """Of each point (N, C) the positions (N, number) and distances of its nearest others."""
    squares = points.square().sum(dim=1)
    found, distances = [], []
    for start in range(0, len(points), AT_ONCE):
        progress.check()
        part = points[start : start + AT_ONCE]
        apart = part.square().sum(dim=1, keepdim=True) + squares - 2 * part @ points.T
        apart[torch.arange(len(part)), torch.arange(start, start + len(part))] = torch.inf
        nearest, places = apart.topk(number, dim=1, largest=False)
        found.append(places)
        distances.append(nearest.clamp_min(0).sqrt())
    return torch.cat(found), torch.cat(distances)


def _main_plane(centred: Tensor) -> Tensor:
    """(N, 2): along the two directions in which the points differ most."""
    _, vectors = torch.linalg.eigh(centred.T @ centred)
    plane = centred @ vectors[:, -2:].flip(1)
    # An eigenvector has no sign of its own; without one the map would be mirrored by chance.
    signs = torch.sign(plane.gather(0, plane.abs().argmax(dim=0, keepdim=True)))
    turned: Tensor = plane * signs
    return turned


def _find_pairs(points: Tensor, generator: torch.Generator) -> tuple[_Pairs, _Pairs, _Pairs]:
    number = len(points)
    num_near = min(NEAR, number - 1)
    candidates = min(num_near + 50, number - 1)
    places, distances = find_nearest(points, candidates)
    # Distances count in units of each point's own neighbourhood: dense groups are not all there is.
    sigma = distances[:, 3 : min(6, candidates)].mean(dim=1).clamp_min(1e-10)
    scaled = distances.square() / (sigma[:, None] * sigma[places])
    nearest = places.gather(1, scaled.topk(num_near, dim=1, largest=False).indices)
    own = torch.arange(number)
    near = _Pairs(own.repeat_interleave(num_near), nearest.flatten(), 10.0, True)
    # Half near: the second nearest of six by chance.
    drawn = torch.randint(number, (number, MIDDLE, 6), generator=generator)
    apart = (points[drawn.flatten(1)] - points[:, None]).square().sum(dim=2).view(drawn.shape)
    second = apart.topk(2, dim=2, largest=False).indices[..., 1:]
    half_near = drawn.gather(2, second).flatten()
    middle = _Pairs(own.repeat_interleave(MIDDLE), half_near, 10_000.0, True)
    anywhere = torch.randint(number, (number * FAR,), generator=generator)
    far = _Pairs(own.repeat_interleave(FAR), anywhere, 1.0, False)
    return near, middle, far


def _weights(step: int) -> tuple[float, float, float]:
    """Of near, half near and far pairs."""
    first, second, _ = PHASES
    if step < first:
        done = step / first
        return 2.0, 1_000.0 * (1 - done) + 3.0 * done, 1.0
    return (3.0, 3.0, 1.0) if step < first + second else (1.0, 0.0, 1.0)


def _adam(gradient: Tensor, moments: list[Tensor], step: int) -> Tensor:
    """The step (N, 2) to take against a gradient."""
    for place, (decay, value) in enumerate(((0.9, gradient), (0.999, gradient.square()))):
        moments[place] = moments[place] * decay + value * (1 - decay)
    mean = moments[0] / (1 - 0.9 ** (step + 1))
    spread = moments[1] / (1 - 0.999 ** (step + 1))
    return LEARNING_RATE * mean / (spread.sqrt() + 1e-7)
