"""Step 1 of Train: which images the run will learn from and be measured on."""

import streamlit as st

from forge_core.catalog.listing.balance import Balance
from forge_core.catalog.splits import split_plan
from forge_core.catalog.splits.split_plan import SplitRatios
from forge_core.runs.starting.launch import DataCheck
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links
from pages.components.frame import navigation, session
from pages.components.words import data_time, text

OFFERED_RATIOS = SplitRatios(train=80, val=10, test=10)


def show(workspace: Workspace, check: DataCheck) -> None:
    """Draw the counts, what is left out, what is wrong, and the offer to split."""
    with st.container(border=True, key="train_step_data"):
        st.subheader("1 · Data", anchor=False)
        _show_counts(check)
        st.caption(_describe(workspace, check), help=data_time.hint(check.revision_id))
        offers_split = needs_split(check.balance)
        for problem in check.problems:
            if not (offers_split and problem.startswith("0 images are in")):
                st.error(errors.literal(problem), icon=":material/block:")
        if offers_split:
            _offer_split(workspace, check.balance)
        _show_warnings(check)


def needs_split(balance: Balance) -> bool:
    """Whether labelled images are there and one of train and val has none."""
    has_labels = any(row.total - row.held_out for row in balance.rows)
    return has_labels and not (balance.split_total("train") and balance.split_total("val"))


def _show_counts(check: DataCheck) -> None:
    with st.container(horizontal=True, gap="large"):
        for split, use in (("train", "learned from"), ("val", "decides"), ("test", "kept apart")):
            number = check.balance.split_total(split)
            with st.container(width="content", gap=None):
                st.metric(split, text.number(number), help=f"Images in {split}: {use}.")
                if number:
                    gallery_links.gallery(
                        "Look at them",
                        gallery_links.gallery_query(label="any", split=split, own_only=True),
                    )


def _describe(workspace: Workspace, check: DataCheck) -> str:
    """What takes part and what does not, in one line."""
    balance = check.balance
    classes = [row for row in balance.rows if row.train]
    left_out = [
        (balance.unlabelled.total, "without a label"),
        (balance.split_total("none"), "not assigned to a split"),
        (balance.split_total("held_out"), "kept aside"),
        (balance.augmented, "augmented copies"),
    ]
    words = ", ".join(f"{number:,} {what}" for number, what in left_out if number)
    return (
        f"{text.plural(len(classes), 'class', 'classes')}, "
        f"{data_time.describe(workspace, check.revision_id)}. Left out: {words or 'nothing'}."
    )


def _offer_split(workspace: Workspace, balance: Balance) -> None:
    missing, purpose = ("train", "learned")
    if balance.split_total("train"):
        missing, purpose = ("validation", "measured")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(
            f"0 images are in {missing}, so nothing can be {purpose}. "
            f"Split {OFFERED_RATIOS} by class now?",
            icon=":material/call_split:",
        )
        pressed = st.button("Split and continue", key="train_split")
    if pressed:
        with errors.redrawing():
            plan = split_plan.plan_split(workspace, OFFERED_RATIOS, seed=0)
            split_plan.apply_split(workspace, plan, actor=session.actor())


def _show_warnings(check: DataCheck) -> None:
    said = set(check.problems)
    warnings = [warning for warning in check.warnings if warning not in said]
    if not warnings:
        return
    first, *others = warnings
    st.warning(errors.literal(first), icon=":material/warning:")
    if others:
        with st.expander(text.plural(len(others), "more thing to know", "more things to know")):
            for warning in others:
                st.markdown(f"- {errors.literal(warning)}")
    with st.container(horizontal=True):
        if navigation.find_page("balance") and st.button(
            "Look at the balance", type="tertiary", icon=":material/bar_chart:", key="train_balance"
        ):
            navigation.go_to("balance")
