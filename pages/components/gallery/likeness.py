"""Find what looks like some images or like a picture; what was found is a filter and an order."""

import uuid
from collections.abc import Mapping, Sequence

import streamlit as st

from forge_core.catalog.listing import asset_list
from forge_core.errors import ForgeError, InvalidInput
from forge_core.jobs import kinds, queue
from forge_core.workspace import Workspace
from pages.components import errors, job_progress
from pages.components.frame import session, torch_loading
from pages.components.gallery import filter_address
from pages.components.words import text

OPEN = "likeness_open"
_WANTED = "likeness_wanted"
"""Ids of images that could not be searched for yet."""


def open_it() -> None:
    """Ask for the dialog; it stays over every run of the page until it is closed."""
    st.session_state[OPEN] = True


def close() -> None:
    """Let the dialog go, and what was to be searched for."""
    st.session_state.pop(OPEN, None)
    st.session_state.pop(_WANTED, None)


def search_like(images: Sequence[str]) -> None:
    """Show what looks like these images of the catalog; ask for embeddings where there are none.

    Args:
        images: Their ids, as the browser has them.
    """
    try:
        found = _search([uuid.UUID(each) for each in images])
    except InvalidInput:
        st.session_state[OPEN], st.session_state[_WANTED] = True, list(images)
        st.rerun(scope="app")
    except ForgeError as error:
        errors.show(error)
        return
    _go_to(found)


def show(workspace: Workspace, where: Mapping[str, str]) -> None:
    """Draw the dialog when it was asked for, and what the list was searched for by."""
    if st.session_state.get(OPEN):
        _ask()
    number = where.get("alike")
    if number is None:
        return
    search = asset_list.find_search(workspace, int(number))
    if search is not None and search.num_missing:
        missing = text.plural(search.num_missing, "image")
        st.caption(
            f"{missing} of the catalog had no embedding when this was searched for, and could not "
            "be found."
        )


@st.dialog("Find what looks like a picture", on_dismiss=close)
@errors.guarded_page()
def _ask() -> None:
    workspace = session.workspace()
    job = queue.find_latest_job(workspace, kinds.EMBED.name)
    if job is not None and not job.status.is_finished():
        st.markdown("The images are being looked at. You can search when it is done.")
        job_progress.watch(job.job_id)
        return
    selected: Sequence[str] = st.session_state.get(_WANTED, ())
    wanted: Sequence[uuid.UUID] | bytes = [uuid.UUID(each) for each in selected]
    name = ""
    if selected:
        st.markdown(f"Like the {text.plural(len(selected), 'image')} that you selected.")
    else:
        uploaded = st.file_uploader(
            "A picture", key="likeness_file", label_visibility="collapsed", max_upload_size=100
        )
        if uploaded is None:
            return
        wanted, name = uploaded.getvalue(), uploaded.name
    try:
        found = _search(wanted, name)
    except InvalidInput as error:
        st.info(f"{error.message} It takes a network some minutes for ten thousand images.")
        if st.button("Look at all images now", type="primary", key="likeness_embed"):
            _embed(workspace)
        return
    _go_to(found)


def _search(wanted: Sequence[uuid.UUID] | bytes, name: str = "") -> int:
    torch_loading.wait()
    from forge_core.predictions.embeddings import kept_searches  # torch

    with st.spinner("Comparing with all images"):
        return kept_searches.search(
            session.workspace(), wanted, name=name, actor=session.actor()
        ).search_id


def _go_to(search_id: int) -> None:
    close()
    filter_address.replace({"alike": str(search_id), "sort": "most_alike"})
    st.rerun(scope="app")


def _embed(workspace: Workspace) -> None:
    torch_loading.wait()
    from forge_core.predictions.embeddings import computing  # torch

    computing.submit(workspace, actor=session.actor())
    st.rerun(scope="app")
