"""Where the network is worse than elsewhere, with care that many questions are asked at once."""

import pandas as pd
import streamlit as st

from forge_core.catalog.listing import saved_views
from forge_core.catalog.quality import image_issues
from forge_core.catalog.revisions import history
from forge_core.evaluation import slices
from forge_core.evaluation.slices import Slice
from forge_core.predictions import image_parts
from forge_core.predictions.image_parts import ImageParts
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links
from pages.components.evaluation import doors
from pages.components.evaluation.shown import ShownEvaluation
from pages.components.words import text

MOST_HEIGHT = 480


def show(workspace: Workspace, shown: ShownEvaluation) -> None:
    """Draw the parts, worst first; a click opens the images."""
    parts, found = find(workspace, shown)
    worse = [each for each in found if each.is_told_apart and each.difference < 0]
    asked = f"{text.plural(len(found), 'part')} of at least {slices.MIN_IMAGES} images"
    if not found:
        st.info(
            "There are no parts to compare: it takes two of at least "
            f"{slices.MIN_IMAGES} images that differ in source, group, size, brightness, class or "
            "a saved view.",
            icon=":material/pie_chart:",
        )
        return
    if worse:
        named = ", ".join(f"{each.kind} {each.value}" for each in worse[:3])
        st.markdown(f"**Worse than the rest, and not by chance:** {errors.literal(named)}.")
    else:
        st.markdown(
            f"No part is worse than the rest by more than chance explains, asked of {asked}."
        )
    event = st.dataframe(
        pd.DataFrame([_row(each) for each in found]),
        hide_index=True,
        height="content" if len(found) <= 12 else MOST_HEIGHT,
        column_config={
            "Images": st.column_config.NumberColumn(format="localized"),
            "Wrong": st.column_config.NumberColumn(format="localized"),
            "Accuracy": st.column_config.NumberColumn(format="%.1f %%"),
            "The rest": st.column_config.NumberColumn(format="%.1f %%"),
            "Points": st.column_config.NumberColumn(format="%+.1f"),
            "p": st.column_config.NumberColumn(
                format="%.3f",
                help="How often chance gives such a difference, all parts asked at once (Holm).",
            ),
        },
        on_select="rerun",
        selection_mode="single-cell",
        key=f"evaluation_slices_{shown.evaluation_id}",
        alt="Accuracy of parts of the images",
    )
    st.caption(f"{text.capital(asked)}, each against the others. Click a number: its images.")
    if parts.num_unmeasured:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            measured = text.plural(parts.num_unmeasured, "image is", "images are")
            st.caption(f"{measured} not measured: in no band of brightness.", width="content")
            gallery_links.show("Measure on Review", "review", {})
    if event.selection.cells:
        position, column = event.selection.cells[0]
        doors.open_gallery(door(shown, parts, found[position], only_wrong=column == "Wrong"))


def find(workspace: Workspace, shown: ShownEvaluation) -> tuple[ImageParts, list[Slice]]:
    """The parts of the images and what is known of each."""
    key = (
        shown.kept.summary.created_at,
        history.latest_revision_id(workspace),
        image_issues.count_measured(workspace),
        [(view.view_id, view.name) for view in saved_views.list_views(workspace)],
    )
    return _find(workspace, str(workspace.folder), shown, (shown.evaluation_id, key))


@st.cache_data(max_entries=6, show_spinner=False)
def _find(
    _workspace: Workspace, folder: str, _shown: ShownEvaluation, key: object
) -> tuple[ImageParts, list[Slice]]:
    return image_parts.compare(
        _workspace, _shown.evaluation_id, _shown.answers, _shown.names, _shown.weights
    )


def door(
    shown: ShownEvaluation, parts: ImageParts, of: Slice, *, only_wrong: bool
) -> dict[str, str]:
    """Where a row leads."""
    fields = parts.filters[of.kind, of.value]
    return doors.query(shown.evaluation_id, outcome="wrong" if only_wrong else None, **dict(fields))


def _row(of: Slice) -> dict[str, object]:
    return {
        "By": of.kind,
        "Part": of.value,
        "Images": of.counted.of,
        "Wrong": of.counted.of - of.counted.count,
        "Accuracy": 100 * of.accuracy.value,
        "The rest": 100 * of.rest.value,
        "Points": 100 * of.difference,
        "p": of.p_value,
        "Not by chance": of.is_told_apart,
    }
