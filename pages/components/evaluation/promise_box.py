"""Let a checkpoint say accepted, not sure or unfamiliar, with a promise about the accepted."""

import streamlit as st

from forge_core.errors import ForgeError
from forge_core.progress import Advance, Progress
from pages.components import errors, gallery_links
from pages.components.frame import session
from pages.components.words import text

ERRORS = (0.01, 0.02, 0.05, 0.1)
DEFAULT_ERROR = 0.02


def show(run_id: int, kind: str) -> None:
    """Draw the choice of the error, and the button that keeps a calibrated copy.

    Args:
        run_id: The run.
        kind: Which weights of it; a copy of a calibrated one is not made.
    """
    if kind == "calibrated":
        return
    st.markdown(
        "**Three answers** :gray[· a copy of the checkpoint that says accepted, not sure or "
        "unfamiliar, with a promise for images drawn like those in val]"
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        error = st.segmented_control(
            "At most wrong among the accepted",
            ERRORS,
            format_func=lambda share: text.percent(share, 0),
            default=DEFAULT_ERROR,
            required=True,
            key=f"promise_error_{run_id}",
        )
        is_asked = st.button(
            "Keep a calibrated checkpoint",
            icon=":material/verified:",
            key=f"promise_keep_{run_id}",
            help="Looks at the validation images and at up to 2,000 of train. The run's other "
            "weights stay as they are.",
        )
    if is_asked:
        _keep(run_id, kind, float(error))


def _keep(run_id: int, kind: str, max_error: float) -> None:
    from forge_core.predictions.calibration import deciding, recording  # torch: only when asked

    bar = st.empty()
    bar.progress(0.0, "Loading the network")

    def tell(now: Advance) -> None:
        bar.progress(now.fraction, now.message)

    workspace = session.workspace()
    try:
        found = deciding.calibrate(
            workspace, run_id, kind, max_error=max_error, progress=Progress(tell)
        )
        recording.record(workspace, run_id, found, kind)
    except ForgeError as error:
        errors.show(error)
        return
    finally:
        bar.empty()
    st.success(found.rule.promise, icon=":material/verified:")
    if found.note:
        st.caption(f"Nothing is called unfamiliar: {errors.literal(found.note)}")
    gallery_links.show("Ask it on Predict", "predict", {"run": str(run_id), "kind": "calibrated"})
