"""One picture and its answer: the classes are bars to click, "Right" and "Wrong, it is" beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from db.records import Label
from forge_core.catalog.editing import corrections
from forge_core.catalog.editing.corrections import Correction
from forge_core.catalog.splits import split_rule
from forge_core.errors import ForgeError
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.prediction import ClassProbability, Prediction
from forge_core.models.checkpoints.decision_rule import Decision, DecisionRule
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links, new_splits, pictures
from pages.components.frame import session
from pages.components.predict import answer_views, probability_bars, verdicts
from pages.components.predict.answers import Answer
from pages.components.words import text

PICTURE_SIDE = 560
TINY_PICTURE_SIDE = 320
MOST_BARS = 5
PATH_CHARACTERS = 200
"""End of the path that finds the image in the gallery."""
DONE_KEY = "predict:corrections"


@dataclass(frozen=True)
class ShownRule:
    """When an answer counts as sure."""

    threshold: float
    """Where the checkpoint has no rule: from this probability on."""
    rule: DecisionRule | None = None


def show(
    workspace: Workspace,
    labels: Sequence[Label],
    answer: Answer,
    data: bytes,
    shown: ShownRule,
    *,
    limits: DecodeLimits,
    colors: Mapping[str, str],
    key: str,
) -> None:
    """Draw the answer first, the picture beside it.

    Args:
        workspace: The workspace.
        labels: Classes of the catalog.
        answer: Of the file.
        data: Its bytes.
        shown: When it counts as sure.
        limits: For decoding the picture.
        colors: Colour of each class by name.
        key: By which the file is known in this session.
    """
    if answer.prediction is None:
        answer_views.show_problem(answer)
        return
    left, right = st.columns([1, 1], gap="large")
    with left:
        _show_verdict(answer.prediction, shown)
        pressed = probability_bars.show(
            answer.prediction.probabilities[:MOST_BARS], colors, key=f"predict_bar_{key}"
        )
        is_named = verdicts.decide(answer.prediction, shown.threshold) is Decision.ACCEPTED
        _show_correcting(
            workspace, labels, answer, answer.prediction, data, key, pressed, is_named=is_named
        )
        took = text.latency(answer.prediction.latency_ms)
        size = f"{answer.prediction.width:,} × {answer.prediction.height:,} px"
        st.caption(f"{took} · {size}")
    with right:
        image = decode.decode_image(data, limits=limits).image
        is_tiny = pictures.is_tiny(image)
        st.image(
            pictures.fit(image, TINY_PICTURE_SIDE if is_tiny else PICTURE_SIDE),
            output_format="PNG" if is_tiny else "JPEG",
            alt=answer.name,
        )
        st.caption(errors.literal(answer.name))


def _show_verdict(prediction: Prediction, shown: ShownRule) -> None:
    decision = verdicts.decide(prediction, shown.threshold)
    if decision is Decision.ACCEPTED:
        st.header(errors.literal(prediction.probabilities[0].label_name), anchor=False)
    else:
        st.header(verdicts.WORDS[decision], anchor=False)
    why = verdicts.explain(prediction, shown.threshold, shown.rule)
    if why:
        st.caption(why)


def _show_correcting(
    workspace: Workspace,
    labels: Sequence[Label],
    answer: Answer,
    prediction: Prediction,
    data: bytes,
    key: str,
    pressed: ClassProbability | None,
    *,
    is_named: bool,
) -> None:
    """Right, or wrong and what it is; what was done, with undo beside it.

    Where the answer names no class, the most likely one is named by the button.
    """
    done: dict[str, Correction] = st.session_state.setdefault(DONE_KEY, {})
    by_name = {label.name: label for label in labels if not label.is_retired}
    best = prediction.probabilities[0].label_name
    if key in done:
        _say(workspace, done, key)
        return
    chosen = None if pressed is None else pressed.label_name
    with st.container(horizontal=True, vertical_alignment="bottom", key="predict_correct"):
        if best in by_name and st.button(
            "Right" if is_named else f"It is {errors.literal(best)}",
            icon=":material/check:",
            key="predict_right",
            help="Takes the picture into the catalog with this class.",
        ):
            chosen = best
        wrong = st.selectbox(
            "Wrong, it is",
            in_order(prediction, by_name),
            index=None,
            placeholder="Wrong, it is …",
            label_visibility="collapsed",
            key=f"predict_wrong_{key}",
            width=240,
        )
        chosen = wrong or chosen
    asks_rule = _choose_split(workspace)
    if chosen is None:
        return
    label = by_name.get(chosen)
    if label is None:
        st.warning(f"{errors.literal(chosen)} is no class of the catalog any more.")
        return
    try:
        done[key] = corrections.correct(
            workspace,
            data,
            label.label_id,
            name=answer.name,
            actor=session.actor(),
            was_wrong=chosen != best,
            asks_rule=asks_rule,
        )
    except ForgeError as error:
        errors.show(error)
    else:
        st.rerun()


def _choose_split(workspace: Workspace) -> bool:
    """Which split a picture gets, in words; returns whether the rule holds for wrong answers too.

    Nothing can be chosen while the rule draws no split: then all go into train.
    """
    rule = split_rule.find(workspace)
    if rule.ratios is None:
        new_splits.show(workspace, page="predict", also="Pictures from here go into train.")
        return False
    new_splits.show(
        workspace,
        page="predict",
        also="A picture that was answered wrong goes into train: it comes in because it is hard, "
        "and an accuracy measured on such pictures is lower than the true one.",
    )
    return st.checkbox(
        "Let the rule draw also what was answered wrong",
        key="predict_asks_rule",
        help="What is measured with such pictures is marked as biased.",
    )


def list_judged(keys: Sequence[str]) -> dict[int, str]:
    """By their places the files that were judged in this session, with the class of each.

    Args:
        keys: By which the files are known in this session.
    """
    done: dict[str, Correction] = st.session_state.get(DONE_KEY, {})
    return {
        place: done[key].asset.label_name or "" for place, key in enumerate(keys) if key in done
    }


def in_order(prediction: Prediction, by_name: Mapping[str, Label]) -> list[str]:
    """Classes that it may be instead: by probability, then the others by their names."""
    said = [entry.label_name for entry in prediction.probabilities]
    likely = [name for name in said[1:] if name in by_name]
    return likely + sorted(name for name in by_name if name not in said)


def _say(workspace: Workspace, done: dict[str, Correction], key: str) -> None:
    correction = done[key]
    asset = correction.asset
    label = errors.literal(asset.label_name or "")
    if not correction.was_known:
        words = f"Added to {text.SPLIT_WORDS[asset.split_type or 'none']} as {label}"
        words += ": the next run learns from it." if asset.split_type == "train" else "."
    elif correction.previous_label == asset.label_name:
        words = f"It is in the catalog as {label} already."
    else:
        before = errors.literal(correction.previous_label or "no label")
        words = f"It was in the catalog: {before} is {label} now."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/check: {words}")
        is_undoable = bool(correction.revision_ids or correction.answer_id)
        if is_undoable and st.button("Undo", icon=":material/undo:", key="predict_undo"):
            _undo(workspace, done, key)
        gallery_links.gallery("Look at it", {"text": asset.file_path[-PATH_CHARACTERS:]})


def _undo(workspace: Workspace, done: dict[str, Correction], key: str) -> None:
    try:
        is_whole = corrections.undo(workspace, done[key], actor=session.actor())
    except ForgeError as error:
        errors.show(error)
        return
    del done[key]
    st.session_state.pop(f"predict_wrong_{key}", None)
    st.toast(
        "Taken back." if is_whole else "Taken back but for what was changed again since.",
        icon=":material/undo:",
    )
    st.rerun()
