"""Every number is a door: links to the gallery, filtered to exactly the images that were counted.

Back leads back, because a door is an ordinary step in the browser's history.
"""

from collections.abc import Mapping

import streamlit as st

from db.records import AssetFilter
from forge_core.catalog.listing import filter_fields
from pages.components.frame import navigation, workspace_address

ICON = ":material/photo_library:"


def gallery_query(
    *,
    label: int | str | None = None,
    split: str | None = None,
    source: str | None = None,
    own_only: bool = False,
    run: int | None = None,
    disagrees: bool = False,
    sort: str | None = None,
) -> dict[str, str]:
    """The gallery's query parameters for these images.

    Args:
        label: Number of a class, "none" for images without a label, "any" for those with one.
        split: A split, or "none" for images in no split.
        source: Where the images came from.
        own_only: Leave augmented copies out, as every count of classes does.
        run: Number of the run whose predictions are meant.
        disagrees: Only images whose prediction of `run` is another class than their label.
        sort: An order of the gallery.
    """
    where = AssetFilter(
        label=label,
        split=split,
        source=source,
        augmented=False if own_only else None,
        run=run,
        disagrees=True if disagrees else None,
    )
    return filter_fields.write(where) | ({} if sort is None else {"sort": sort})


def show(
    words: str, url_path: str, query: Mapping[str, str] | None = None, *, icon: str | None = None
) -> None:
    """A link to a page; plain words while that page is not there."""
    entry = navigation.find_page(url_path)
    if entry is None:
        st.markdown(words)
        return
    named = workspace_address.named(query or {})
    st.page_link(entry.file, label=words, icon=icon or entry.icon, query_params=named)


def gallery(words: str, query: Mapping[str, str], *, icon: str = ICON) -> None:
    """A link that opens the gallery on these images."""
    show(words, "gallery", query, icon=icon)
