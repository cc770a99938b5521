"""The queue of images that imports disagree about: its door, and one answer for all."""

import streamlit as st

from db.enums import Question, ReviewState
from db.records import AssetFilter
from forge_core.catalog.editing import contested
from forge_core.catalog.editing.contested import Answer
from forge_core.catalog.listing import asset_list
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.frame import undo_notice
from pages.components.words import text

MOST_TOLD = 10
_LEFT = "review:contested:left"
WORDS = {Answer.MINE: "Keep what is here", Answer.THEIRS: "Take what imports say"}


def count(workspace: Workspace) -> int:
    """How many images wait for a decision."""
    where = AssetFilter(review=ReviewState.CONTESTED, undecided=Question.LABEL)
    return asset_list.count_assets(workspace, where)


def show(workspace: Workspace, number: int, actor: Actor) -> None:
    """Draw what imports say of the first, and the buttons that answer for all."""
    for message in st.session_state.pop(_LEFT, []):
        st.warning(errors.literal(message), icon=":material/rule:")
    if not number:
        return
    images = text.plural(number, "image is", "images are")
    with st.expander(f"{images} contested by imports", icon=":material/rule:"):
        st.caption(
            "Two files, or a file and the catalog, say different things of them. Answer in their "
            "queue, where Enter takes the label that an import said, or let one side hold for all."
        )
        for entry in contested.list_contested(workspace, limit=MOST_TOLD):
            words = f"{entry.asset.file_path}: {entry.asset.review_note}"
            words += f" ({entry.voters})" if entry.voters else ""
            st.markdown(f"- {errors.literal(words)}")
        if number > MOST_TOLD:
            st.caption(f"And {number - MOST_TOLD:,} more.")
        with st.container(horizontal=True, gap="small"):
            for answer, words in WORDS.items():
                if st.button(words, key=f"contested:{answer}"):
                    _decide(workspace, answer, actor)


def _decide(workspace: Workspace, answer: Answer, actor: Actor) -> None:
    with errors.redrawing():
        result = contested.decide(workspace, answer, actor=actor)
        done = text.plural(result.num_changed, "image is", "images are")
        undo_notice.offer(f"{done} decided.", result.revision_id)
        st.session_state[_LEFT] = [one.message for one in result.conflicts[:MOST_TOLD]]
