"""The table of runs, each with the shape of its validation accuracy."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from db.enums import Split
from db.run_records import RunRow
from forge_core.notices import state_words
from forge_core.runs.listing import shown_accuracies
from forge_core.runs.listing.shown_accuracies import ListedAccuracy
from pages.components.words import data_time, run_text, text

TABLE_HEIGHT = 640
ROWS_WITHOUT_SCROLLING = 15
ROW_HEIGHT = 40
CHOSEN_KEY = "runs:chosen"
"""Numbers of the runs that are ticked."""
CLICKS_KEY = "runs:clicks"
"""How often a cell was clicked: the table forgets which one by being a new one."""
STAR, NO_STAR = "★", "☆"
STAR_COLUMN = "Star"
WIDEST_CURVE = 60
"""Points of the small curve."""


@dataclass(frozen=True, kw_only=True)
class TableEvent:
    """What a person did with the table."""

    ticked: list[RunRow]
    opened: RunRow | None
    """The run, or the group of seeds, that was clicked just now."""
    starred: RunRow | None
    """The run whose star was clicked just now."""


def show(rows: Sequence[RunRow]) -> TableEvent:
    """Draw the table.

    Which runs are ticked is kept by their numbers: a list that moves under the hand, because
    a run was started, ticks no other run.
    """
    event = st.dataframe(
        make_frame(rows, datetime.now(UTC)),
        key=_key(rows),
        hide_index=True,
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"],
        selection_default={"selection": {"rows": _ticked(rows)}},
        row_height=ROW_HEIGHT,
        placeholder="",
        height="content" if len(rows) <= ROWS_WITHOUT_SCROLLING else TABLE_HEIGHT,
        column_config=_columns(),
    )
    if any(_is_marked(shown_accuracies.best_of(row)) for row in rows):
        st.caption(
            f"{run_text.MARK} Its validation images are no fair sample: what was chosen because it "
            "looked hard is left out, what was drawn by chance is weighted, as far as the run was "
            "measured; its page says how."
        )
    clicked = _clicked(event, rows)
    if clicked is None:
        _remember(event, rows)
    else:
        st.session_state[CLICKS_KEY] = st.session_state.get(CLICKS_KEY, 0) + 1
    row, column = clicked or (None, "")
    return TableEvent(
        ticked=[rows[place] for place in _ticked(rows)],
        opened=row if column != STAR_COLUMN else None,
        starred=row if column == STAR_COLUMN else None,
    )


def make_frame(rows: Sequence[RunRow], now: datetime) -> pd.DataFrame:
    """The rows as a person reads them."""
    best = [shown_accuracies.best_of(row) for row in rows]
    test = [shown_accuracies.of_split(row, Split.TEST) for row in rows]
    moments: dict[int, str] = {}
    for row in rows:
        if row.revision_id not in moments:
            moments[row.revision_id] = data_time.describe_moment(row.data_changed_at)
    return pd.DataFrame(
        {
            STAR_COLUMN: [STAR if row.is_starred else NO_STAR for row in rows],
            "Run": [run_text.title(row) for row in rows],
            "State": [state_words.WORDS[row.state] for row in rows],
            "Best": [_percent(each) for each in best],
            "Interval": [_interval(each) for each in best],
            "Validation": [_curve(row.curve) for row in rows],
            "Network": [
                run_text.network(row.architecture, row.pretrained, row.start_run) for row in rows
            ],
            "Tags": [list(row.tags) for row in rows],
            "Test": [_percent(each) for each in test],
            "Time": [_time(row, now) for row in rows],
            "Started": [text.ago(row.created_at, now) for row in rows],
            "Note": [" ".join(row.note.split()) for row in rows],
            "Data": [
                f"{text.plural(row.num_classes, 'class', 'classes')}, {moments[row.revision_id]}"
                for row in rows
            ],
            "Author": [row.author for row in rows],
        }
    )


def _columns() -> dict[str, ColumnConfig | str | None]:
    column = st.column_config
    return {
        STAR_COLUMN: column.TextColumn("", help="Click: star or not", width=36, alignment="center"),
        "Run": column.TextColumn(width=150),
        "State": column.TextColumn(width=90),
        "Best": column.NumberColumn(
            "Best accuracy",
            format="%.1f %%",
            help="Of the best epoch's network on validation, as it speaks of all images",
            width=100,
        ),
        "Interval": column.TextColumn(
            "At 95 %",
            help=f"{run_text.MARK}: of no fair sample; see below the table. Of several seeds: of "
            "their mean, over other seeds",
            width=120,
        ),
        "Validation": column.LineChartColumn(
            "Curve", help="Validation accuracy over the epochs", width=110
        ),
        "Network": column.TextColumn(width=190),
        "Tags": column.ListColumn(width=130),
        "Test": column.NumberColumn("On test", format="%.1f %%", width=80),
        "Time": column.TextColumn(width=90),
        "Started": column.TextColumn(width=100),
        "Note": column.TextColumn(width=200),
    }


def _key(rows: Sequence[RunRow]) -> str:
    """Another one where the rows are others or in another order: places are places of these."""
    order = ",".join(str(row.run_id) for row in rows)
    digest = hashlib.sha256(order.encode()).hexdigest()[:12]
    return f"runs_table_{digest}_{st.session_state.get(CLICKS_KEY, 0)}"


def _ticked(rows: Sequence[RunRow]) -> list[int]:
    ids = set(st.session_state.get(CHOSEN_KEY, ()))
    return [place for place, row in enumerate(rows) if row.run_id in ids]


def _remember(event: Mapping[str, Mapping[str, list[object]]], rows: Sequence[RunRow]) -> None:
    places = [place for place in event["selection"].get("rows", []) if isinstance(place, int)]
    st.session_state[CHOSEN_KEY] = [rows[place].run_id for place in places if place < len(rows)]


def _clicked(
    event: Mapping[str, Mapping[str, list[object]]], rows: Sequence[RunRow]
) -> tuple[RunRow, str] | None:
    for cell in event["selection"].get("cells", []):
        if isinstance(cell, (tuple, list)) and int(cell[0]) < len(rows):
            return rows[int(cell[0])], str(cell[1])
    return None


def _percent(accuracy: ListedAccuracy | None) -> float | None:
    return None if accuracy is None else 100 * accuracy.value


def _interval(accuracy: ListedAccuracy | None) -> str:
    if accuracy is None:
        return ""
    mark = f"{run_text.MARK} " if _is_marked(accuracy) else ""
    if accuracy.interval is None:
        return f"{mark}biased" if mark else ""
    low, high = accuracy.interval
    return f"{mark}{100 * low:.1f} to {100 * high:.1f}"


def _is_marked(accuracy: ListedAccuracy | None) -> bool:
    return accuracy is not None and bool(accuracy.note)


def _curve(points: Sequence[float]) -> list[float]:
    """The curve by at most so many of its points, the last one among them."""
    step = -(-len(points) // WIDEST_CURVE) or 1
    return list(points[::-1][::step][::-1])


def _time(row: RunRow, now: datetime) -> str:
    seconds = run_text.seconds(row, now)
    return "" if seconds is None else text.duration(seconds)
