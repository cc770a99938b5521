"""Second opinions: ask for them, and read how far people agree and how often each is wrong."""

import streamlit as st

from forge_core.catalog.opinions import answering, drawing
from forge_core.people.actor import Actor
from forge_core.predictions.labelling import agreement
from forge_core.predictions.labelling.agreement import AgreementRow
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.words import text

FIELD = 150
"""Pixels."""
DRAWN_KEY = "review:drawn"
TITLES = {
    "everybody": "Everybody, Fleiss' kappa",
    "class": "By class, Fleiss' kappa of it against all others",
    "pair": "Pairs of people, Cohen's kappa",
    "class of pair": "By class of pairs, Cohen's kappa of it against all others",
    "gold errors": "Wrong on gold questions",
}


def show(workspace: Workspace, actor: Actor) -> None:
    """Draw the form that asks, and what the answers tell."""
    st.subheader("Second opinions", anchor=False)
    st.caption(
        "A share of what one person decided goes to another, who does not see the first answer. "
        "The draw goes by the pictures, so that it is the same whoever asks. Gold questions are "
        "images whose label is certain: two people say it and nobody says otherwise, or somebody "
        "marked it as gold (Shift+G in the gallery)."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        share = st.number_input(
            "Of what is decided (%)", 0, 100, 10, 5, key="opinions_share", width=FIELD
        )
        gold = st.number_input("Gold questions", 0, 1000, 0, 10, key="opinions_gold", width=FIELD)
        if st.button("Ask for second opinions", icon=":material/group:", key="opinions_draw"):
            with errors.redrawing():
                drawn = drawing.draw(workspace, share=share / 100, gold=gold, actor=actor)
                st.session_state[DRAWN_KEY] = _describe(drawn)
    if DRAWN_KEY in st.session_state:
        st.markdown(f":material/check: {st.session_state.pop(DRAWN_KEY)}")
    # Every answer is read for it: not before somebody wants to know.
    if answering.list_people(workspace) and st.toggle("How far people agree", key="agreement"):
        _show_agreement(workspace)


def _show_agreement(workspace: Workspace) -> None:
    found = agreement.measure_agreement(workspace)
    people = text.plural(found.num_people, "person", "people")
    images = text.plural(found.num_images, "image")
    st.caption(
        f"{images} with several answers, of {people}: only answers that were given without knowing "
        "another's. Kappa is the agreement beyond chance: 1 where all say the same, 0 where no "
        "more agree than by chance."
    )
    rows = agreement.tabulate(found)
    for kind, title in TITLES.items():
        _show_table(title, [row for row in rows if row.kind == kind])


def _describe(drawn: drawing.Draw) -> str:
    decided = text.plural(drawn.num_decided, "decided image")
    words = f"{text.number(drawn.num_second)} of {decided} are asked about"
    if drawn.num_gold or drawn.num_certain:
        certain = text.plural(drawn.num_certain, "certain label")
        words += f", and {text.number(drawn.num_gold)} of {certain} as gold questions"
    return f"{words}; {text.number(drawn.num_new)} are new."


def _show_table(title: str, rows: list[AgreementRow]) -> None:
    if not rows:
        return
    st.markdown(f"**{title}**")
    is_share = rows[0].kind == "gold errors"
    st.dataframe(
        [
            {
                "Who" if row.kind != "class" else "Class": row.who,
                "Images": row.images,
                "Value": "–" if row.value is None else _number(row.value, is_share),
                "95 % interval": _interval(row, is_share),
            }
            for row in rows
        ],
        hide_index=True,
        width="stretch",
    )


def _interval(row: AgreementRow, is_share: bool) -> str:
    if row.low is None or row.high is None:
        return row.why_not
    return f"{_number(row.low, is_share)} to {_number(row.high, is_share)}"


def _number(value: float, is_share: bool) -> str:
    return f"{100 * value:.1f} %" if is_share else f"{value:.2f}"
