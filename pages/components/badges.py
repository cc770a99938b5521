"""Small marks that mean the same on every page: a state, a class, a split."""

import html

import streamlit as st

from db.run_records import PAUSED
from forge_core.notices import state_words

LOOKS: dict[str, tuple[str, str]] = {
    "queued": ("gray", ":material/schedule:"),
    "running": ("blue", ":material/play_circle:"),
    "succeeded": ("green", ":material/check_circle:"),
    "failed": ("red", ":material/error:"),
    "cancelled": ("gray", ":material/cancel:"),
    "interrupted": ("orange", ":material/power_off:"),
    PAUSED: ("violet", ":material/pause_circle:"),
}
"""Colour and icon of each state of a job or run."""


def show_state(state: str) -> None:
    """A job's or run's state."""
    color, icon = LOOKS[state]
    st.badge(state_words.WORDS[state], color=color, icon=icon)  # type: ignore[arg-type]


def class_chip(name: str | None, color: str | None) -> str:
    """HTML for `st.html`: a swatch in the class's colour and its name."""
    if name is None:
        return '<span style="opacity:0.75;font-style:italic">no label</span>'
    return (
        '<span style="display:inline-flex;align-items:center;gap:6px">'
        '<i style="width:10px;height:10px;border-radius:3px;'
        f'background:{html.escape(color or "#7F7F7F", quote=True)}"></i>'
        f"{html.escape(name)}</span>"
    )
