"""Is the second better than the first, from all seeds of both; and the seeds that would decide."""

import streamlit as st

from db.records import Run
from forge_core.errors import ForgeError
from forge_core.predictions.seeds import duels
from forge_core.predictions.seeds.duels import Duel
from forge_core.runs.starting import seeds
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.frame import session
from pages.components.words import text


def show(workspace: Workspace, duel: Duel, *, key: str) -> None:
    """The answer, what certainty costs, and the button that queues it."""
    is_decided = duel.contest is not None and duel.contest.is_told_apart
    icon = ":material/trophy:" if is_decided else ":material/balance:"
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}_duel"):
        st.markdown(
            f"{icon} {errors.literal(duels.answer(duel))} {errors.literal(duels.price(duel))}",
            width="stretch",
        )
        going = list_going(workspace, duel)
        if going:
            st.caption(
                f"{text.plural(len(going), 'more seed')} of these settings "
                f"{'is' if len(going) == 1 else 'are'} queued or in training: the answer counts "
                "them when they are done.",
                width="content",
            )
        elif duel.budget.more_seeds and not duel.budget.all_images:
            _offer(workspace, duel, key)


def list_going(workspace: Workspace, duel: Duel) -> list[Run]:
    """Runs of the groups of either settings that are not done yet."""
    return [
        run
        for settings in (duel.first, duel.second)
        for run in seeds.members(workspace, settings.runs[0].run_id)
        if not run.status.is_finished()
    ]


def _offer(workspace: Workspace, duel: Duel, key: str) -> None:
    number = duel.budget.more_seeds or 0
    pressed = st.button(
        f"Train {text.plural(number, 'more seed')} of each",
        icon=":material/casino:",
        key=f"{key}_more_seeds",
        help="Queues runs of the same settings on the same data, that differ in the seed alone.",
    )
    if not pressed:
        return
    try:
        duels.train_more(workspace, duel, actor=session.actor())
    except ForgeError as error:
        errors.show(error)
        return
    st.toast(f"{text.plural(2 * number, 'run')} queued.", icon=":material/check:")
    st.rerun()
