"""The gallery component: its files joined, and the one function that pages call.

Streamlit loads a component's script as one module, so the parts in `parts/` are plain scripts
that share a scope and are joined in this order; `gallery.js` wires them and comes last.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent
PARTS = (
    "dom",
    "server",
    "outbox",
    "rows",
    "selection",
    "band",
    "scrolling",
    "classes",
    "pictures",
    "tiles",
    "ahead",
    "grid",
    "labels",
    "suggestions",
    "watch",
    "lost_server",
    "preferences",
    "commands",
    "bindings",
    "keys",
    "overlays",
    "keys_dialog",
    "panel",
    "pace",
    "zoom",
    "large_view",
    "compare",
    "views",
    "show_menu",
    "finding",
    "address",
    "notices",
    "moving",
    "looking",
    "actions",
)


STYLES = ("grid", "views", "panel", "messages", "small_screens")


def read_styles() -> str:
    """The component's whole style sheet: `gallery.css`, then the parts."""
    files = [HERE / "gallery.css", *(HERE / "parts" / f"{name}.css" for name in STYLES)]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def read_script() -> str:
    """The component's whole script: the parts, then `gallery.js`."""
    files = [*(HERE / "parts" / f"{name}.js" for name in PARTS), HERE / "gallery.js"]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


_mount = st.components.v2.component(
    "forge_gallery",
    html=(HERE / "gallery.html").read_text(encoding="utf-8"),
    css=read_styles(),
    js=read_script(),
)


def show(
    *,
    where: Mapping[str, str],
    sort: str,
    suggest: int | None,
    token: str,
    author: str,
    workspace_key: str,
    classes: Sequence[Mapping[str, Any]],
    on_token_asked: Callable[[], None],
) -> None:
    """Draw the gallery. Rows, pictures and saves travel over `/forge-api`, not through here.

    Args:
        where: The filter as query parameters of `/forge-api/assets`.
        sort: Order of the images.
        suggest: The run whose predictions are shown as suggestions; None for none.
        token: Write token of the person; a new one may be passed on every run.
        author: The person, as in the token.
        workspace_key: Names the browser's outbox; another workspace must not get its changes.
        classes: As `shapes.shape_label` gives them.
        on_token_asked: Called when the browser's token has expired; the run that follows must
            pass a new one.
    """
    _mount(
        key="gallery",
        data={
            "filter": dict(where),
            "sort": sort,
            "suggest": suggest,
            "token": token,
            "author": author,
            "workspace": workspace_key,
            "classes": [dict(label) for label in classes],
        },
        on_token_change=on_token_asked,
    )
