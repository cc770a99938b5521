"""The gallery page around its component: filters, empty states, and the demo."""

from collections.abc import Mapping

import streamlit as st

from forge_core.api import parsing, shapes
from forge_core.catalog import browsing, classes
from forge_core.errors import InvalidInput
from pages.components import empty_state, errors, navigation, page_frame, session, wording
from pages.components.empty_state import Choice
from pages.components.gallery import filters, gallery


def show() -> None:
    """Draw the page."""
    workspace = session.workspace()
    totals = browsing.totals(workspace)
    if totals.images + totals.augmented == 0:
        _show_empty()
        return
    page_frame.show_title("Gallery", action="Import images", icon=":material/upload:", to="import")
    try:
        where = filters.read()
    except InvalidInput as error:
        errors.show(error)
        st.button("Clear filters", on_click=filters.clear)
        return
    filters.show(where, classes.list_classes(workspace), browsing.list_sources(workspace))
    if browsing.count_assets(workspace, parsing.parse_filter(where)) == 0:
        _show_nothing_matches(totals.images + totals.augmented)
        return
    _show_grid(where, filters.read_sort())


@st.fragment
@errors.guarded_page()
def _show_grid(where: Mapping[str, str], sort: str) -> None:
    """The component in a fragment: a new token needs no run of the whole page."""
    labels = classes.list_classes(session.workspace())
    gallery.show(
        where=where,
        sort=sort,
        token=session.api_token(),
        author=session.author(),
        workspace_key=session.workspace_key(),
        classes=[shapes.shape_label(label) for label in labels if not label.is_retired],
        on_token_asked=_mint_again,
    )


def _mint_again() -> None:
    """Nothing to do: the run that follows mints a new token."""


def _show_nothing_matches(total: int) -> None:
    empty_state.show(
        f"None of the {wording.plural(total, 'image')} matches these filters.",
        icon="filter_alt_off",
        choices=[Choice("Clear filters", _clear_and_rerun)],
        key="gallery_nothing",
    )


def _clear_and_rerun() -> None:
    filters.clear()
    st.rerun()


def _show_empty() -> None:
    page_frame.show_title("Gallery")
    choices = [Choice("Use the demo", _import_demo, ":material/grid_view:")]
    if navigation.find_page("import") is not None:
        choices.insert(0, Choice("Import images", _go_to_import, ":material/upload:"))
    empty_state.show(
        "No images yet. Drop a folder here, or start with 1,797 handwritten digits.",
        icon="imagesmode",
        choices=choices,
        key="gallery_empty",
    )


def _go_to_import() -> None:
    navigation.go_to("import")


def _import_demo() -> None:
    from forge_core.catalog import demo_digits  # scikit-learn takes seconds to import

    bar = st.progress(0.0, "Writing the digits")

    def show_progress(done: int, total: int) -> None:
        words = f"{wording.number(done)} of {wording.number(total)} images"
        bar.progress(done / max(1, total), words)

    demo_digits.import_digits(session.workspace(), author=session.author(), progress=show_progress)
    st.rerun()
