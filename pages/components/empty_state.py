"""A page with nothing to show yet: one picture, one sentence, one or two buttons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Choice:
    """A button of an empty state. The first one is the primary one."""

    words: str
    act: Callable[[], None]
    icon: str | None = None


def show(sentence: str, *, icon: str, choices: Sequence[Choice] = (), key: str) -> None:
    """Draw the empty state and run the choice that was pressed.

    Args:
        sentence: What is empty, and what to do about it.
        icon: Name of a Material symbol, such as "imagesmode".
        choices: The next steps.
        key: Prefix of the buttons' keys; unique on the page.
    """
    with st.container(horizontal_alignment="center", gap="medium", key=f"empty_state_{key}"):
        st.space("large")
        st.markdown(f"# :gray[:material/{icon}:]", text_alignment="center")
        st.markdown(sentence, text_alignment="center")
        with st.container(horizontal=True, horizontal_alignment="center"):
            pressed = [
                choice
                for position, choice in enumerate(choices)
                if st.button(
                    choice.words,
                    icon=choice.icon,
                    type="secondary" if position else "primary",
                    key=f"{key}_{position}",
                )
            ]
    for choice in pressed:
        choice.act()
