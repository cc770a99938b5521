"""The gallery component: html, styles and script, and the one function that pages call.

`gallery.js` wires the modules in the folders beside it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from forge_core.catalog.listing.suggestions import Suggester
from forge_core.people.actor import Actor
from pages.components.javascript import scripts

HERE = Path(__file__).parent
PAGE_ROWS = 200
"""Rows that the browser asks for at a time."""
STYLES = ("gallery", "grid", "views", "panel", "messages", "small_screens")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a person asks for that the gallery cannot do."""

    finished: Mapping[str, Any] | None
    """At the end of a queue: what is wanted, and how many were changed, kept and skipped."""
    alike: tuple[str, ...]
    """Ids of images whose like is to be found."""


def read_styles() -> str:
    """The component's whole style sheet."""
    files = [HERE / "styles" / f"{name}.css" for name in STYLES]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


_mount = st.components.v2.component(
    "forge_gallery",
    html=(HERE / "gallery.html").read_text(encoding="utf-8"),
    css=read_styles(),
    js=scripts.load(HERE / "gallery.js"),
)


def show(
    *,
    where: Mapping[str, str],
    sort: str,
    suggest: Suggester | None,
    token: str,
    actor: Actor,
    workspace_id: str,
    classes: Sequence[Mapping[str, Any]],
    on_token_asked: Callable[[], None],
    review: Mapping[str, Any] | None = None,
    first: Mapping[str, Any] | None = None,
) -> Asked:
    """Draw the gallery. Rows, pictures and saves travel over the data routes, not through here.

    Only the first rows may come along, so that nobody waits for another question and its answer.

    Args:
        where: The filter as query parameters of the route `/assets`.
        sort: Order of the images.
        suggest: Whose suggestions are shown: a run's, or those of the judging of labels.
        token: Write token of the person; a new one may be passed on every run.
        actor: The person, as in the token.
        workspace_id: Names the routes and the browser's outbox: another workspace must not get
            its changes.
        classes: As `shapes.shape_label` gives them.
        on_token_asked: Called when the browser's token has expired; the run that follows must
            pass a new one.
        review: The queue that is worked on: queue, words, question, run; None for none.
        first: What the route `/assets` answers for the first `PAGE_ROWS` of this filter and order;
            without it the browser asks.

    Returns:
        What the person asks for beyond the gallery, once.
    """
    result = _mount(
        key=f"gallery-{workspace_id}",  # another workspace gets a gallery of its own
        data={
            "filter": dict(where),
            "sort": sort,
            "suggest": suggest,
            "token": token,
            "author": actor.name,
            "workspace": workspace_id,
            "classes": [dict(label) for label in classes],
            "review": None if review is None else dict(review),
            "first": None if first is None else json.dumps(first),  # one text: nothing to look into
        },
        on_token_change=on_token_asked,
        on_finished_change=_nothing,
        on_alike_change=_nothing,
    )
    alike = result.get("alike") or {}
    return Asked(finished=result.get("finished"), alike=tuple(alike.get("images", ())))


def _nothing() -> None:
    """What is done is returned by the run that follows."""
