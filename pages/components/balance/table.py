"""The counts of each class and split as a table; a click on a number opens its images."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from forge_core.catalog.listing.balance import Balance, BalanceRow
from pages.components import gallery_links
from pages.components.balance_chart import SPLITS
from pages.components.frame import navigation
from pages.components.words.text import SPLIT_WORDS

MOST_HEIGHT = 480
COLOR = " "
"""The column that only shows the colour of the class."""


def show(balance: Balance, rows: Sequence[BalanceRow]) -> None:
    """Draw the table and follow a click.

    Args:
        balance: The counts.
        rows: In the order of the chart; images without a label are a row of their own.
    """
    used = [split for split in SPLITS if any(getattr(row, split) for row in rows)]
    largest = max((row.total for row in balance.rows), default=0)
    table = pd.DataFrame(
        [
            {
                COLOR: "",
                "Class": row.label_name,
                "Images": row.total,
                "Share": 100 * row.total / balance.total if balance.total else 0.0,
                "Imbalance": largest / row.total if row.total and row.label_id else None,
                **{SPLIT_WORDS[split]: getattr(row, split) for split in used},
            }
            for row in rows
        ]
    )
    number = st.column_config.NumberColumn
    event = st.dataframe(
        table.style.apply(
            lambda _: [f"background-color: {row.color}" for row in rows], subset=[COLOR]
        ),
        hide_index=True,
        height="content" if len(rows) <= 12 else MOST_HEIGHT,
        column_config={
            COLOR: st.column_config.TextColumn(width=16, pinned=True),
            "Class": st.column_config.TextColumn(pinned=True),
            "Images": number(format="localized"),
            "Share": number(format="%.1f %%", help="Of all images but augmented copies."),
            "Imbalance": number(
                format="%.1f : 1", help="Images of the largest class to images of this one."
            ),
            **{SPLIT_WORDS[split]: number(format="localized") for split in used},
        },
        on_select="rerun",
        selection_mode="single-cell",
        key="balance_table",
        alt="Images of each class in each split",
    )
    cells = event.selection.cells
    if cells:
        position, column = cells[0]
        _open(rows[position], column, balance)


def _open(row: BalanceRow, column: str, balance: Balance) -> None:
    splits = {words: split for split, words in SPLIT_WORDS.items()}
    navigation.go_to(
        "gallery",
        gallery_links.gallery_query(
            label="none" if row.label_id is None else row.label_id,
            split=splits.get(column),
            own_only=balance.augmented > 0,
        ),
    )
