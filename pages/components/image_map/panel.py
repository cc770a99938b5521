"""The map above the gallery's list: drawn when it is asked for, and what a line on it does."""

from collections.abc import Mapping

import streamlit as st

from forge_core.api import shapes
from forge_core.catalog.editing import classes
from forge_core.jobs import kinds, queue
from forge_core.predictions.embeddings import vector_store
from forge_core.predictions.embeddings.maps import map_points
from forge_core.workspace import Workspace
from pages.components import errors, job_progress
from pages.components.frame import session, torch_loading
from pages.components.gallery import filter_address
from pages.components.image_map import image_map

PARAMETER, OPEN = "map", "on"


def is_open() -> bool:
    """Whether the address asks for the map."""
    return st.query_params.get(PARAMETER) == OPEN


def show_button() -> None:
    """The button that opens and closes the map."""
    st.button(
        "Hide the map" if is_open() else "Map",
        icon=":material/scatter_plot:",
        type="tertiary",
        help="Images as points, those that look alike near each other; draw around some",
        on_click=_toggle,
        key="gallery_map",
    )


def show(workspace: Workspace, where: Mapping[str, str], run_id: int | None) -> None:
    """Draw the map where the address asks for it; a line on it becomes a filter.

    Args:
        workspace: The workspace.
        where: The gallery's filter.
        run_id: The run whose answers can colour the points.
    """
    if not is_open():
        return
    job = queue.find_latest_job(workspace, kinds.MAP.name)
    if job is not None and not job.status.is_finished():
        job_progress.watch(job.job_id)
        return
    if job is not None:
        job_progress.has_result(job)
    if map_points.find_network(workspace) is None:
        _offer(workspace)
        return
    _show_map(where, run_id, "" if job is None else str(job.job_id))


def _offer(workspace: Workspace) -> None:
    with st.container(border=True, key="map_offer"):
        is_known = bool(vector_store.list_networks(workspace))
        looks = "" if is_known else " A network looks at each image once, minutes for ten thousand."
        st.markdown(
            "A map shows all images as points, those that look alike near each other: clusters, "
            f"strays and wrong labels stand out, and a line drawn around some lists them.{looks}"
        )
        if st.button("Draw the map", type="primary", key="map_draw"):
            _submit(workspace)


@st.fragment
@errors.guarded_page()
def _show_map(where: Mapping[str, str], run_id: int | None, drawn: str) -> None:
    """In a fragment: a new token needs no run of the whole page."""
    workspace = session.workspace()
    labels = classes.list_classes(workspace, with_retired=True)
    asked = image_map.show(
        where=where,
        run_id=run_id,
        drawn=drawn,
        token=session.api_token(),
        workspace_id=workspace.id,
        classes=[shapes.shape_label(label) for label in labels],
        on_token_asked=_mint_again,
    )
    if asked.picked is not None:
        filter_address.put("selected", asked.picked)
        st.rerun(scope="app")
    if asked.place:
        _submit(workspace)


def _submit(workspace: Workspace) -> None:
    torch_loading.wait()
    from forge_core.predictions.embeddings.maps import drawing  # torch

    drawing.submit(workspace, actor=session.actor())
    st.rerun(scope="app")


def _mint_again() -> None:
    """Nothing to do: the run that follows mints a new token."""


def _toggle() -> None:
    if is_open():
        del st.query_params[PARAMETER]
    else:
        st.query_params[PARAMETER] = OPEN
