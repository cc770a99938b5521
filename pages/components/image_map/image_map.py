"""The map component: html, styles and script, and the one function that pages call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.javascript import scripts

HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "forge_image_map",
    html=(HERE / "image_map.html").read_text(encoding="utf-8"),
    css=(HERE / "image_map.css").read_text(encoding="utf-8"),
    js=scripts.load(HERE / "image_map.js"),
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a person asks for that the map cannot do."""

    picked: int | None
    """Number of the selection that a line was drawn around."""
    listed: Mapping[str, Any]
    """Fields of the filter of a group that is to be listed; empty where none is."""
    place: bool
    """Whether images that have no place yet are to get one."""


def show(
    *,
    where: Mapping[str, str],
    run_id: int | None,
    network: str,
    drawn: str,
    token: str,
    workspace_id: str,
    classes: Sequence[Mapping[str, Any]],
    on_token_asked: Callable[[], None],
) -> Asked:
    """Draw the map. Points and what a line surrounds travel over the data routes.

    Args:
        where: The gallery's filter: its images are bright, the others dim.
        run_id: The run whose answers can colour the points; None for none.
        network: Key of the network whose map it is.
        drawn: Another text when the map was drawn anew.
        token: Write token of the person; a new one may be passed on every run.
        workspace_id: Names the routes.
        classes: As `shapes.shape_label` gives them; retired ones too.
        on_token_asked: Called when the browser's token has expired; the run that follows must
            pass a new one.

    Returns:
        What the person asks for beyond the map, once.
    """
    result = _mount(
        key=f"image-map-{workspace_id}",
        data={
            "filter": dict(where),
            "run": run_id,
            "network": network,
            "drawn": drawn,
            "token": token,
            "workspace": workspace_id,
            "classes": [dict(label) for label in classes],
        },
        on_token_change=on_token_asked,
        on_picked_change=_nothing,
        on_listed_change=_nothing,
        on_place_change=_nothing,
    )
    picked = result.get("picked")
    return Asked(
        picked=None if picked is None else int(picked),
        listed=result.get("listed") or {},
        place=bool(result.get("place")),
    )


def _nothing() -> None:
    """What is done is returned by the run that follows."""
