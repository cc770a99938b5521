"""Which of many pictures is looked at, and the way from one to the next."""

from collections.abc import Collection, Sequence

import streamlit as st

from pages.components.words import text

PLACE_KEY = "predict:place"


def look_at(place: int | None) -> None:
    """Look at the file at this place among all, or at none."""
    st.session_state[PLACE_KEY] = place


def look_at_row(table_key: str, places: Sequence[int]) -> None:
    """Look at the file of the row that was selected; without one, at none.

    Args:
        table_key: Of the table.
        places: Of the files in its rows.
    """
    rows = st.session_state[table_key]["selection"]["rows"]
    look_at(places[rows[0]] if rows and rows[0] < len(places) else None)


def show(places: Sequence[int], done: Collection[int]) -> int | None:
    """Draw the way to the next picture.

    Args:
        places: Of the files that the table shows, in its order; at least one.
        done: Of those that a person has judged.

    Returns:
        The place that is looked at; None where none was chosen yet.
    """
    place: int | None = st.session_state.get(PLACE_KEY)
    if place not in places:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Go through them",
                icon=":material/play_arrow:",
                key="predict_go_through",
                on_click=look_at,
                args=(next((each for each in places if each not in done), places[0]),),
            )
            st.caption("Or select a row: its picture comes below, to be looked at and corrected.")
        return None
    at = places.index(place)
    with st.container(horizontal=True, vertical_alignment="center", key="predict_pager"):
        _show_step("Previous", "arrow_back", "P", places[at - 1] if at else None)
        judged = f" · {text.number(len(done))} judged" if done else ""
        st.markdown(f"{at + 1:,} of {len(places):,}{judged}", width="content")
        _show_step("Next", "arrow_forward", "N", places[at + 1] if at + 1 < len(places) else None)
    return place


def _show_step(words: str, icon: str, key: str, place: int | None) -> None:
    st.button(
        words,
        icon=f":material/{icon}:",
        key=f"predict_{words.lower()}",
        shortcut=key,
        disabled=place is None,
        on_click=look_at,
        args=(place,),
    )
