"""Correct a prediction: put the picture into the catalog with the label that a person gives."""

import streamlit as st

from db.records import Label
from forge_core.catalog.editing import corrections
from forge_core.errors import ForgeError
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links
from pages.components.frame import session

PATH_CHARACTERS = 200
"""End of the path that finds the image in the gallery."""


def show(
    workspace: Workspace, labels: list[Label], *, name: str, data: bytes, predicted: str
) -> None:
    """Draw the box: the class is chosen, one button keeps it.

    Args:
        workspace: The workspace.
        labels: Classes to choose from.
        name: Name of the file.
        data: Bytes of the file.
        predicted: Name of the class that was found; it is not preset.
    """
    by_id = {label.label_id: label for label in labels if not label.is_retired}
    if not by_id:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="predict_correct"):
        label_id = st.selectbox(
            "Wrong? Correct it",
            list(by_id),
            index=None,
            format_func=lambda number: by_id[number].name,
            placeholder=f"not {predicted}, but …",
            key="predict_correct_label",
            width=240,
        )
        pressed = st.button(
            "Add to the catalog",
            icon=":material/add_photo_alternate:",
            disabled=label_id is None,
            key="predict_correct_add",
        )
    if pressed and label_id is not None:
        try:
            correction = corrections.correct(
                workspace, data, label_id, name=name, actor=session.actor()
            )
        except ForgeError as error:
            errors.show(error)
        else:
            _say(correction)


def _say(correction: corrections.Correction) -> None:
    asset = correction.asset
    label = errors.literal(asset.label_name or "")
    if not correction.was_known:
        words = f"Added to train as {label}: the next run learns from it."
    elif correction.previous_label == asset.label_name:
        words = f"It is in the catalog as {label} already."
    else:
        before = errors.literal(correction.previous_label or "no label")
        words = f"It was in the catalog: {before} is {label} now."
    st.success(words, icon=":material/check:")
    gallery_links.gallery("Look at it", {"text": asset.file_path[-PATH_CHARACTERS:]})
