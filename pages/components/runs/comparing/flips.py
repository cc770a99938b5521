"""Images that one run answers right and another one wrong, each number a door to them."""

from collections.abc import Sequence

import streamlit as st

from db.enums import Split
from db.records import Run
from db.run_records import EvaluationSummary
from forge_core.predictions import kept_evaluations
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace
from pages.components import gallery_links
from pages.components.evaluation import doors, flips_view
from pages.components.evaluation import shown as shown_room

SPLITS = (Split.TEST, Split.VAL, Split.HELD_OUT)


def show(workspace: Workspace, first: Run, second: Run) -> None:
    """Draw the doors of a pair, on the first split that both were measured on image by image."""
    for split in SPLITS:
        pair = find_pair(workspace, first, second, split)
        if pair is not None:
            break
    else:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(
                f"Which images flip between run {first.run_id} and run {second.run_id} is known "
                "once both are evaluated on the same split.",
                width="content",
            )
            gallery_links.show("Evaluate them", "evaluation")
        return
    mine, theirs = (shown_room.load(workspace, each.evaluation_id) for each in pair)
    found = flips_view.compare(theirs, mine)  # the second less the first
    if found is None:
        st.caption("The two were measured on no common image.")
        return
    st.markdown(f"**Images that flip on {split}**")
    old, new = first.run_id, second.run_id
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        for words, count, outcome, against in (
            (
                f"Right in run {new}, wrong in run {old}",
                found.counted.num_only_second,
                "right",
                "wrong",
            ),
            (
                f"Right in run {old}, wrong in run {new}",
                found.counted.num_only_first,
                "wrong",
                "right",
            ),
        ):
            where = doors.query(
                pair[1].evaluation_id,
                outcome=outcome,
                against=pair[0].evaluation_id,
                against_outcome=against,
            )
            doors.show(words, count, where)
    weighted = "" if found.weighted is None else f" The difference is {mine.weights_note}."
    st.caption(flips_view.describe(found, f"run {old}") + weighted)


def find_pair(
    workspace: Workspace, first: Run, second: Run, split: Split
) -> tuple[EvaluationSummary, EvaluationSummary] | None:
    """What was kept of both best networks on a split: on equal images where there is such."""
    kept = kept_evaluations.list_of_split(workspace, split)
    found = [_of_best(workspace, run, kept) for run in (first, second)]
    pairs = [(one, two) for one in found[0] for two in found[1]]
    if not pairs:
        return None
    equal = [pair for pair in pairs if pair[0].data_digest == pair[1].data_digest]
    return max(equal or pairs, key=lambda pair: [each.evaluation_id for each in pair])


def _of_best(
    workspace: Workspace, run: Run, kept: Sequence[EvaluationSummary]
) -> list[EvaluationSummary]:
    best = checkpoints.find_best_hash(workspace, run.run_id)
    return [
        each
        for each in kept
        if each.run_id == run.run_id and each.checkpoint_hash == best and each.data_digest
    ]
