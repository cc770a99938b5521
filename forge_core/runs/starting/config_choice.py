"""From a wish to a config: one way for the page Train and for `forge train`.

Without torch, but for `recommend`, which looks at the devices.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from forge_core import storable_values
from forge_core.errors import InvalidInput
from forge_core.models.architectures import get_architecture
from forge_core.runs import records
from forge_core.runs.starting import saved_presets, start_weights
from forge_core.runs.starting.launch import DataCheck
from forge_core.training import recommendation
from forge_core.training.config import TrainConfig
from forge_core.training.recommendation import Recommendation
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person sets; everything else is recommended, or as in what is named to begin with."""

    like: int | None = None
    """Begin with the config of this run."""
    config_json: str | None = None
    """Begin with this config."""
    start: tuple[int, str] | None = None
    """Start from the weights of this run, best or last, and where nothing else is named with its
    config."""
    architecture: str | None = None
    pretrained: bool | None = None
    """None: where the architecture has weights."""
    preset: str | None = None
    """Name of the product's preset or of one that a person saved."""
    epochs: int | None = None
    """Of the fine-tuning, or from scratch."""
    by_the_book: bool = False
    """Schedule a pretrained network as transfer learning is mostly taught."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the config, as JSON has them."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A config, and why it is recommended where it is."""

    config: TrainConfig
    reasons: Mapping[str, str]
    """By the name of the field they explain; of those that nobody set."""


def recommend(check: DataCheck) -> Recommendation:
    """What a careful engineer would start with on these data and this machine."""
    from forge_core.models import devices

    return recommendation.recommend(check.summary, devices.list_devices())


def choose(workspace: Workspace, check: DataCheck, wish: Wish) -> Choice:
    """The config that a wish means.

    Raises:
        InvalidInput: Two wishes contradict each other, or a value is out of range.
        NotFound: There is no such run or preset.
    """
    if wish.like is not None and wish.config_json is not None:
        raise InvalidInput("Both a run and a config were given.", next_step="Give one of them.")
    reasons: dict[str, str] = {}
    changes: dict[str, Any] = {}
    if wish.start is not None and wish.pretrained is False:
        raise InvalidInput(
            f"A network that starts from run {wish.start[0]} does not start from scratch.",
            next_step="Leave out one of the two.",
        )
    if wish.start is not None and wish.like is None and wish.config_json is None:
        wish = replace(wish, like=wish.start[0])
    if wish.like is None and wish.config_json is None:
        advice = recommend(check)
        config = for_network(advice, wish.architecture, wish.pretrained)
        if config is advice.config:
            reasons = dict(advice.reasons)
    else:
        config = (
            TrainConfig.from_json(wish.config_json)
            if wish.config_json is not None
            else TrainConfig.from_dict(records.get_run(workspace, wish.like or 0).config)
        )
        changes = _other_network(config, wish.architecture, wish.pretrained)
    if wish.start is not None:
        changes |= start_weights.choose(workspace, *wish.start, check.label_ids)
    if wish.by_the_book:
        if not changes.get("pretrained", config.pretrained):
            raise InvalidInput(
                "The schedule by the book is one of pretrained networks.",
                next_step="Choose a network with weights, or leave it out.",
            )
        changes |= {"train_all_layers": False, **recommendation.by_the_book(config)}
    changes |= wish.values
    preset = wish.preset
    if isinstance(changes.get("preset"), str) and changes.get("augmentation") is None:
        preset = changes.pop("preset")  # else the numbers of an earlier choice would stay
    if preset is not None:
        found = saved_presets.find_preset(workspace, preset)
        config = replace(config, **saved_presets.config_fields(found))
    if wish.epochs is not None:
        is_pretrained = changes.get("pretrained", config.pretrained)
        changes["finetune_epochs" if is_pretrained else "scratch_epochs"] = wish.epochs
    if changes.get("augmentation") is not None:
        config = TrainConfig.from_dict({**config.to_dict(), **changes})
    else:
        config = replace(config, **changes)
    return Choice(config=config, reasons=reasons)


def for_network(
    advice: Recommendation, architecture: str | None = None, pretrained: bool | None = None
) -> TrainConfig:
    """Numbers to start from: the recommended ones are meant for the recommended network only.

    What the data and the machine decide holds for every network.
    """
    recommended = advice.config
    architecture = architecture or recommended.architecture
    if pretrained is None:
        is_same = architecture == recommended.architecture
        pretrained = recommended.pretrained if is_same else _has_weights(architecture)
    if (architecture, pretrained) == (recommended.architecture, recommended.pretrained):
        return recommended
    return TrainConfig(
        architecture=architecture,
        pretrained=pretrained,
        batch_size=recommended.batch_size,
        preset=recommended.preset,
        balanced_sampling=recommended.balanced_sampling,
        device=recommended.device,
    )


def parse_assignments(assignments: list[str]) -> dict[str, Any]:
    """Fields from `NAME=value`; a value that is not JSON is taken as text.

    Raises:
        InvalidInput: A name is no field of the config.
    """
    known = [found.name for found in fields(TrainConfig)]
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or name not in known:
            raise InvalidInput(
                f"--set {assignment!r} does not name a field of the config.",
                next_step=f"Write NAME=VALUE; fields: {', '.join(known)}.",
            )
        try:
            values[name] = json.loads(text)
        except (ValueError, RecursionError):
            values[name] = text
    storable_values.check(values, "--set")
    return values


def _other_network(
    config: TrainConfig, architecture: str | None, pretrained: bool | None
) -> dict[str, Any]:
    """What changes in a config that was given when another network is named."""
    changes: dict[str, Any] = {}
    if architecture is not None and architecture != config.architecture:
        changes = {
            "architecture": architecture,
            "pretrained": _has_weights(architecture),
            "input_size": None,
        }
    return changes if pretrained is None else {**changes, "pretrained": pretrained}


def _has_weights(architecture: str) -> bool:
    return get_architecture(architecture).pretrained
