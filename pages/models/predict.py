"""Predict: drop pictures, read what a checkpoint finds in them (`?run=12`)."""

from collections.abc import Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from db.enums import CheckpointKind
from forge_core.catalog.editing import classes
from forge_core.catalog.listing import asset_list
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.predictor import Predictor
from forge_core.progress import Advance, Progress
from forge_core.runs import records
from forge_core.workspace import Workspace
from pages.components import checkpoint_chooser, empty_state, errors
from pages.components.checkpoint_chooser import KIND_WORDS, ChosenCheckpoint
from pages.components.frame import navigation, page_frame, session
from pages.components.predict import (
    answer_box,
    answer_views,
    answers,
    beside,
    nearest,
    pasting,
    train_door,
)
from pages.components.predict import dropped as dropped_files
from pages.components.predict.answer_box import ShownRule
from pages.components.predict.answers import Answer, NamedFile
from pages.components.predict.dropped import DroppedFile
from pages.components.words import run_text, text

ASKED_CLASSES = 50
"""So many are offered in order of probability where an answer is wrong."""
DEFAULT_THRESHOLD = 50
ANSWERS_KEY = "predict:answers"
ROUND_KEY = "predict:round"
DROP_ZONE = """
<style>
.st-key-predict_zone [data-testid="stFileUploaderDropzone"] {
  display: flex; flex-direction: column; align-items: center; justify-content: center;
  gap: 16px; min-height: max(240px, 54vh);
  border: 2px dashed color-mix(in srgb, currentColor 28%, transparent);
}
.st-key-predict_zone [data-testid="stFileUploaderDropzone"]::before {
  content: "Drop or paste pictures here"; font-size: 1.25rem; font-weight: 600;
}
.st-key-predict_zone [data-testid="stFileUploaderDropzone"] > * { flex: 0 0 auto; width: auto; }
.st-key-predict_zone [data-testid="stFileUploaderDropzoneInstructions"] { margin: 0; }
</style>
"""


def show() -> None:
    """Draw the page."""
    workspace = session.workspace()
    usable = records.list_usable_runs(workspace)
    if not usable:
        page_frame.show_title("Predict")
        show_empty(workspace)
        return
    has_files = bool(dropped_before())
    again = page_frame.show_title(
        "Predict",
        action="Predict others" if has_files else None,
        icon=":material/replay:",
    )
    if again:
        st.session_state[ROUND_KEY] = st.session_state.get(ROUND_KEY, 0) + 1
        st.session_state.pop(ANSWERS_KEY, None)
        st.rerun()
    answered, dropped, controls = st.container(), st.container(), st.container()
    with controls.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = checkpoint_chooser.choose(workspace, usable)
        threshold = 0.0 if chosen.kind == CheckpointKind.CALIBRATED else choose_threshold()
        other = checkpoint_chooser.choose_other(workspace, usable, chosen)
    with dropped:
        files = dropped_files.unpack(
            drop_zone(workspace, is_large=not has_files), workspace.settings.max_image_bytes
        )
    with answered:
        name = f"{run_text.title(chosen.run)}, {KIND_WORDS[chosen.kind].lower()}"
        st.caption(f":material/neurology: {errors.literal(name)}: {errors.literal(chosen.why)}")
        if files:
            show_answers(workspace, chosen, other, files, threshold)
        train_door.show(chosen.run)


def dropped_before() -> list[UploadedFile]:
    """The files as they were when this run of the page began."""
    number = st.session_state.get(ROUND_KEY, 0)
    dropped = st.session_state.get(f"predict_files_{number}") or []
    taken = st.session_state.get(f"predict_camera_{number}")
    return [*dropped, *([taken] if taken else [])]


def drop_zone(workspace: Workspace, *, is_large: bool) -> list[UploadedFile]:
    """Where pictures come in: the whole page until something is there."""
    number = st.session_state.get(ROUND_KEY, 0)
    if is_large:
        st.html(DROP_ZONE)
    with st.container(key="predict_zone"):
        files = st.file_uploader(
            "Drop pictures here",
            accept_multiple_files=True,
            key=f"predict_files_{number}",
            label_visibility="collapsed",
            max_upload_size=max(1, workspace.settings.max_image_bytes // 2**20),
        )
        pasting.listen()
        taken = None
        if st.toggle("Use the camera", key="predict_use_camera"):
            taken = st.camera_input(
                "Take a picture", key=f"predict_camera_{number}", label_visibility="collapsed"
            )
    return [*files, *([taken] if taken else [])]


def show_answers(
    workspace: Workspace,
    chosen: ChosenCheckpoint,
    other: ChosenCheckpoint | None,
    files: Sequence[DroppedFile],
    threshold: float,
) -> None:
    """One picture with its bars, or a table of many."""
    predictor, found = answer(workspace, chosen, files)
    others = answer(workspace, other, files)[1] if other else []
    forget_all_but(files)
    labels = classes.list_classes(workspace)
    shown = 0
    if len(files) > 1:
        judged = answer_box.list_judged([file.file_id for file in files])
        picked = answer_views.show_many(found, threshold, others, judged=judged)
        if picked is None:
            return
        shown = picked
    if found[shown].prediction is None:
        answer_views.show_problem(found[shown])
        return
    data = files[shown].read()
    limits = DecodeLimits.from_settings(workspace.image_settings)
    colors = {label.name: label.color for label in labels}
    answer_box.show(
        workspace,
        labels,
        found[shown],
        data,
        ShownRule(threshold, predictor.card.decision_rule),
        limits=limits,
        colors=colors,
        key=files[shown].file_id,
    )
    if other is not None:
        beside.show_one(run_text.title(other.run), found[shown], others[shown], threshold)
    nearest.show(workspace, data, key=files[shown].file_id)


def forget_all_but(files: Sequence[DroppedFile]) -> None:
    """Forget the answers to files that were taken away."""
    there = {file.file_id for file in files}
    known: dict[tuple[str, str], Answer] = st.session_state.get(ANSWERS_KEY, {})
    st.session_state[ANSWERS_KEY] = {key: each for key, each in known.items() if key[1] in there}


def answer(
    workspace: Workspace, chosen: ChosenCheckpoint, files: Sequence[DroppedFile]
) -> tuple[Predictor, list[Answer]]:
    """The answers, each file asked once a checkpoint; what is going on is said at once."""
    bar = st.empty()
    bar.progress(0.0, "Loading the network and checking that it answers as when it was saved")
    predictor = checkpoint_chooser.load(workspace, chosen)
    if predictor.loaded.note:
        st.caption(f":material/info: {predictor.loaded.note}")
    known: dict[tuple[str, str], Answer] = st.session_state.setdefault(ANSWERS_KEY, {})
    keys = [(predictor.loaded.sha256, file.file_id) for file in files]
    new = [file for file, key in zip(files, keys, strict=True) if key not in known]
    if new:
        bar.progress(0.0, f"Looking at {text.plural(len(new), 'picture')}")
        fresh = answers.answer_files(
            predictor,
            [NamedFile(file.name, file.read) for file in new],
            DecodeLimits.from_settings(workspace.image_settings),
            top_k=ASKED_CLASSES,
            progress=Progress(partial(_show, bar)),
        )
        for file, found in zip(new, fresh, strict=True):
            known[predictor.loaded.sha256, file.file_id] = found
    bar.empty()
    return predictor, [known[key] for key in keys]


def _show(bar: DeltaGenerator, now: Advance) -> None:
    bar.progress(now.fraction, f"Predicting, {now.done:,} of {now.total:,}")


def choose_threshold() -> float:
    """Below this probability the page says "not sure"."""
    percent = st.number_input(
        'Answer "not sure" below, in %',
        min_value=0,
        max_value=100,
        value=DEFAULT_THRESHOLD,
        step=5,
        format="%d",
        key="predict_threshold",
        width=180,
        help="The probability of the most likely class.",
        persist_state="session",
    )
    return percent / 100


def show_empty(workspace: Workspace) -> None:
    """No checkpoint to ask."""
    if asset_list.totals(workspace).images == 0:
        sentence = "No network yet. Import images, then train a run: it answers here."
        choice = empty_state.Choice(
            "Import images", lambda: navigation.go_to("import"), ":material/upload:"
        )
    else:
        sentence = "No network yet. Train a run first; its best weights answer here."
        choice = empty_state.Choice(
            "Train a run first", lambda: navigation.go_to("train"), ":material/play_arrow:"
        )
    empty_state.show(sentence, icon="center_focus_strong", choices=[choice], key="predict_empty")


with errors.guarded_page():
    show()
