"""From pictures that were taken into the catalog here to a network that learned from them."""

import streamlit as st

from db.records import Run
from pages.components.frame import navigation
from pages.components.predict import answer_box
from pages.components.words import text


def show(run: Run) -> None:
    """Offer to train the run further, once a picture was taken in.

    Args:
        run: Whose checkpoint answers.
    """
    num_taken = len(st.session_state.get(answer_box.DONE_KEY, {}))
    if not num_taken:
        return
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key="predict_train_door"
    ):
        st.markdown(f"{text.plural(num_taken, 'picture')} taken into the catalog here.")
        if st.button(
            f"Train run {run.run_id} further",
            icon=":material/model_training:",
            key="predict_train_further",
            help="A new run on the catalog as it is now that starts from this one's weights and "
            "needs a quarter of its epochs.",
        ):
            navigation.go_to("train", {"start": run.run_id})
