"""Fit the network that places images to a layout of a sample of them.

Legend: N images, D values of an embedding, C of its main directions.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from forge_core.errors import InvalidInput
from forge_core.predictions.embeddings import similarity_index
from forge_core.predictions.embeddings.maps import layout
from forge_core.predictions.embeddings.maps.placing import Placing
from forge_core.progress import SILENT, Progress

SAMPLE = 10_000
"""Images that are laid out; the others are placed by the network that is fitted to them."""
COMPONENTS = 50
UNITS = 256
EPOCHS = 60
BATCH = 256
LEARNING_RATE = 2e-3
_LAYOUT_SHARE = 0.7


def fit(values: npt.NDArray[np.float16], *, seed: int = 0, progress: Progress = SILENT) -> Placing:
    """What places images with such embeddings (N, D).

    Args:
        values: Of the images that there are; a sample of them is laid out.
        seed: Of the sample, the layout and the network.
        progress: Told the thousandths; asked at each step.

    Raises:
        InvalidInput: There are no embeddings.
        Cancelled: It shall end.
    """
    if not len(values):
        raise InvalidInput(
            "No image has an embedding, so there is nothing to draw.",
            next_step="Import images, or see why they could not be read.",
        )
    chosen = np.random.default_rng(seed).permutation(len(values))[:SAMPLE]
    rows = similarity_index.normalised(values[np.sort(chosen)])
    middle = rows.mean(dim=0)
    basis = similarity_index.longest_directions(rows - middle, COMPONENTS)
    reduced = (rows - middle) @ basis
    places = torch.from_numpy(
        layout.lay_out(reduced.numpy(), seed=seed, progress=progress.within(0.0, _LAYOUT_SHARE))
    )
    places = places / places.abs().quantile(0.99).clamp_min(1e-6)
    network = _train(reduced, places, seed, progress.within(_LAYOUT_SHARE, 1.0))
    layers = [each for each in network if isinstance(each, nn.Linear)]
    arrays: dict[str, npt.NDArray[np.float32]] = {}
    for number, layer in enumerate(layers, 1):
        arrays[f"weights{number}"] = layer.weight.detach().T.contiguous().numpy()
        arrays[f"bias{number}"] = layer.bias.detach().numpy()
    return Placing(basis=basis.numpy(), middle=(middle @ basis).numpy(), **arrays)


def _train(
    reduced: torch.Tensor, places: torch.Tensor, seed: int, progress: Progress
) -> nn.Sequential:
    scale = reduced.std().clamp_min(1e-6)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Linear(reduced.shape[1], UNITS),
            nn.ReLU(),
            nn.Linear(UNITS, UNITS),
            nn.ReLU(),
            nn.Linear(UNITS, 2),
        )
        inputs = reduced / scale
        optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=1e-3)
        rounds = EPOCHS * -(-len(inputs) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, rounds)
        for epoch in range(EPOCHS):
            for batch in torch.split(torch.randperm(len(inputs)), BATCH):
                progress.check()
                loss = (network(inputs[batch]) - places[batch]).abs().mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
            progress.advance(epoch + 1, EPOCHS, "Learning where images lie")
    with torch.no_grad():
        first = network[0]
        assert isinstance(first, nn.Linear), "as built above"
        first.weight /= scale
    return network
