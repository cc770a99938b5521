"""What the shadow of the service answered otherwise, and the button that puts it into Review."""

import streamlit as st

from forge_core.catalog.splits import split_rule
from forge_core.drift import disagreements
from forge_core.drift.disagreements import MOST, ShadowLog
from forge_core.errors import ForgeError
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.drift import report_view
from pages.components.frame import navigation, session
from pages.components.words import text

NUM_PICTURES = 8
PICTURE_SIDE = 96


def show(workspace: Workspace, *, is_below: bool) -> None:
    """Draw it, apart from what it is below; nothing where no shadow answered otherwise."""
    log = disagreements.read(workspace)
    if not log.num_images:
        return
    if is_below:
        st.divider()
    st.subheader("The shadow answers otherwise", anchor=False)
    st.markdown(_describe(log))
    if not log.waiting:
        return
    with st.container(horizontal=True, gap="small"):
        for disagreement, path in log.waiting[:NUM_PICTURES]:
            with st.container(width=PICTURE_SIDE, gap=None):
                answered, shadow = disagreement.answered, disagreement.shadow
                report_view.show_picture(workspace, path, PICTURE_SIDE, answered.label_name)
                st.caption(
                    f"{errors.literal(answered.label_name)} or {errors.literal(shadow.label_name)}?"
                )
    asks_rule = _choose_split(workspace)
    number = min(MOST, len(log.waiting))
    if st.button(
        f"Put {number} into Review",
        icon=":material/flag:",
        key="drift_shadow",
        help="Adds the pictures to the catalog without a label, in the queue “The shadow "
        "disagrees”.",
    ):
        _take(workspace, log, asks_rule=asks_rule)


def _describe(log: ShadowLog) -> str:
    sentences = [
        f"{text.plural(log.num_images, 'image')} got another answer from the second checkpoint."
    ]
    if log.num_settled:
        sentences.append(f"{log.num_settled:,} are in the catalog already.")
    if log.num_without_picture:
        sentences.append(
            f"Of {log.num_without_picture:,} no picture is kept (`--keep-disagreements`)."
        )
    return " ".join(sentences)


def _choose_split(workspace: Workspace) -> bool:
    """Whether the standing rule chooses their splits; it can only where it draws one."""
    if split_rule.find(workspace).ratios is None:
        st.caption("They go into train: they come in because they are hard to tell.")
        return False
    return st.checkbox(
        "Let the rule for new images choose their splits",
        key="drift_shadow_rule",
        help="Otherwise they go into train. They come in because they are hard to tell, so that "
        "what is measured with them is marked as biased.",
    )


def _take(workspace: Workspace, log: ShadowLog, *, asks_rule: bool) -> None:
    try:
        taken = disagreements.take_for_review(
            workspace, log, asks_rule=asks_rule, actor=session.actor()
        )
    except ForgeError as error:
        errors.show(error)
        return
    st.toast(
        f"{text.plural(taken.num_images, 'image')} in the queue of Review.",
        icon=":material/flag:",
    )
    navigation.go_to("review")
