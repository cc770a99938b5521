"""The worst mistakes as pictures: where the network was most sure, and wrong."""

import uuid

import numpy as np
import streamlit as st
from PIL import Image

from db.records import Asset
from forge_core.catalog.listing import asset_list
from forge_core.errors import ForgeError
from forge_core.workspace import Workspace
from pages.components import errors, image_strip, pictures
from pages.components.evaluation import doors
from pages.components.evaluation.shown import ShownEvaluation
from pages.components.frame import session
from pages.components.words import text

MOST = 12
SIDE = 150
LOOK_KEY = "evaluation_look"


def show(workspace: Workspace, shown: ShownEvaluation) -> None:
    """Draw the pictures, the surest mistake first."""
    wrong = int((~shown.answers.is_right).sum())
    if not wrong:
        st.success("Nothing was wrong.", icon=":material/check_circle:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        doors.show("All mistakes", wrong, doors.query(shown.evaluation_id, outcome="wrong"))
        st.space("stretch")
        looks = st.toggle(
            "Where it looked",
            key=LOOK_KEY,
            help="What in the picture speaks for its answer (Grad-CAM). Takes a moment a picture.",
        )
    places = list_worst(shown)
    with st.container(horizontal=True, gap="medium"):
        for place in places:
            with st.container(width=SIDE, gap="small", key=f"evaluation_mistake_{place}"):
                _show_one(workspace, shown, place, looks=looks)
    if wrong > len(places):
        st.caption(f"The {len(places)} that it was surest of.")


def list_worst(shown: ShownEvaluation) -> list[int]:
    """Places of the answers, the surest mistake first."""
    wrong = np.flatnonzero(~shown.answers.is_right)
    order = np.argsort(-shown.answers.confidence[wrong], kind="stable")[:MOST]
    return [int(place) for place in wrong[order]]


def _show_one(workspace: Workspace, shown: ShownEvaluation, place: int, *, looks: bool) -> None:
    answers = shown.answers
    asset_id = answers.asset_ids[place]
    true, answered = int(answers.label_ids[place]), int(answers.predicted_ids[place])
    try:
        picture = _picture(workspace, session.look_of(workspace), asset_id)
        if looks:
            picture = _look(workspace, shown, asset_id, answered)
        st.image(picture, width=SIDE, alt=f"{shown.names[true]} taken for {shown.names[answered]}")
    except ForgeError as error:
        st.markdown(":gray[:material/broken_image: cannot be shown]")
        st.caption(errors.literal(error.message))
    names = [errors.literal(shown.names[number]) for number in (true, answered)]
    st.markdown(f"{names[0]} → **{names[1]}**")
    sure = text.percent(float(answers.confidence[place]), 0)
    where = doors.query(shown.evaluation_id, true_label=true, answered=answered)
    own = int(((answers.label_ids == true) & (answers.predicted_ids == answered)).sum())
    own_class = text.percent(float(answers.label_probability[place]), 0)
    st.caption(f"{sure} sure, {own_class} for {names[0]}")
    doors.show("Confused so", own, where | {"image": str(asset_id)})


@st.cache_data(max_entries=64, show_spinner=False)
def _picture(_workspace: Workspace, folder: str, asset_id: uuid.UUID) -> Image.Image:
    return pictures.fit(image_strip.load(_workspace, _asset(_workspace, asset_id)), 2 * SIDE)


def _look(
    workspace: Workspace, shown: ShownEvaluation, asset_id: uuid.UUID, answered: int
) -> Image.Image:
    summary = shown.kept.summary
    key = (summary.checkpoint_hash, str(asset_id), answered)
    return _explain(workspace, str(workspace.folder), shown, key)


@st.cache_data(max_entries=64, show_spinner="Looking where it looked")
def _explain(
    _workspace: Workspace, folder: str, _shown: ShownEvaluation, key: tuple[str, str, int]
) -> Image.Image:
    from forge_core.inference import saliency  # torch: only where it is asked for
    from forge_core.runs import records
    from pages.components import checkpoint_chooser
    from pages.components.checkpoint_chooser import ChosenCheckpoint

    run = records.get_run(_workspace, _shown.kept.summary.run_id)
    chosen = ChosenCheckpoint(run, _shown.kept.kind)
    predictor = checkpoint_chooser.load(_workspace, chosen)
    image = image_strip.load(_workspace, _asset(_workspace, uuid.UUID(key[1])))
    outputs = predictor.card.label_ids
    place = outputs.index(key[2]) if key[2] in outputs else 0
    seen, heat = saliency.explain(predictor, image, place)
    return pictures.fit(saliency.blend(seen, heat), 2 * SIDE)


def _asset(workspace: Workspace, asset_id: uuid.UUID) -> Asset:
    return asset_list.get_asset(workspace, asset_id)
