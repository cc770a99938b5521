"""Take images and labels out: choose which and how, then download the table or everything."""

import streamlit as st

from db.records import AssetFilter, Label
from forge_core.catalog.editing import classes
from forge_core.catalog.export import kept_exports
from forge_core.catalog.export.exports import EXPORTS
from forge_core.catalog.listing import asset_list
from forge_core.errors import ForgeError
from forge_core.progress import Advance, Progress
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links
from pages.components.words import text

ALL, NO_LABEL = "All", "Unlabelled"
_SPLITS: dict[str, str | None] = {
    ALL: None,
    **{words: split for split, words in text.SPLIT_WORDS.items()},
}
TABLES = [name for name, chosen in EXPORTS.items() if chosen.folder_of is None]
ARCHIVES = [name for name in EXPORTS if name not in TABLES]


def show(workspace: Workspace) -> None:
    """Draw filter, number of images, the tables and the archive in the chosen format."""
    where = _choose(classes.list_classes(workspace))
    number = asset_list.count_assets(workspace, where)
    if not number:
        st.info("No image matches. Choose another class or split.", icon=":material/search_off:")
        return
    query = gallery_links.gallery_query(label=where.label, split=where.split)
    gallery_links.gallery(f"{text.plural(number, 'image')} will be exported", query)
    archive, table = st.columns([3, 2], gap="medium")
    with archive.container(border=True, height="stretch"):
        st.markdown("**Images and labels**")
        _show_archive(workspace, where)
    with table.container(border=True, height="stretch"):
        st.markdown("**Labels only**")
        st.caption("A row an image: path, class, split, source, group, size and content hash.")
        with st.container(horizontal=True):
            for name in TABLES:
                _offer_table(workspace, where, name)


def _choose(labels: list[Label]) -> AssetFilter:
    names = {label.name: label.label_id for label in labels}
    left, right = st.columns([1, 1], gap="medium")
    label = left.selectbox(
        "Class", [ALL, *names, NO_LABEL], key="export_class", bind="query-params"
    )
    split = right.segmented_control(
        "Split",
        list(_SPLITS),
        default=ALL,
        required=True,
        key="export_split",
        bind="query-params",
    )
    chosen: int | str | None = names.get(label) if label in names else None
    if label == NO_LABEL and label not in names:
        chosen = "none"
    return AssetFilter(label=chosen, split=_SPLITS[split or ALL])


def _offer_table(workspace: Workspace, where: AssetFilter, name: str) -> None:
    """A download that is made when it is asked for."""
    file_name = f"labels{EXPORTS[name].ending}"
    st.download_button(
        file_name,
        data=lambda: kept_exports.make_export(workspace, where, name).path.read_bytes(),
        file_name=file_name,
        icon=":material/download:",
        on_click="ignore",
        key=f"export:{name}",
    )


def _show_archive(workspace: Workspace, where: AssetFilter) -> None:
    name = st.selectbox(
        "Format",
        ARCHIVES,
        format_func=lambda name: EXPORTS[name].title,
        key="export_format",
        bind="query-params",
    )
    st.caption(f"{EXPORTS[name].purpose} Importing it again loses nothing.")
    kept = kept_exports.find_export(workspace, where, name)
    if kept is None:
        place = st.empty()
        if not place.button("Prepare the zip", icon=":material/folder_zip:", key="export:prepare"):
            return
        bar = place.progress(0.0, "Reading images")

        def show(now: Advance) -> None:
            bar.progress(now.fraction, f"{now.done:,} of {text.plural(now.total, 'image')}")

        try:
            kept = kept_exports.make_export(workspace, where, name, progress=Progress(show))
        except ForgeError as error:
            place.empty()
            errors.show(error)
            return
        place.empty()
        if kept.report is not None and kept.report.missing:
            missing = text.plural(len(kept.report.missing), "file is", "files are")
            st.warning(f"{missing} not under the asset root and left out of the zip.")
            st.code("\n".join(kept.report.missing[:50]), language=None)
    st.download_button(
        f"images.zip ({text.file_size(kept.size_bytes)})",
        data=kept.path.read_bytes,
        file_name="images.zip",
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
        key="export:zip",
    )
