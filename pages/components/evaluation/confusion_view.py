"""The confusion matrix of an evaluation: sorted, as shares, and usable with a thousand classes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from forge_core.evaluation import answers as columns
from pages.components.evaluation import confusion_chart, doors
from pages.components.evaluation.confusion_chart import (
    COLUMNS,
    MOST_NUMBERS,
    ROWS,
    Counts,
    Matrix,
    Shares,
    Weighed,
)
from pages.components.evaluation.shown import ShownEvaluation

BLOCK = MOST_NUMBERS
"""Classes that are drawn at a time."""
MOST_PAIRS = 200
WRITTEN = {"counts": "Counts", ROWS: "% of the class", COLUMNS: "% of the answer"}
ORDERS = {
    "mistakes": "Most mistakes first",
    "network": "As the network has them",
    "name": "By name",
}
OVERVIEW_SIDE = 420
PAPER = 245
"""Grey of an empty dot."""


def show(shown: ShownEvaluation) -> None:
    """Draw the matrix and the pairs that are confused most; a click opens the images."""
    label_ids, names = shown.kept.label_ids, shown.kept.report.class_names
    counts = columns.count_confusion(shown.answers, label_ids)
    weights = shown.weights
    sums = None if weights is None else columns.weigh_confusion(shown.answers, label_ids, weights)
    left, right = st.columns([5, 4], gap="large")
    with left:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            written = _choose("Written in the cells", WRITTEN, "evaluation_written")
            order = _choose("Order", ORDERS, "evaluation_order")
        wanted: list[int] = []
        if len(names) > BLOCK:
            wanted = st.multiselect(
                "Classes",
                range(len(names)),
                format_func=names.__getitem__,
                key="evaluation_classes",
                placeholder=f"The {BLOCK} that are confused most; or choose",
                max_selections=BLOCK,
                help="Those that a chosen class is confused with stand beside it.",
            )
        places = sort_places(counts, names, order, choose_places(counts, wanted))
        matrix = make_matrix(counts, names, places, written, sums)
        cell = confusion_chart.show(matrix, key=f"evaluation_confusion_{shown.evaluation_id}")
        if len(places) < len(names):
            st.caption(
                f"{len(places)} of {len(names):,} classes. Their whole rows and columns: the table."
            )
        if sums is not None:
            st.caption(
                "Counts are of all that were measured, and lead to them; shares and colours are "
                f"{shown.weights_note}."
            )
        if cell is not None:
            true, answered = (label_ids[places[place]] for place in cell)
            doors.open_gallery(doors.query(shown.evaluation_id, true_label=true, answered=answered))
    with right:
        _show_pairs(shown, counts, counts if sums is None else sums)
        if len(names) > BLOCK:
            st.image(
                draw_overview(counts),
                width=OVERVIEW_SIDE,
                caption=f"All {len(names):,} classes: a dot for each cell, the darker the larger.",
                alt="Overview of the whole confusion matrix",
            )


def _choose(words: str, options: dict[str, str], key: str) -> str:
    chosen = st.selectbox(words, list(options), format_func=options.__getitem__, key=key, width=200)
    return chosen if chosen in options else next(iter(options))


def count_mistakes(counts: Counts) -> Counts:
    """(K,) how often each class was missed or wrongly answered."""
    wrong = counts - np.diag(np.diag(counts))
    mistakes: Counts = wrong.sum(axis=0) + wrong.sum(axis=1)
    return mistakes


def choose_places(counts: Counts, wanted: Sequence[int]) -> list[int]:
    """The classes of the block: the chosen ones and those confused with them, else the worst."""
    if len(counts) <= BLOCK:
        return list(range(len(counts)))
    if not wanted:
        worst = np.argsort(-count_mistakes(counts), kind="stable")[:BLOCK]
        return [int(place) for place in worst]
    chosen = list(wanted)
    beside = counts[chosen].sum(axis=0) + counts[:, chosen].sum(axis=1)
    beside[chosen] = 0
    order = np.argsort(-beside, kind="stable").tolist()
    return [*chosen, *(place for place in order if beside[place])][:BLOCK]


def sort_places(
    counts: Counts, names: Sequence[str], order: str, places: Sequence[int]
) -> list[int]:
    """The classes of the block in the order that was chosen."""
    if order == "name":
        return sorted(places, key=lambda place: names[place].casefold())
    if order == "network":
        return sorted(places)
    mistakes = count_mistakes(counts)
    return sorted(places, key=lambda place: (-int(mistakes[place]), place))


def make_matrix(
    counts: Counts,
    names: Sequence[str],
    places: Sequence[int],
    written: str,
    sums: Shares | None = None,
) -> Matrix:
    """The block of these classes; shares are of whole rows or columns.

    Args:
        counts: (K, K) images, rows true, columns answered.
        names: K.
        places: Of the classes of the block.
        written: What is written into the cells, of `WRITTEN`.
        sums: (K, K) of their weights, where they do not count alike.
    """
    chosen = list(places)
    block = np.ix_(chosen, chosen)
    return Matrix(
        counts=counts[block],
        row_totals=counts.sum(axis=1)[chosen],
        column_totals=counts.sum(axis=0)[chosen],
        names=[names[place] for place in chosen],
        weighed=None
        if sums is None
        else Weighed(sums[block], sums.sum(axis=1)[chosen], sums.sum(axis=0)[chosen]),
        by=COLUMNS if written == COLUMNS else ROWS,
        shows_shares=written != "counts",
    )


def draw_overview(counts: Counts) -> Image.Image:
    """A picture with a dot a cell; rare mistakes are lifted."""
    rows, found = np.nonzero(counts)
    shares = counts[rows, found] / counts.sum(axis=1)[rows]
    colors = np.where((rows == found)[:, None], [0, 114, 178], [213, 94, 0])
    pixels = np.full((*counts.shape, 3), PAPER, dtype=np.uint8)
    pixels[rows, found] = (PAPER + (colors - PAPER) * (shares**0.3)[:, None]).astype(np.uint8)
    return Image.fromarray(pixels)


def _show_pairs(shown: ShownEvaluation, counts: Counts, sums: Counts | Shares) -> None:
    st.markdown("**Confused most**")
    pairs = columns.list_pairs(counts, MOST_PAIRS)
    if not pairs:
        st.caption("Nothing was confused.")
        return
    label_ids, names = shown.kept.label_ids, shown.kept.report.class_names
    totals = np.maximum(sums.sum(axis=1), np.finfo(np.float64).tiny)
    event = st.dataframe(
        pd.DataFrame(
            {
                "True": [names[true] for true, _, _ in pairs],
                "Taken for": [names[answered] for _, answered, _ in pairs],
                "Images": [count for _, _, count in pairs],
                "Of the class": [
                    100 * float(sums[true, answered] / totals[true]) for true, answered, _ in pairs
                ],
            }
        ),
        hide_index=True,
        height="content" if len(pairs) <= 12 else 460,
        column_config={
            "Images": st.column_config.NumberColumn(format="localized"),
            "Of the class": st.column_config.NumberColumn(format="%.1f %%"),
        },
        on_select="rerun",
        selection_mode="single-cell",
        key=f"evaluation_pairs_{shown.evaluation_id}",
        alt="Pairs of classes that are confused most",
    )
    if event.selection.cells:
        true, answered, _ = pairs[event.selection.cells[0][0]]
        doors.open_gallery(
            doors.query(
                shown.evaluation_id, true_label=label_ids[true], answered=label_ids[answered]
            )
        )
