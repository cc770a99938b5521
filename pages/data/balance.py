"""Class balance: how many images each class has in each split, what that means, and the split."""

import re
from collections.abc import Sequence

import streamlit as st

from db.enums import ChangeOutcome
from forge_core.catalog.listing import balance as balance_room
from forge_core.catalog.listing.balance import Balance, BalanceRow, BalanceWarning
from forge_core.catalog.splits import split_plan
from forge_core.catalog.splits.split_plan import SplitPlan
from forge_core.workspace import Workspace
from pages.components import balance_chart, empty_state, errors, gallery_links, new_splits
from pages.components.balance import (
    class_editor,
    learning_curve_panel,
    next_labels_panel,
    split_panel,
    table,
)
from pages.components.frame import navigation, page_frame, session, undo_notice
from pages.components.review import leaks
from pages.components.words import text

FEW_WARNINGS = 4
MANY_ROWS = 24
ORDERS = ["By name", "By images"]


def show() -> None:
    """Draw the page. The top comes last: its button needs the split that was chosen."""
    workspace = session.workspace()
    balance = balance_room.class_balance(workspace)
    top = st.container()
    if balance.total == 0 and not balance.rows:
        show_empty(top, workspace)
        return
    main, side = st.columns([7, 3], gap="large")
    with main:
        show_counts(balance)
        if labelled(balance):
            with st.expander("Have I labelled enough?", icon=":material/trending_up:"):
                learning_curve_panel.show(workspace)
        if balance.unlabelled.total:
            with st.expander("What to label next", icon=":material/target:"):
                next_labels_panel.show(workspace)
    with side:
        plan = None
        if labelled(balance):
            plan = split_panel.show(workspace, balance)
        else:
            st.info("No image has a label yet, so there is nothing to split by class.")
        new_splits.show(workspace, page="balance")
        leaks.show(workspace, balance.total)
        class_editor.show(workspace, session.actor())
    with top:
        show_top(workspace, plan)


def show_top(workspace: Workspace, plan: SplitPlan | None) -> None:
    """Title, Apply split, and the offer to undo it."""
    moves = plan.num_moved if plan else 0
    pressed = page_frame.show_title(
        "Class balance",
        action=f"Split {text.plural(moves, 'image')}" if moves else "Split images",
        icon=":material/call_split:",
        disabled=not moves,
        help="Divide the images as the panel on the right shows." if moves else "Nothing to move.",
    )
    if pressed and plan is not None:
        result = split_plan.apply_split(workspace, plan, actor=session.actor())
        if result.status == ChangeOutcome.APPLIED:
            moved = text.plural(result.num_changed, "image is", "images are")
            undo_notice.offer(f"{moved} split {plan.ratios} by class.", result.revision_id)
        st.rerun()
    undo_notice.show(workspace, session.actor())


def show_counts(balance: Balance) -> None:
    """Figures, warnings, bars and table."""
    show_figures(balance)
    show_warnings(balance)
    order = st.segmented_control(
        "Order",
        ORDERS,
        default=ORDERS[0],
        required=True,
        key="order",
        bind="query-params",
        label_visibility="collapsed",
    )
    rows = ordered(balance, str(order))
    with st.container(
        height=balance_chart.height(MANY_ROWS) if len(rows) > MANY_ROWS else "content",
        border=False,
    ):
        show_chart(balance, rows)
    st.caption("Click a bar or a number to see those images.")
    table.show(balance, rows)


def show_figures(balance: Balance) -> None:
    """The catalog in four numbers."""
    ratio = balance.imbalance_ratio
    figures = {
        "Images": f"{balance.total:,}",
        "Classes": f"{len(balance.rows):,}",
        "Unlabelled": f"{balance.unlabelled.total:,}",
        "Imbalance in train": f"{ratio:.1f} : 1" if ratio else "–",
    }
    with st.container(horizontal=True, gap="medium", key="balance-figures"):
        for name, value in figures.items():
            st.metric(name, value, width="content")
    if balance.augmented:
        st.caption(f"{text.plural(balance.augmented, 'augmented copy', 'augmented copies')} apart.")


def show_warnings(balance: Balance) -> None:
    """Each warning is a door to the images that it is about."""
    for warning in balance.warnings[:FEW_WARNINGS]:
        show_warning(warning, balance)
    more = balance.warnings[FEW_WARNINGS:]
    if more:
        with st.expander(text.plural(len(more), "more warning")):
            for warning in more:
                show_warning(warning, balance)


def show_warning(warning: BalanceWarning, balance: Balance) -> None:
    """One warning."""
    query = warning_query(warning, balance)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":orange[:material/warning:] {errors.literal(warning.text)}", width="content")
        if query is not None:
            gallery_links.gallery("See them", query)


def warning_query(warning: BalanceWarning, balance: Balance) -> dict[str, str] | None:
    """The gallery's filter for the images of a warning; None when there is none to show.

    A split without an image of a class leads to all images of the class: they are those
    that could be moved.
    """
    own_only = balance.augmented > 0
    if not isinstance(warning.label, int):
        split = None if warning.split == "none" else warning.split
        if warning.split is not None and not balance.split_total(split):
            return None
        return gallery_links.gallery_query(
            label=warning.label, split=warning.split, own_only=own_only
        )
    row = next(row for row in balance.rows if row.label_id == warning.label)
    here = getattr(row, warning.split or "none")
    if not row.total:
        return None
    split = warning.split if here else None
    return gallery_links.gallery_query(label=row.label_id, split=split, own_only=own_only)


def show_chart(balance: Balance, rows: Sequence[BalanceRow]) -> None:
    """The bars; a click on a part opens its images."""
    event = st.plotly_chart(
        balance_chart.draw(rows),
        on_select="rerun",
        selection_mode="points",
        key="balance_chart",
        config={"displayModeBar": False},
        alt="Images of each class, stacked by split",
    )
    points = event.selection.points
    if points and points[0].get("customdata"):
        label, split = list(points[0]["customdata"])[:2]
        query = gallery_links.gallery_query(
            label=label, split=split, own_only=balance.augmented > 0
        )
        navigation.go_to("gallery", query)


def ordered(balance: Balance, order: str) -> list[BalanceRow]:
    """Classes by name as people count (2 before 10) or by size; unlabelled images come last."""
    if order == ORDERS[1]:
        rows = sorted(balance.rows, key=lambda row: -row.total)
    else:
        rows = sorted(balance.rows, key=lambda row: natural(row.label_name))
    return [*rows, balance.unlabelled] if balance.unlabelled.total else rows


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that puts "2" before "10"."""
    parts = re.findall(r"\d+|\D+", name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def labelled(balance: Balance) -> bool:
    """Whether there is anything to split."""
    return any(row.total for row in balance.rows)


def show_empty(top: st.delta_generator.DeltaGenerator, workspace: Workspace) -> None:
    """No images and no classes."""
    with top:
        page_frame.show_title("Class balance")
        undo_notice.show(workspace, session.actor())
    empty_state.show(
        "No images yet, so there is nothing to count. Import some; folders become classes.",
        icon="bar_chart",
        choices=[
            empty_state.Choice(
                "Import images", lambda: navigation.go_to("import"), ":material/upload:"
            )
        ],
        key="balance_empty",
    )
    with st.expander("Create classes before the images"):
        class_editor.show_create(workspace, session.actor())


with errors.guarded_page():
    show()
