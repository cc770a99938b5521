"""Small grey words with something more to tell whoever points at them."""

import html

import streamlit as st


def show(words: str, hover: str, *, tag: str = "span", attributes: str = "") -> None:
    """Draw the words in a line with others.

    Args:
        words: Plain text.
        hover: What the browser shows when the pointer rests on them.
        tag: Element of HTML.
        attributes: More attributes of it, escaped by the caller.
    """
    st.html(
        f'<{tag} {attributes} title="{html.escape(hover)}" '
        f'style="font-size:0.85rem;opacity:0.7">{html.escape(words)}</{tag}>',
        width="content",
    )
