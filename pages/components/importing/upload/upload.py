"""The upload component: html, styles and script, and the one function that pages call.

The files go over the data routes (`forge_core.api.uploads`); through Streamlit comes only the id of
an upload whose files are all there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from forge_core.catalog.importing.uploads.earlier import CutUpload
from pages.components.javascript import scripts

HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "forge_upload",
    html=(HERE / "upload.html").read_text(encoding="utf-8"),
    css=(HERE / "upload.css").read_text(encoding="utf-8"),
    js=scripts.load(HERE / "upload.js"),
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the browser has just said."""

    upload_id: str | None = None
    """The upload whose files are all there now."""
    is_begun: bool = False
    """Files were chosen, and their upload has begun."""


def show(
    *,
    key: str,
    token: str,
    workspace_id: str,
    taken: str,
    on_token_asked: Callable[[], None],
    drops_only: bool = False,
    cut: CutUpload | None = None,
) -> Told:
    """Draw the control, or the progress of what is being sent.

    Args:
        key: Of the component; unique on the page.
        token: Write token of the person; a new one may be passed on every run.
        workspace_id: Names the routes.
        taken: The upload that the page has taken over last; the browser forgets it.
        on_token_asked: Called when the browser's token has expired; the run that follows must
            pass a new one.
        drops_only: Show nothing until files are dropped on the page.
        cut: An upload that can be gone on with.
    """
    result = _mount(
        key=key,
        data={
            "token": token,
            "workspace": workspace_id,
            "taken": taken,
            "drops_only": drops_only,
            "cut": None if cut is None else _described(cut),
        },
        on_token_change=on_token_asked,
        on_begun_change=_nothing,
        on_upload_change=_nothing,
    )
    upload_id = result.get("upload")
    return Told(
        upload_id=upload_id if isinstance(upload_id, str) else None,
        is_begun=result.get("begun") is not None,
    )


def _described(cut: CutUpload) -> dict[str, str | int]:
    return {"id": cut.upload_id, "name": cut.name, "here": cut.num_here, "asked": cut.num_asked}


def _nothing() -> None:
    """A trigger is told only when it has a callback."""
