"""What Train takes over from other pages, once, so that what is changed on it afterwards stays.

From Augmentation network, size and fit beside the augmentation itself, once for each choice that is
kept there; from an address such as `train?start=12` the run to start from.
"""

import streamlit as st

from forge_core.errors import NotFound
from forge_core.models.architectures import ARCHITECTURES
from forge_core.runs import records
from forge_core.workspace import Workspace
from pages.components.augmentation import state
from pages.components.train import advanced_options, model_step
from pages.components.train.chosen import ARCHITECTURE_KEY

TAKEN_KEY = "train:augmentation_taken"
START_PARAMETER = "start"


def take_run(workspace: Workspace) -> None:
    """Put the run that the address names into the widgets of step 2.

    Raises:
        NotFound: There is no such run with a checkpoint.
    """
    asked = st.query_params.pop(START_PARAMETER, None)
    if asked is None:
        return
    run = next(
        (run for run in records.list_usable_runs(workspace) if str(run.run_id) == asked), None
    )
    if run is None:
        raise NotFound(
            f"There is no checkpoint of run {asked[:20]} to start from.",
            next_step="Choose another run in step 2.",
        )
    model_step.start_from(run)


def take(recommended: str) -> None:
    """Put the kept network and input size into the widgets, and let the fit start anew.

    The fit is an option of every network: `schedule_step` gives it its default.

    Args:
        recommended: The architecture that is shown where nobody chose one.
    """
    kept = state.kept_for_next_run()
    if not kept or st.session_state.get(TAKEN_KEY) == kept:
        return
    st.session_state[TAKEN_KEY] = dict(kept)
    advanced_options.forget("fit")
    if kept.get("architecture") in ARCHITECTURES:
        st.session_state[ARCHITECTURE_KEY] = kept["architecture"]
    architecture = st.session_state.get(ARCHITECTURE_KEY) or recommended
    if kept.get("input_size"):
        model_step.take_input_size(architecture, int(kept["input_size"]))
