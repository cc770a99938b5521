"""Let a network start from another one of its kind that may know other classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from forge_core.errors import InvalidInput
from forge_core.models.networks.classifier import ImageClassifier


@dataclass(frozen=True, kw_only=True)
class StartWeights:
    """What a network starts from. Legend: K classes of the new network."""

    state: Mapping[str, Tensor]
    """Of the network that was trained, by name."""
    architecture: str
    input_size: int
    outputs: tuple[tuple[int, ...], ...]
    """For each of the K classes the outputs of the trained network that mean it now: none of a new
    class, several of one into which others were merged."""


def find_outputs(
    trained_ids: Sequence[int], wanted_ids: Sequence[int]
) -> tuple[tuple[int, ...], ...]:
    """For each class that is wanted the outputs of a trained network that mean it.

    Args:
        trained_ids: Of each output its class as it is called now, so of merged ones the same.
        wanted_ids: K classes.
    """
    places: dict[int, list[int]] = {}
    for place, label_id in enumerate(trained_ids):
        places.setdefault(label_id, []).append(place)
    return tuple(tuple(places.get(label_id, ())) for label_id in wanted_ids)


def carry_over(start: StartWeights, model: ImageClassifier) -> None:
    """Give a fresh network the weights of a trained one, in place.

    The last layer's row and bias of a class are those of its output; of a class into which others
    were merged the mean of theirs; of a new class they stay fresh. Everything else is equal.

    Args:
        start: Of a network of the same architecture.
        model: With K outputs.

    Raises:
        InvalidInput: The two networks are not of one kind.
    """
    last = _last_layer(model)
    own = model.state_dict()
    if own.keys() != start.state.keys():
        raise _other_kind(start)
    carried = {}
    for name, fresh in own.items():
        trained = start.state[name]
        if name.rpartition(".")[0] == last:
            carried[name] = _rows(trained, fresh, start.outputs)
        elif trained.shape == fresh.shape:
            carried[name] = trained
        else:
            raise _other_kind(start)
    model.load_state_dict(carried)


def say_known(start: StartWeights, class_names: Sequence[str]) -> str:
    """Which of K classes the trained network knows: "which knows 9 of the 10 classes; ..."."""
    named = list(zip(class_names, start.outputs, strict=True))
    new = [name for name, places in named if not places]
    merged = [name for name, places in named if len(places) > 1]
    words = f"which knows {len(named) - len(new)} of the {len(named)} classes"
    words += f"; new to it: {', '.join(new)}" if new else ""
    return words + (f"; merged since: {', '.join(merged)}" if merged else "")


def _rows(trained: Tensor, fresh: Tensor, outputs: Sequence[Sequence[int]]) -> Tensor:
    """(K, ...) of the last layer, from (outputs of the trained network, ...)."""
    rows = [
        trained[list(places)].mean(dim=0)
        if len(places) > 1
        else trained[places[0]]
        if places
        else own
        for places, own in zip(outputs, fresh, strict=True)
    ]
    return torch.stack([row.to(fresh.dtype) for row in rows])


def _last_layer(model: ImageClassifier) -> str:
    found = [
        name
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and name.startswith("head.")
    ]
    return str(found[-1])


def _other_kind(start: StartWeights) -> InvalidInput:
    return InvalidInput(
        f"The weights are those of a {start.architecture} for {start.input_size} px, which are not "
        "those of this network.",
        next_step="Train with the network and the input size of the run that it starts from.",
    )
