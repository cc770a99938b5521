"""One model on one split: its numbers, and what it gets wrong, each number a door."""

import streamlit as st

from forge_core.predictions.kept_evaluations import LeftOut
from forge_core.predictions.standings import Field
from forge_core.runs import records
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links
from pages.components.evaluation import (
    certainty_view,
    class_view,
    confusion_view,
    doors,
    flips_view,
    mistakes_view,
    shortcuts_view,
    slices_view,
)
from pages.components.evaluation import shown as shown_room
from pages.components.evaluation.shown import ShownEvaluation
from pages.components.frame import workspace_address
from pages.components.words import data_time, run_text, text

VIEWS = {
    "confusion": "Confusion",
    "classes": "Classes",
    "certainty": "How sure",
    "parts": "Parts",
    "mistakes": "Worst mistakes",
    "against": "Against another",
}
WEIGHTED_VIEWS = ("confusion", "against")
"""Say themselves which of their numbers are weighted, where any is."""
SHARES_WEIGHTED = ("certainty", "parts")
"""Every share in them is weighted, where any is, and no number of images."""
MOST_NAMED = 5
MOST_TOP = 5
"""The headline tells the largest k up to it; the others are doors."""


def show(workspace: Workspace, evaluation_id: int, field: Field, asked: int | None) -> None:
    """Draw the evaluation of this number.

    Args:
        workspace: The workspace.
        evaluation_id: Of the evaluation.
        field: The models on its split, to compare with.
        asked: Number of the evaluation that the address compares with.

    Raises:
        NotFound: There is no such evaluation.
    """
    shown = shown_room.load(workspace, evaluation_id)
    kept = shown.kept
    run = records.get_run(workspace, kept.summary.run_id)
    last = "" if kept.kind == "best" else " · last weights"
    split = text.SPLIT_WORDS[kept.summary.split]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(
            f"{errors.literal(run_text.title(run))}{last} on {split}", anchor=False, width="content"
        )
        data_time.show(workspace, kept.summary.revision_id)
        st.space("stretch")
        gallery_links.show("Its run", "runs", {"run": str(run.run_id)})
    show_notices(shown, field)
    if shown.summary is None:
        return
    show_numbers(shown)
    view = choose_view()
    is_told = view == "classes" or (shown.weights is not None and view in WEIGHTED_VIEWS)
    if shown.weights is not None and view in SHARES_WEIGHTED:
        st.caption(
            f"Shares are {shown.weights_note}; numbers of images, all doors, are of all that were "
            "measured."
        )
    elif shown.estimates is not None and not is_told:
        st.caption("What follows is of all that were measured, each counted alike.")
    match view:
        case "classes":
            class_view.show(shown)
        case "certainty":
            certainty_view.show(shown)
        case "parts":
            slices_view.show(workspace, shown)
            shortcuts_view.show(workspace, shown)
            if shown.estimates is not None:
                st.caption("Shortcuts count every image alike.")
        case "mistakes":
            mistakes_view.show(workspace, shown)
        case "against":
            flips_view.show(workspace, shown, field, asked)
        case _:
            confusion_view.show(shown)


def choose_view() -> str:
    """What is looked at; the address holds it."""
    asked = st.query_params.get(doors.VIEW, "")
    shown = asked if asked in VIEWS else next(iter(VIEWS))
    chosen = st.segmented_control(
        "What to look at",
        list(VIEWS),
        format_func=VIEWS.__getitem__,
        default=shown,
        required=True,
        key=f"evaluation_look_{shown}",
        label_visibility="collapsed",
    )
    if chosen != shown:
        workspace_address.put({doors.VIEW: chosen})
        st.rerun()
    return shown


def show_numbers(shown: ShownEvaluation) -> None:
    """The headline, and the doors to what was counted."""
    sums, accuracy = shown.summary, shown.accuracy
    assert sums is not None, "there are images"
    assert accuracy is not None, "there are images"
    own = shown.classes or sums
    with st.container(horizontal=True, gap="large"):
        st.metric(
            "Accuracy",
            text.percent(accuracy.value),
            text.interval(accuracy.interval),
            delta_color="off",
            delta_arrow="off",
            help="With 95 % confidence the accuracy on images like these lies in this interval.",
            width="content",
        )
        st.metric(
            "Balanced accuracy",
            text.percent(own.balanced_accuracy or 0.0),
            _describe_interval(shown),
            delta_color="off",
            delta_arrow="off",
            help="Mean recall of the classes, each counted alike.",
            width="content",
        )
        st.metric(
            "Macro F1",
            f"{own.macro_f1 or 0.0:.3f}",
            help="Mean F1 of the classes, each counted alike.",
            width="content",
        )
        st.metric(
            "Weighted F1",
            f"{own.weighted_f1 or 0.0:.3f}",
            help="Mean F1 of the classes, each by its images.",
            width="content",
        )
        k = max((k for k in sums.top if k <= MOST_TOP), default=1)
        if k > 1:
            share = text.percent(shown.share(shown.answers.label_rank <= k))
            st.metric(f"Among the top {k}", share, width="content")
    if accuracy.note:
        st.warning(f"{accuracy.note} {shown.classes_note}", icon=":material/balance:")
    with st.container(horizontal=True, gap="small"):
        for words, count, where in list_doors(shown):
            doors.show(words, count, where)


def _describe_interval(shown: ShownEvaluation) -> str:
    """Of the balanced accuracy, at 95 %."""
    assert shown.summary is not None, "there are images"
    weighted = None if shown.classes is None else shown.classes.balanced_interval
    return text.interval(weighted or shown.summary.balanced_interval)


def list_doors(shown: ShownEvaluation) -> list[tuple[str, int, dict[str, str]]]:
    """Words, count and gallery query of each; a number leads to exactly so many images."""
    sums, own = shown.summary, shown.evaluation_id
    assert sums is not None, "there are images"
    right, number = sums.accuracy.count, sums.accuracy.of
    found = [
        ("Images", number, doors.query(own)),
        ("Right", right, doors.query(own, outcome="right")),
        ("Wrong", number - right, doors.query(own, outcome="wrong")),
    ]
    found += [
        (f"Top {k}", rate.count, doors.query(own, top=k)) for k, rate in sums.top.items() if k > 1
    ]
    return found


def show_notices(shown: ShownEvaluation, field: Field) -> None:
    """What to know before the numbers are believed."""
    kept = shown.kept
    summary = kept.summary
    if summary.data_digest != field.digest:
        st.info(
            f"Of revision {summary.revision_id}: images or labels of "
            f"{text.SPLIT_WORDS[summary.split]} are others at revision {field.revision_id}. "
            "Evaluate again for those.",
            icon=":material/history:",
        )
    if shown.num_removed:
        st.info(
            f"{text.plural(shown.num_removed, 'image')} of {summary.num_images:,} were removed "
            f"from the catalog since and are counted nowhere here. With them the accuracy was "
            f"{text.percent(summary.accuracy)}.",
            icon=":material/delete:",
        )
    _show_trained(shown)
    if summary.split == "val":
        st.caption("Validation chose the best epoch, so its accuracy is a little too kind.")
    for line in describe_left_out(kept.left_out):
        st.caption(line)


def _show_trained(shown: ShownEvaluation) -> None:
    trained = shown.answers.is_trained
    number = int(trained.sum())
    if shown.kept.summary.split == "train":
        st.warning(
            "It was trained on these images: the numbers say how well it remembers, not how good "
            "it is.",
            icon=":material/school:",
        )
    elif number:
        rest = shown.answers.where(~trained)
        without = (
            f" Without them its accuracy is {text.percent(float(rest.is_right.mean()))}."
            if len(rest)
            else ""
        )
        st.warning(
            f"It was trained on {text.plural(number, 'of these images', 'of these images')}, so "
            f"its accuracy is too kind.{without}",
            icon=":material/school:",
        )
        doors.show("Trained on", number, doors.query(shown.evaluation_id, seen=True))


def describe_left_out(left_out: LeftOut) -> list[str]:
    """What was not measured, a sentence each."""
    lines = []
    if left_out.unknown:
        ordered = sorted(left_out.unknown.items(), key=lambda item: -item[1])
        named = ", ".join(
            f"{errors.literal(name)} {number:,}" for name, number in ordered[:MOST_NAMED]
        )
        more = len(ordered) - MOST_NAMED
        rest = f" and {text.plural(more, 'more class', 'more classes')}" if more > 0 else ""
        lines.append(
            f"Not measured: {text.plural(left_out.num_unknown, 'image')} of classes that it does "
            f"not know ({named}{rest}). Train a network that does."
        )
    if left_out.num_unlabelled:
        lines.append(
            f"Not measured: {text.plural(left_out.num_unlabelled, 'image')} without a label."
        )
    if left_out.num_rejected:
        first = next(iter(left_out.rejected.values()), "")
        lines.append(
            f"Not measured: {text.plural(left_out.num_rejected, 'image')} whose file cannot be "
            f"used. {errors.literal(first)}"
        )
    return lines
