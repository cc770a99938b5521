"""Train: three numbered steps, then straight to the live run."""

import json

import streamlit as st

from forge_core.catalog.listing import asset_list
from forge_core.errors import ForgeError
from forge_core.jobs import queue, supervision
from forge_core.models import devices
from forge_core.runs.starting import config_choice, forecast, launch, saved_presets, seeds
from forge_core.runs.starting.forecast import Forecast
from forge_core.runs.starting.launch import DataCheck
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace
from pages.components import empty_state, errors
from pages.components.frame import navigation, page_frame, session
from pages.components.train import data_step, model_step, prefill, rate_finder, schedule_step
from pages.components.words import text

NAME_CHARACTERS = 60
QUICK_INPUT_SIZE = 64


def show() -> None:
    """Draw the page."""
    workspace = session.workspace()
    if asset_list.totals(workspace).images == 0:
        page_frame.show_title("Train")
        show_empty()
        return
    check = launch.check_data(workspace)
    pressed = page_frame.show_title(
        "Train",
        action="Start training",
        icon=":material/play_arrow:",
        disabled=bool(check.problems),
        help="Step 1 says what is missing." if check.problems else None,
    )
    starting = st.empty()
    if pressed:  # said before anything is looked up, so that the press is seen at once
        starting.markdown(":material/hourglass_top: Starting the run")
    notice = st.container()
    data_step.show(workspace, check)
    if check.problems:
        return
    supervision.prepare_for_jobs(workspace)
    found_devices = devices.list_devices()
    advice = config_choice.recommend(check)
    prefill.take(advice.config.architecture)
    prefill.take_run(workspace)
    model = model_step.choose(workspace, advice, check)
    try:
        config = schedule_step.choose(
            advice, model, check, found_devices, saved_presets.all_presets(workspace)
        )
    except ForgeError as error:
        starting.empty()
        errors.show(error)
        return
    rate_finder.show(workspace, config, model)
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    name = left.text_input(
        "Name of the run",
        max_chars=NAME_CHARACTERS,
        placeholder="optional, for example: with the new photos",
        key="train_name",
    )
    number = right.number_input(
        "Seeds",
        min_value=1,
        max_value=seeds.MOST_AT_ONCE,
        value=1,
        key="train_seeds",
        help="So many runs that differ in their seed alone, as one row of Runs with their mean. "
        "With 3 of each, Evaluation says whether one choice is better than another or was lucky.",
    )
    if pressed:
        with notice:
            start(workspace, config, name, int(number))
        starting.empty()
    show_forecast(workspace, config, check, int(number))


def start(workspace: Workspace, config: TrainConfig, name: str, num_seeds: int = 1) -> None:
    """Start the run and go to it; what is in the way is said on the page."""
    try:
        run = seeds.start(workspace, config, num_seeds, actor=session.actor(), name=name)
    except ForgeError as error:
        errors.show(error)
    else:
        navigation.go_to("runs", {"run": run.run_id})


def show_forecast(
    workspace: Workspace, config: TrainConfig, check: DataCheck, num_seeds: int = 1
) -> None:
    """How long it will take: known from an earlier run, or measured when that is asked for."""
    each = "" if num_seeds == 1 else f" for each of {num_seeds} seeds"
    num_train = check.balance.split_total("train")
    known = forecast.from_earlier_run(workspace, config, num_train)
    key = json.dumps([config.to_dict(), check.revision_id], sort_keys=True)
    measured: dict[str, Forecast] = st.session_state.setdefault("train:forecasts", {})
    with st.container(horizontal=True, vertical_alignment="center", key="train_forecast"):
        if known is not None:
            st.markdown(
                f":material/timer: About **{text.duration(known.seconds)}**{each}, "
                f"as fast as run {known.run_id}."
            )
        elif key in measured:
            st.markdown(
                f":material/timer: About **{text.duration(measured[key].seconds)}**{each}, "
                "from a few steps measured here."
            )
        elif is_quick(config) or st.button(
            "Estimate the time", icon=":material/timer:", type="tertiary", key="train_estimate"
        ):
            with st.spinner("Measuring a few steps"):
                measured[key] = forecast.measure(
                    config, num_train, check.balance.split_total("val"), len(check.class_names)
                )
            st.rerun()
    if queue.list_active_jobs(workspace):
        st.caption("Other work is running: the run may wait for it, or share the machine with it.")


def is_quick(config: TrainConfig) -> bool:
    """Whether measuring takes less than a second or two, so that nobody needs to ask for it."""
    return config.architecture == "forge_cnn" and (config.input_size or 0) <= QUICK_INPUT_SIZE


def show_empty() -> None:
    """No images."""
    empty_state.show(
        "No images yet. A run learns from labelled images: import some first.",
        icon="model_training",
        choices=[
            empty_state.Choice(
                "Import images", lambda: navigation.go_to("import"), ":material/upload:"
            )
        ],
        key="train_empty",
    )


with errors.guarded_page():
    show()
