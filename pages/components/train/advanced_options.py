"""The advanced options of a run: folded, complete, and found by a word."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from forge_core.training import stages
from forge_core.training.config import TrainConfig
from forge_core.training.options import BY_NAME, OPTIONS, Option
from pages.components import errors
from pages.components.train.model_step import ModelChoice
from pages.components.words import glossary

COLUMNS = 3
MOST_WHOLE = 2**31 - 1
SMALL = ("_lr", "weight_decay")
"""Options whose numbers are read as powers of ten."""


def choose(defaults: TrainConfig, model: ModelChoice, *, num_augmented: int) -> dict[str, Any]:
    """Draw the options and return the values of all, those that the search hides included.

    Args:
        defaults: What each option is until somebody changes it.
        model: Decides which options play a part.
        num_augmented: Augmented copies in the catalog.
    """
    used = _used(defaults, model)
    with st.expander("Advanced", icon=":material/tune:", key="train_advanced"):
        words = st.text_input(
            "Find an option",
            placeholder="for example: decay",
            icon=":material/search:",
            key="train_advanced_search",
        )
        found = [option for option in used if option.matches(words)]
        if not found:
            st.caption(f"No option is about {errors.literal(words)}.")
        for first in range(0, len(found), COLUMNS):
            row = found[first : first + COLUMNS]
            for column, option in zip(st.columns(COLUMNS), row, strict=False):
                with column:
                    _draw(option, defaults, model, num_augmented)
        if words and found:
            st.caption(f"{len(found)} of {len(used)} options.")
    return {
        option.name: _as_kind(
            option, st.session_state.get(_key(option, model), getattr(defaults, option.name))
        )
        for option in used
    }


def take(model: ModelChoice, values: Mapping[str, Any]) -> None:
    """Set options and epochs by name, as if a person had; for the callback of a button."""
    for name, value in values.items():
        key = _key(BY_NAME[name], model) if name in BY_NAME else f"{model.key}_{name}"
        st.session_state[key] = value


def forget(name: str) -> None:
    """Let an option start from its default again, whatever the network."""
    for key in [key for key in st.session_state if str(key).endswith(f"_{name}")]:
        if str(key).startswith("train_"):
            del st.session_state[key]


def _used(defaults: TrainConfig, model: ModelChoice) -> list[Option]:
    """The options that a stage of this run uses."""
    config = TrainConfig(**model.config_fields)
    names = {stage.name for stage in stages.plan_stages(config)}
    unused = {"head_lr", "keep_statistics"} if model.train_all_layers else set()
    return [
        option
        for option in OPTIONS
        if names.intersection(option.stages) and option.name not in unused
    ]


def _key(option: Option, model: ModelChoice) -> str:
    return "train_seed" if option.name == "seed" else f"{model.key}_{option.name}"


def _draw(option: Option, defaults: TrainConfig, model: ModelChoice, num_augmented: int) -> None:
    """The widget, and under it the sentence with the default."""
    default = getattr(defaults, option.name)
    key = _key(option, model)
    if option.value_type is bool:
        st.toggle(
            option.title,
            value=default,
            disabled=option.name == "use_augmented" and not num_augmented,
            key=key,
            persist_state="session",
            help=glossary.explain(option.title),
        )
    elif option.choices is not None:
        choices = list(option.choices)
        st.selectbox(
            option.title,
            choices,
            index=choices.index(default),
            format_func=option.choices.__getitem__,
            key=key,
            persist_state="session",
        )
    elif option.value_type is int:
        st.number_input(
            option.title,
            min_value=int(option.minimum) if option.unset is None else int(option.unset) + 1,
            max_value=min(int(option.maximum), MOST_WHOLE),
            value=None if default == option.unset else default,
            placeholder=None if option.unset is None else option.describe(option.unset),
            key=key,
            persist_state="session",
            help=glossary.explain(option.title),
        )
    else:
        st.number_input(
            option.title,
            min_value=option.minimum,
            max_value=option.maximum,
            value=float(default),
            step=option.step,
            format="%.1e" if option.name.endswith(SMALL) else "%.5g",
            key=key,
            persist_state="session",
            help=glossary.explain(option.title),
        )
    st.caption(f"{option.help} Default: {option.describe(default)}.")


def _as_kind(option: Option, value: Any) -> Any:
    return option.value_type(option.unset if value is None else value)
