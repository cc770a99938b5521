"""The gallery as one would write it by hand with Streamlit's own widgets; run by the benchmark.

A grid of 100 thumbnails with a class box under each, a Next button, keyset paging over the same
catalog. It is given the thumbnails ready made and the catalog's own queries.
"""

import uuid

import streamlit as st

from db.records import AssetFilter
from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.listing import asset_list
from forge_core.imaging.thumbnails import ThumbnailCache
from forge_core.people.actor import Actor
from forge_core.workspace import open_workspace

PER_PAGE = 100
COLUMNS = 12
NUM_CLASSES = 10  # a box with all hundred classes under each image would be slower

workspace = open_workspace()


def show_start() -> None:
    """Another page, to come from."""
    st.title("Start")


def show_gallery() -> None:
    """The grid."""
    names = [label.name for label in classes.list_classes(workspace)][:NUM_CLASSES]
    cache = ThumbnailCache(workspace.cache_folder / "thumbnails")
    page = asset_list.list_assets(
        workspace, AssetFilter(), after=st.session_state.get("after"), limit=PER_PAGE
    )
    if st.button("Next", key="next"):
        st.session_state["after"] = page.next_cursor
        st.rerun()
    columns = st.columns(COLUMNS)
    for place, asset in enumerate(page.assets):
        with columns[place % COLUMNS]:
            thumbnail = cache.find(asset.content_hash)
            assert thumbnail is not None
            st.image(thumbnail)
            options = names if asset.label_name in names else [asset.label_name or "", *names]
            st.selectbox(
                "Label",
                options,
                index=options.index(asset.label_name or ""),
                key=f"label_{asset.asset_id}",
                label_visibility="collapsed",
                on_change=relabel,
                args=(asset.asset_id,),
            )


def relabel(asset_id: uuid.UUID) -> None:
    """Give the image the chosen class."""
    name = st.session_state[f"label_{asset_id}"]
    label_id = next(c.label_id for c in classes.list_classes(workspace) if c.name == name)
    label_edits.relabel(workspace, [asset_id], label_id, actor=Actor("native"))


st.set_page_config(layout="wide")
st.navigation(
    [
        st.Page(show_start, title="Start", default=True, url_path="start"),
        st.Page(show_gallery, title="Grid", url_path="grid"),
    ]
).run()
