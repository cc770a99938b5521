"""What a run sees and answers while it trains: its first images, the confusion, its mistakes."""

import uuid
from io import BytesIO

import numpy as np
import streamlit as st
from PIL import Image

from db.records import Asset, Run
from forge_core.catalog.listing import asset_list
from forge_core.errors import ForgeError
from forge_core.runs.live import glimpses
from forge_core.training.glimpses.last_validation import LastValidation, WorstMistake
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links, image_strip, pictures
from pages.components.evaluation import confusion_chart
from pages.components.frame import navigation
from pages.components.words import text

SIDE = 112
REFRESH_SECONDS = 3.0


def show(workspace: Workspace, run: Run) -> None:
    """Draw what is there; while the run goes on it follows each epoch."""
    if run.status.is_finished():
        _draw(workspace, run)
    else:
        _follow(workspace, run)


@st.fragment(run_every=REFRESH_SECONDS)
@errors.guarded_page()
def _follow(workspace: Workspace, run: Run) -> None:
    _draw(workspace, run)


def _draw(workspace: Workspace, run: Run) -> None:
    if not run.status.is_finished() or not run.report:
        found = glimpses.find_validation(workspace, run.run_id)
        if found is not None:
            _show_validation(workspace, run, found)
    _show_first_batch(workspace, run)


def _show_validation(workspace: Workspace, run: Run, found: LastValidation) -> None:
    label = f"Validation after epoch {found.epoch}: {text.percent(found.report.accuracy)}"
    with st.expander("Validation, epoch by epoch", icon=":material/grid_on:"):
        st.markdown(f"**{label}**")
        matrix = confusion_chart.of_counts(
            np.array(found.report.confusion, dtype=np.int64),
            found.report.class_names,
            door="click: images of {true}",
        )
        cell = confusion_chart.show(matrix, key=f"live_confusion_{run.run_id}")
        if cell is not None:
            label_id = run.label_ids[cell[0]]
            navigation.go_to("gallery", gallery_links.gallery_query(label=label_id, split="val"))
        if not found.mistakes:
            st.caption("Nothing was wrong.")
            return
        st.markdown("**The mistakes that it was surest of**")
        assets = glimpses.find_assets(workspace, found)
        with st.container(horizontal=True, gap="medium"):
            for place, mistake in enumerate(found.mistakes):
                with st.container(width=SIDE, gap="small", key=f"live_mistake_{place}"):
                    _show_mistake(workspace, found, mistake, assets.get(mistake.source))


def _show_mistake(
    workspace: Workspace, found: LastValidation, mistake: WorstMistake, asset: Asset | None
) -> None:
    true, answered = (
        errors.literal(found.report.class_names[place])
        for place in (mistake.label, mistake.answered)
    )
    try:
        if asset is None:
            st.markdown(":gray[:material/broken_image: removed since]")
        else:
            picture = _picture(workspace, str(workspace.folder), asset.asset_id)
            st.image(picture, width=SIDE, alt=f"{true} taken for {answered}")
    except ForgeError as error:
        st.caption(errors.literal(error.message))
    st.markdown(f"{true} → **{answered}**")
    st.caption(f"{text.percent(mistake.probability, 0)} sure")


def _show_first_batch(workspace: Workspace, run: Run) -> None:
    batch = glimpses.find_first_batch(workspace, run.run_id)
    if batch is None:
        return
    with st.expander("What the network sees", icon=":material/visibility:"):
        st.caption(
            "The first images of the stage as they go into the network: augmented, cropped to its "
            "input, only their colours are given back."
        )
        with st.container(horizontal=True, gap="small"):
            for tile, place in zip(batch.tiles(), batch.labels, strict=True):
                with st.container(width=SIDE, gap=None):
                    name = run.class_names[place]
                    st.image(_as_png(tile), width=SIDE, alt=f"A training image of {name}")
                    st.caption(errors.literal(name))


def _as_png(tile: Image.Image) -> bytes:
    """Equal tiles are equal bytes, so that a refresh does not draw them anew."""
    buffer = BytesIO()
    tile.save(buffer, "PNG")
    return buffer.getvalue()


@st.cache_data(max_entries=64, show_spinner=False)
def _picture(_workspace: Workspace, folder: str, asset_id: uuid.UUID) -> Image.Image:
    asset = asset_list.get_asset(_workspace, asset_id)
    return pictures.fit(image_strip.load(_workspace, asset), 2 * SIDE)
