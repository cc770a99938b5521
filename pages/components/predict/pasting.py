"""Pictures pasted on the page, as they come from a screenshot or another page."""

from pathlib import Path

import streamlit as st

from pages.components.javascript import scripts

HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "forge_pasting", html="<i hidden></i>", js=scripts.load(HERE / "pasting.js")
)


def listen() -> None:
    """Let the file uploader in the container `predict_zone` take what is pasted on the page."""
    _mount(key="predict_pasting", height=0)
