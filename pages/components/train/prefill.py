"""What Train takes over from the Augmentation page beside the augmentation itself.

Once for each choice that is kept there, so that what is changed on Train afterwards stays changed.
"""

import streamlit as st

from forge_core.models.architectures import ARCHITECTURES
from pages.components.augmentation import state
from pages.components.train import advanced_options, model_step

TAKEN_KEY = "train:augmentation_taken"


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
        st.session_state[model_step.ARCHITECTURE_KEY] = kept["architecture"]
    architecture = st.session_state.get(model_step.ARCHITECTURE_KEY) or recommended
    if kept.get("input_size"):
        model_step.take_input_size(architecture, int(kept["input_size"]))
