"""Whether classes are answered because of a cue that has nothing to do with them."""

import pandas as pd
import streamlit as st

from forge_core.evaluation.shortcuts.alarm import LEAST_EFFECT, Shortcut
from forge_core.evaluation.summary import Rate
from forge_core.people.actor import Actor
from forge_core.predictions.shortcuts import kept_shortcuts
from forge_core.predictions.shortcuts.kept_shortcuts import KeptShortcuts
from forge_core.workspace import Workspace
from pages.components import errors, job_progress
from pages.components.evaluation.shown import ShownEvaluation
from pages.components.frame import session
from pages.components.words import text

WHAT = (
    "A border, a plain background, the source, brightness, size, shape or compression: a network "
    "can learn them in place of the thing. Pictures of other classes get the cue of a class and "
    "its own lose it; if answers follow, that is a shortcut."
)


def show(workspace: Workspace, shown: ShownEvaluation) -> None:
    """Draw what was found, or the button that looks."""
    st.subheader("Shortcuts", anchor=False)
    job = kept_shortcuts.find_job(workspace, shown.evaluation_id)
    if job is not None and not job_progress.has_result(job) and not job.status.is_finished():
        return
    found = kept_shortcuts.find(workspace, shown.evaluation_id)
    if found is None:
        st.caption(WHAT)
    else:
        show_found(shown, found)
    st.button(
        "Look for shortcuts" if found is None else "Look again",
        key="evaluation_shortcuts",
        icon=":material/troubleshoot:",
        help="Takes about as long as an evaluation, in the background.",
        on_click=look,
        args=(workspace, shown.evaluation_id, session.actor()),
    )


def show_found(shown: ShownEvaluation, found: KeptShortcuts) -> None:
    """The alarms in sentences, and every cue that was asked about."""
    *named, last = found.lines()
    for line in named:
        st.error(errors.literal(line), icon=":material/warning:")
    if named:
        st.caption(errors.literal(last))
    else:
        st.markdown(errors.literal(last))
    if not found.shortcuts:
        st.caption("No class has a cue far more often than the others.")
        return
    st.dataframe(
        pd.DataFrame([_row(shown, each) for each in found.shortcuts]),
        hide_index=True,
        height="content",
        column_config={
            **{
                name: st.column_config.NumberColumn(format="%.1f %%", help=words)
                for name, words in COLUMNS.items()
            },
            "p": st.column_config.NumberColumn(
                format="%.3f",
                help="How often chance gives such evidence, all questions asked at once (Holm).",
            ),
        },
        key=f"evaluation_shortcuts_{shown.evaluation_id}",
        alt="Cues that a class has far more often than others",
    )
    st.caption(
        "Cues that a class has far more often than the others. A shortcut is what at least "
        f"{text.percent(LEAST_EFFECT)} of the answers follow and chance does not explain."
    )


COLUMNS = {
    "Found with it": "Of the images of the class that have the cue, those that are found.",
    "Found without": "Of the images of the class that have it not, those that are found.",
    "Taken for it": "Of the images of other classes with the cue, those taken for the class.",
    "Follow when given": "Of pictures of other classes that were given the cue, those that are "
    "taken for the class now, less those that no longer are.",
    "Lost when taken": "Of pictures of the class that lost the cue, those no longer found, less "
    "those that are found now.",
}


def look(workspace: Workspace, evaluation_id: int, actor: Actor) -> None:
    """Queue the look."""
    with errors.redrawing():
        kept_shortcuts.submit(workspace, evaluation_id, actor=actor)


def _row(shown: ShownEvaluation, of: Shortcut) -> dict[str, object]:
    def share(rate: Rate | None) -> float | None:
        return None if rate is None else 100 * rate.value

    numbers = (
        share(of.found_with),
        share(of.found_without),
        share(of.taken_with),
        None if of.given is None else 100 * of.given.effect,
        None if of.taken is None else 100 * of.taken.effect,
    )
    return {
        "Class": shown.names[of.label_id],
        "Cue": of.cue,
        "With it": f"{of.num_with:,} of {of.num_with + of.num_without:,}",
        **dict(zip(COLUMNS, numbers, strict=True)),
        "p": of.p_value,
        "Shortcut": of.is_alarm,
    }
