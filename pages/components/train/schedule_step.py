"""Step 3 of Train: how long, how fast, on what, and with which augmentation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from forge_core.augmentation import class_words
from forge_core.augmentation.presets import AugmentationParameters, Preset
from forge_core.models.devices import Device
from forge_core.runs.starting import config_choice, saved_presets
from forge_core.runs.starting.launch import DataCheck
from forge_core.training import stages
from forge_core.training.config import TrainConfig
from forge_core.training.recommendation import BOOK_MEASURED, Recommendation, by_the_book
from pages.components import errors
from pages.components.augmentation import state
from pages.components.train import advanced_options, schedule_chart
from pages.components.train.model_step import ModelChoice
from pages.components.words import glossary

FROM_PAGE = "as set on the Augmentation page"
SHOWN_CLASSES = 8
RECOMMENDED, BY_THE_BOOK = "Recommended", "By the book"


def choose(
    recommendation: Recommendation,
    model: ModelChoice,
    check: DataCheck,
    found_devices: list[Device],
    presets: Mapping[str, Preset],
) -> TrainConfig:
    """Draw the step and return the whole config.

    Raises:
        InvalidInput: Two numbers do not fit together.
    """
    with st.container(border=True, key="train_step_schedule"):
        st.subheader("3 · Schedule", anchor=False)
        left, right = st.columns([3, 4], gap="large")
        with left:
            values = _choose_epochs(recommendation, model)
            recipe = st.container()
            values |= _choose_augmentation(recommendation, presets)
            _warn_of_augmentation(values, check.class_names)
        with right:
            picture = st.container(height=schedule_chart.HEIGHT + 16, border=False)
            values |= _choose_device(recommendation, found_devices)
        values |= _choose_sampling(recommendation, check)
        values |= advanced_options.choose(
            _defaults_of_options(recommendation, model),
            model,
            num_augmented=check.balance.augmented,
        )
        config = TrainConfig(**model.config_fields, **values)
        if is_staged(model):
            with recipe:
                _show_recipe(config, _defaults(recommendation, model), model)
        with picture:
            num_images = check.balance.split_total("train")
            schedule_chart.show(stages.plan_stages(config, num_images))
    return config


def _defaults_of_options(recommendation: Recommendation, model: ModelChoice) -> TrainConfig:
    """The same, with the fit that the Augmentation page keeps for the next run."""
    fit = state.kept_for_next_run().get("fit")
    found = _defaults(recommendation, model)
    return replace(found, fit=fit) if fit in ("crop", "pad") else found


def _defaults(recommendation: Recommendation, model: ModelChoice) -> TrainConfig:
    """What is recommended for this network; a start from a run brings its own epochs."""
    if not model.start:
        return config_choice.for_network(recommendation, model.architecture, model.pretrained)
    found = config_choice.for_network(recommendation, model.architecture)
    return replace(found, **model.start)


def _choose_epochs(recommendation: Recommendation, model: ModelChoice) -> dict[str, Any]:
    wanted = [("scratch_epochs", "Epochs")]
    if model.pretrained:
        wanted = [("finetune_epochs", "Epochs of all layers")]
        if not model.train_all_layers:
            wanted = [
                ("warmup_epochs", "Warm-up epochs"),
                ("finetune_epochs", "Fine-tuning epochs"),
            ]
    wanted.append(("batch_size", "Batch size"))
    defaults = _defaults(recommendation, model)
    values = {}
    for column, (name, label) in zip(st.columns(len(wanted)), wanted, strict=True):
        values[name] = int(
            column.number_input(
                label,
                min_value=2 if name == "batch_size" else 0 if len(wanted) > 2 else 1,
                max_value=4096 if name == "batch_size" else 10_000,
                value=getattr(defaults, name),
                key=f"{model.key}_{name}",
                persist_state="session",
                help=glossary.explain(label),
            )
        )
    if model.architecture == recommendation.config.architecture:
        reasons = [
            f"{label}: {recommendation.reasons[name]}"
            for name, label in wanted
            if name in recommendation.reasons
        ]
        if reasons:
            st.caption(errors.literal(f"{'. '.join(reasons)}."))
    return values


def is_staged(model: ModelChoice) -> bool:
    """Whether there is a schedule by the book for it: a warm-up, then all layers."""
    return model.pretrained and not model.train_all_layers and not model.start


def _show_recipe(config: TrainConfig, defaults: TrainConfig, model: ModelChoice) -> None:
    """The recommended schedule and the one by the book, a click each; own numbers are neither."""
    book = by_the_book(defaults)
    recipes = {RECOMMENDED: {name: getattr(defaults, name) for name in book}, BY_THE_BOOK: book}
    chosen = config.to_dict()
    current = next((name for name, own in recipes.items() if own.items() <= chosen.items()), None)
    key = f"{model.key}_recipe_{current}"  # what the numbers say, not what was clicked before

    def take() -> None:
        asked = st.session_state.get(key)
        if asked in recipes:
            advanced_options.take(model, recipes[asked])

    st.segmented_control(
        "Rates",
        list(recipes),
        default=current,
        key=key,
        on_change=take,
        help=BOOK_MEASURED,
    )


def _choose_augmentation(
    recommendation: Recommendation, presets: Mapping[str, Preset]
) -> dict[str, Any]:
    kept = _kept_augmentation(presets)
    options = [*([FROM_PAGE] if kept else []), *presets]
    titles = {name: errors.literal(preset.title) for name, preset in presets.items()}
    if kept:
        titles[FROM_PAGE] = f"{titles[kept['preset_name'] or kept['preset']]}, {FROM_PAGE}"
    default = FROM_PAGE if kept else recommendation.config.preset
    chosen = st.selectbox(
        "Augmentation",
        options,
        index=options.index(default),
        format_func=titles.__getitem__,
        # A choice that is kept later on the Augmentation page becomes the default again.
        key=f"train_preset_{hash(str(kept))}",
        persist_state="session",
    )
    if kept and chosen == FROM_PAGE:
        return kept
    preset = presets[chosen or recommendation.config.preset]
    reason = recommendation.reasons.get("preset", "")
    is_default = bool(reason) and preset.name == recommendation.config.preset
    words = f"{reason[0].upper()}{reason[1:]}." if is_default else preset.description
    st.caption(errors.literal(words))
    return saved_presets.config_fields(preset)


def _warn_of_augmentation(chosen: Mapping[str, Any], class_names: Sequence[str]) -> None:
    """Where the chosen augmentation may turn one class into another, by the classes' names."""
    parameters = TrainConfig(**chosen).augmentation_parameters
    for warning in class_words.preset_warnings(parameters, class_names):
        st.warning(errors.literal(warning), icon=":material/warning:")


def _kept_augmentation(presets: Mapping[str, Preset]) -> dict[str, Any] | None:
    """What the Augmentation page keeps for the next run, as fields of the config."""
    kept = state.kept_for_next_run()
    if kept.get("preset") not in presets:
        return None
    return {
        "preset": kept["preset"],
        "augmentation": AugmentationParameters.from_dict(dict(kept["augmentation"])),
        "preset_name": kept["preset_name"] if kept.get("preset_name") in presets else "",
    }


def _choose_device(recommendation: Recommendation, found: list[Device]) -> dict[str, Any]:
    by_id = {device.id: device for device in found}
    ids = list(by_id)
    chosen = st.selectbox(
        "Device",
        ids,
        index=ids.index(recommendation.config.device) if recommendation.config.device in ids else 0,
        format_func=lambda name: f"{by_id[name].name} · {_free(by_id[name])}",
        key="train_device",
        persist_state="session",
    )
    return {"device": chosen or ids[0]}


def _free(device: Device) -> str:
    return f"{device.free_bytes / 2**30:.1f} of {device.total_bytes / 2**30:.0f} GiB free"


def _choose_sampling(recommendation: Recommendation, check: DataCheck) -> dict[str, Any]:
    rows = [row for row in check.balance.rows if row.train]
    total = sum(row.train for row in rows)
    ratio = check.balance.imbalance_ratio or 1.0
    each = round(total / max(1, len(rows)))
    toggle, words, counts = st.columns([4, 10, 2], vertical_alignment="center")
    is_balanced = toggle.toggle(
        "Balanced sampling",
        value=recommendation.config.balanced_sampling,
        key="train_balanced",
        help="Draws training images with replacement so that every class is equally likely.",
        persist_state="session",
    )
    smallest = min(rows, key=lambda row: row.train)
    largest = max(rows, key=lambda row: row.train)
    range_words = f"{smallest.train:,} ({smallest.label_name}) to {largest.train:,} "
    range_words += f"({largest.label_name}) of a class"
    if smallest.train == largest.train:
        range_words = f"{smallest.train:,} of each class"
    effect = (
        f"Each class is drawn about {each:,} times an epoch, whatever its size"
        if is_balanced
        else f"An epoch shows each image once: {range_words}"
    )
    advice = (
        f"Recommended: the largest class has {ratio:.1f} times the images of the smallest"
        if recommendation.config.balanced_sampling
        else "Not needed: the classes are of similar size"
    )
    words.caption(errors.literal(f"{effect}. {advice}."))
    with counts.popover("Counts", type="tertiary", key="train_counts"):
        st.dataframe(
            pd.DataFrame(
                {
                    "Class": [row.label_name for row in rows],
                    "In train": [row.train for row in rows],
                    "Drawn an epoch": [each if is_balanced else row.train for row in rows],
                }
            ),
            hide_index=True,
            height="content" if len(rows) <= SHOWN_CLASSES else 320,
        )
    return {"balanced_sampling": is_balanced}
