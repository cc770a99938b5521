"""What the augmentation page shows, as plain values. The address is the truth; widgets follow it.

It holds the preset and only the numbers that differ from it, so that a link stays short.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import streamlit as st

from forge_core.augmentation.eval_transform import Aspect
from forge_core.augmentation.presets import AugmentationParameters, Preset
from forge_core.errors import InvalidInput
from forge_core.models.architectures import ARCHITECTURES

RUN_KEY = "train:augmentation"
"""Session key under which the Train page finds what shall be used in the next run."""

_NAMES = ("asset", "strip", "preset", "with", "seed", "network", "size", "fit")
_LAST = "augmentation:last"
_MOST_DIGITS = 9


@dataclass(frozen=True, kw_only=True)
class AugmentationChoice:
    """What was chosen; None where the page shall choose."""

    preset: Preset
    parameters: AugmentationParameters
    seed: int = 0
    strip: int = 0
    asset: str | None = None
    network: str | None = None
    input_size: int | None = None
    aspect: Aspect = "crop"

    @property
    def changed(self) -> dict[str, float]:
        """The numbers that are not the preset's."""
        own = self.preset.parameters.to_dict()
        return {k: v for k, v in self.parameters.to_dict().items() if v != own[k]}

    def for_next_run(self) -> dict[str, object]:
        """Plain values for the Train page: fields of a `TrainConfig`.

        Network and input size are None where nobody chose them: then Train recommends its own.
        """
        return {
            "preset": self.preset.based_on or self.preset.name,
            "augmentation": self.parameters.to_dict(),
            "preset_name": self.preset.name if self.preset.based_on and not self.changed else "",
            "fit": self.aspect,
            "architecture": self.network,
            "input_size": self.input_size,
        }


def parse(
    query: Mapping[str, str], presets: Mapping[str, Preset], *, default_preset: str
) -> AugmentationChoice:
    """The choice that an address names; whatever cannot be used falls back to a default.

    Args:
        query: As in the address; `with` is like "brightness:0.4,hue:0.1".
        presets: What can be chosen, by name.
        default_preset: Where the address names none.
    """
    preset = presets.get(query.get("preset", ""), presets[default_preset])
    network = query.get("network", "")
    return AugmentationChoice(
        preset=preset,
        parameters=_parameters(preset, query.get("with", "")),
        seed=_number(query, "seed") or 0,
        strip=_number(query, "strip") or 0,
        asset=query.get("asset") or None,
        network=network if network in ARCHITECTURES else None,
        input_size=_number(query, "size"),
        aspect="pad" if query.get("fit") == "pad" else "crop",
    )


def kept_for_next_run() -> Mapping[str, Any]:
    """What `for_next_run` of a choice gave when a person kept it; empty where nothing is kept."""
    kept = st.session_state.get(RUN_KEY)
    return kept if isinstance(kept, Mapping) else {}


def read(presets: Mapping[str, Preset], *, default_preset: str) -> AugmentationChoice:
    """The choice in the address; without one, the last choice of this session is put there."""
    given = {name: st.query_params[name] for name in _NAMES if name in st.query_params}
    if not given:
        given = dict(st.session_state.get(_LAST, {}))
        write(**given)
    st.session_state[_LAST] = given
    return parse(given, presets, default_preset=default_preset)


def write(**values: str | int | None) -> None:
    """Put values into the address; None or an empty one takes it out. Others stay."""
    for name, value in values.items():
        text = "" if value is None else str(value)
        if not text:
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != text:
            st.query_params[name] = text


def write_parameters(preset: Preset, parameters: AugmentationParameters) -> None:
    """Put a preset and what differs from it into the address."""
    choice = AugmentationChoice(preset=preset, parameters=parameters)
    changed = ",".join(f"{name}:{value:g}" for name, value in choice.changed.items())
    write(**{"preset": preset.name, "with": changed})


def _parameters(preset: Preset, changes: str) -> AugmentationParameters:
    own = preset.parameters
    known = {field.name for field in fields(own)}
    changed: dict[str, float] = {}
    for item in changes.split(","):
        name, _, value = item.partition(":")
        try:
            if name in known:
                changed[name] = float(value)
        except ValueError:
            continue
    try:
        return AugmentationParameters.from_dict(own.to_dict() | changed)
    except InvalidInput:
        return own


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
