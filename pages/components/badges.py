"""Small marks that mean the same on every page: a state, a class, a split."""

import html

import streamlit as st

STATES: dict[str, tuple[str, str, str]] = {
    "queued": ("waiting", "gray", ":material/schedule:"),
    "running": ("running", "blue", ":material/play_circle:"),
    "succeeded": ("finished", "green", ":material/check_circle:"),
    "failed": ("failed", "red", ":material/error:"),
    "cancelled": ("stopped", "gray", ":material/cancel:"),
    "interrupted": ("interrupted", "orange", ":material/power_off:"),
    "paused": ("paused", "violet", ":material/pause_circle:"),
}
"""Words, colour and icon of each state of a job or run."""


def show_state(state: str) -> None:
    """A job's or run's state."""
    words, color, icon = STATES.get(state, (state, "gray", ":material/help:"))
    st.badge(words, color=color, icon=icon)  # type: ignore[arg-type]


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
