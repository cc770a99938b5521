"""Trouble on a page: what was asked, what was found, what to do next. Never a traceback.

Use `with errors.guarded_page():` around a page and `@errors.guarded_page()` on a fragment,
which runs later and outside the page's own guard.
"""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import streamlit as st

from forge_core.errors import ForgeError

log = logging.getLogger("forge.pages")


@contextmanager
def guarded_page() -> Iterator[None]:
    """Show whatever goes wrong inside as words. Streamlit's own control flow passes through."""
    try:
        yield
    except ForgeError as error:
        show(error)
    except Exception as error:  # the border: nothing may reach the page as a traceback
        show_unexpected(error)


@contextmanager
def redrawing(scope: Literal["app", "fragment"] = "app") -> Iterator[None]:
    """Do what was pressed and draw anew; where it is refused, say why and go on behind it."""
    try:
        yield
    except ForgeError as error:
        show(error)
    else:
        st.rerun(scope=scope)


def show(error: ForgeError) -> None:
    """A foreseen failure: message, next step, and the technical part folded with a copy button."""
    st.error(
        f"{literal(error.message)} {literal(error.next_step)}".strip(), icon=":material/error:"
    )
    if error.detail:
        with st.expander("Technical detail"):
            st.code(error.detail, language=None, wrap_lines=True)


def show_unexpected(error: Exception) -> bool:
    """An unforeseen failure: logged in full under an id, which is all that the page tells.

    Returns:
        True, so that it also serves as `on_script_error` of the app.
    """
    error_id = uuid.uuid4().hex[:8]
    log.error("error %s on a page", error_id, exc_info=error)
    st.error(
        "Something went wrong here that was not foreseen. Your data is as it was before. "
        f"Reload the page; if it stays, look for `{error_id}` in the server's log.",
        icon=":material/error:",
    )
    return True


def literal(text: str) -> str:
    """Text as it is: a file name with asterisks or dollars must not become formatting."""
    return "".join(
        f"\\{character}" if character in r"\*_`$[]<>:~#|" else character for character in text
    )
