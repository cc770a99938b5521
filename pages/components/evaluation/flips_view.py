"""Two models on the same images: which is better, and the images that flip between them."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from forge_core.evaluation import pairing
from forge_core.evaluation.pairing import PairedDifference, WeightedDifference
from forge_core.predictions.standings import Contender, Field
from forge_core.runs.probabilities import blocks
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.evaluation import doors
from pages.components.evaluation import shown as shown_room
from pages.components.evaluation.shown import ShownEvaluation
from pages.components.frame import workspace_address
from pages.components.words import run_text

KEY = "evaluation_against"
SMALLEST_P = 0.001


def show(workspace: Workspace, shown: ShownEvaluation, field: Field, asked: int | None) -> None:
    """Draw the choice of another model and what differs."""
    others = {
        each.evaluation.evaluation_id: each
        for each in field.contenders
        if each.evaluation is not None and each.evaluation.evaluation_id != shown.evaluation_id
    }
    if not others:
        st.info(
            "No other model was measured on these images yet. Evaluate another one on this split.",
            icon=":material/compare_arrows:",
        )
        return
    ids = list(others)
    shown_id = asked if asked in others else ids[0]
    chosen = st.selectbox(
        "Against",
        ids,
        index=ids.index(shown_id),
        format_func=lambda number: name(others[number]),
        key=f"{KEY}_{shown_id}",
        width=420,
    )
    if chosen != shown_id:
        workspace_address.put({"against": chosen})
        st.rerun()
    other = shown_room.load(workspace, chosen)
    found = compare(shown, other)
    if found is None:
        st.warning("The two were measured on no common image.", icon=":material/warning:")
        return
    st.markdown(describe(found, name(others[chosen])))
    if found.weighted is not None:
        st.caption(
            f"The difference is {shown.weights_note}; the numbers below are of all that both were "
            "measured on, and lead to them."
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        for words, count, (here, there) in list_flips(found.counted):
            where = doors.query(
                shown.evaluation_id, outcome=here, against=chosen, against_outcome=there
            )
            doors.show(words, count, where)


def name(contender: Contender) -> str:
    """A model in a list."""
    kind = "" if contender.kind == "best" else " · last weights"
    return f"{run_text.title(contender.run)} · {run_text.architecture(contender.run)}{kind}"


@dataclass(frozen=True, kw_only=True)
class Flips:
    """Two models on the images that both were measured on."""

    counted: PairedDifference
    """Each image counted alike."""
    weighted: WeightedDifference | None
    """As the accuracy is weighted; None where images count alike, or none is a fair one."""


def compare(shown: ShownEvaluation, other: ShownEvaluation) -> Flips | None:
    """This model less the other; None where no image was measured by both."""
    mine, theirs = (blocks.as_ids(each.answers.asset_ids) for each in (shown, other))
    _, first, second = np.intersect1d(mine, theirs, assume_unique=True, return_indices=True)
    if not len(first):
        return None
    there, here = other.answers.is_right[second], shown.answers.is_right[first]
    weighted = None
    if shown.weights is not None:
        weights = shown.weights[first]
        used = weights > 0
        if used.any():
            weighted = pairing.compare_weighted(there[used], here[used], weights[used])
    return Flips(counted=pairing.compare_paired(there, here), weighted=weighted)


def describe(flips: Flips, other: str) -> str:
    """The difference in a sentence."""
    found = flips.weighted or flips.counted
    low, high = found.interval
    points = f"{100 * found.difference:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
    verdict = (
        "a difference that chance rarely gives"
        if found.is_told_apart
        else f"no difference that {found.num_images:,} images can show"
    )
    chance = f"p {found.p_value:.3f}" if found.p_value >= SMALLEST_P else f"p below {SMALLEST_P}"
    return f"Against {errors.literal(other)}: **{points}**, {verdict} :gray[· {chance}]"


def list_flips(found: PairedDifference) -> list[tuple[str, int, tuple[str, str]]]:
    """Words, number, and the outcomes here and there of each door."""
    neither = found.num_images - found.num_both - found.num_only_first - found.num_only_second
    return [
        ("Right here, wrong there", found.num_only_second, ("right", "wrong")),
        ("Wrong here, right there", found.num_only_first, ("wrong", "right")),
        ("Wrong in both", neither, ("wrong", "wrong")),
        ("Right in both", found.num_both, ("right", "right")),
    ]
