"""The map above the gallery's list: drawn when it is asked for, and what a line on it does."""

from collections.abc import Mapping, Sequence

import streamlit as st

from forge_core.api import shapes
from forge_core.catalog.editing import classes
from forge_core.jobs import kinds, queue
from forge_core.predictions.embeddings import vector_store
from forge_core.predictions.embeddings.maps import map_points
from forge_core.predictions.embeddings.vector_store import NetworkFacts
from forge_core.workspace import Workspace
from pages.components import errors, job_progress
from pages.components.frame import session, torch_loading
from pages.components.gallery import filter_address
from pages.components.image_map import image_map

PARAMETER, OPEN = "map", "on"
NETWORK = "map_network"
"""Of the address: the first digits of a network's key."""
SHORT_KEY = 12
NETWORK_WIDTH = 380
"""Pixels."""


def is_open() -> bool:
    """Whether the address asks for the map."""
    return st.query_params.get(PARAMETER) == OPEN


def show_button() -> None:
    """The button that opens and closes the map."""
    st.button(
        "Map",
        icon=":material/close:" if is_open() else ":material/scatter_plot:",
        type="tertiary",
        help="Hide the map"
        if is_open()
        else "Images as points, those that look alike near each other; draw around some",
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
    network = choose_network(workspace)
    if network is None or map_points.find_network(workspace, network.key) is None:
        _offer(workspace, network)
        return
    _show_map(where, run_id, network.key, "" if job is None else str(job.job_id))


def choose_network(workspace: Workspace) -> NetworkFacts | None:
    """Whose map is looked at: of the networks that have embeddings the one that the address names.

    By default that whose map was drawn last; None where no image was embedded yet.
    """
    there = {each.key: each for each in vector_store.list_networks(workspace)}
    if len(there) < 2:
        return next(iter(there.values()), None)
    drawn = map_points.find_network(workspace)
    asked = st.query_params.get(NETWORK, "")
    by_default = next(iter(there)) if drawn is None else drawn.key
    shown = next((key for key in there if asked and key.startswith(asked)), by_default)
    chosen = st.selectbox(
        "Network of the map",
        list(there),
        index=list(there).index(shown),
        format_func=lambda key: _name(there[key], list(there.values())),
        help="Each network sees the images in its own way: those with embeddings",
        key=f"map_network_{shown[:SHORT_KEY]}",
        width=NETWORK_WIDTH,
    )
    if chosen != shown:
        st.query_params[NETWORK] = chosen[:SHORT_KEY]
        st.rerun(scope="app")
    return there[chosen]


def _name(network: NetworkFacts, there: Sequence[NetworkFacts]) -> str:
    """Its words; with its key where other weights are called the same."""
    is_alone = sum(each.words == network.words for each in there) == 1
    return network.words if is_alone else f"{network.words} ({network.key[:6]})"


def _offer(workspace: Workspace, network: NetworkFacts | None) -> None:
    with st.container(border=True, key="map_offer"):
        is_known = network is not None
        looks = "" if is_known else " A network looks at each image once, minutes for ten thousand."
        st.markdown(
            "A map shows all images as points, those that look alike near each other: clusters, "
            f"strays and wrong labels stand out, and a line drawn around some lists them.{looks}"
        )
        of = "" if network is None else f" of {network.words}"
        if st.button(f"Draw the map{of}", type="primary", key="map_draw"):
            _submit(workspace, network)


@st.fragment
@errors.guarded_page()
def _show_map(where: Mapping[str, str], run_id: int | None, network: str, drawn: str) -> None:
    """In a fragment: a new token needs no run of the whole page."""
    workspace = session.workspace()
    labels = classes.list_classes(workspace, with_retired=True)
    asked = image_map.show(
        where=where,
        run_id=run_id,
        network=network,
        drawn=drawn,
        token=session.api_token(),
        workspace_id=workspace.id,
        classes=[shapes.shape_label(label) for label in labels],
        on_token_asked=_mint_again,
    )
    if asked.picked is not None:
        filter_address.put("selected", asked.picked)
        st.rerun(scope="app")
    if asked.listed:
        for name, value in asked.listed.items():
            filter_address.put(name, value)
        st.rerun(scope="app")
    if asked.place:
        _submit(workspace, map_points.find_network(workspace, network))


def _submit(workspace: Workspace, network: NetworkFacts | None) -> None:
    torch_loading.wait()
    from forge_core.predictions.embeddings import networks  # torch
    from forge_core.predictions.embeddings.maps import drawing

    source = None if network is None else networks.parse(network.source)
    drawing.submit(workspace, source, actor=session.actor())
    st.rerun(scope="app")


def _mint_again() -> None:
    """Nothing to do: the run that follows mints a new token."""


def _toggle() -> None:
    if is_open():
        del st.query_params[PARAMETER]
    else:
        st.query_params[PARAMETER] = OPEN
