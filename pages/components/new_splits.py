"""The standing rule for the split of new images, as a line, and a box in which it is changed."""

import streamlit as st

from db.enums import SplitRuleKind
from forge_core.catalog.splits import split_rule
from forge_core.catalog.splits.sizes import SplitRatios
from forge_core.catalog.splits.split_rule import SplitRule
from forge_core.errors import ForgeError
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.frame import session

CHOICES = {
    SplitRuleKind.NONE: "None",
    SplitRuleKind.GROUP: "Their group's",
    SplitRuleKind.RATIO: "By a ratio",
}
DEFAULT_PERCENT = {"train": 80, "val": 10, "test": 10}


def show(workspace: Workspace, *, page: str, also: str = "") -> None:
    """Draw the rule that holds, and what changes it.

    Args:
        workspace: The workspace.
        page: Name of the page, for the keys of its widgets.
        also: What the page does beside the rule, a sentence.
    """
    rule = split_rule.find(workspace)
    with st.container(key=f"new-splits-{page}", gap="xsmall"):
        st.caption(f":material/call_split: {rule.words} {also}".strip())
        with st.popover("Change the rule for new images", type="tertiary"):
            _choose(workspace, rule, page)


def _choose(workspace: Workspace, rule: SplitRule, page: str) -> None:
    kind = st.segmented_control(
        "New images get",
        list(CHOICES),
        format_func=CHOICES.__getitem__,
        default=rule.kind,
        required=True,
        key=f"new_splits_kind_{page}",
    )
    percent = dict(DEFAULT_PERCENT)
    if rule.ratios is not None:
        total = sum(rule.ratios.parts)
        percent = {
            split: round(100 * part / total)
            for split, part in zip(percent, rule.ratios.parts, strict=True)
        }
    if kind == SplitRuleKind.RATIO:
        for column, (split, share) in zip(st.columns(3), percent.items(), strict=True):
            percent[split] = column.number_input(
                f"{split} %",
                min_value=0,
                max_value=100,
                value=share,
                step=5,
                key=f"new_splits_{split}_{page}",
            )
    try:
        ratios = SplitRatios(**percent) if kind == SplitRuleKind.RATIO else None
        chosen = SplitRule(kind=SplitRuleKind(kind), ratios=ratios)
    except ForgeError as error:
        errors.show(error)
        return
    st.caption(f"{chosen.words} Images that are there stay where they are.")
    if st.button(
        "Save the rule",
        type="primary",
        disabled=chosen == rule,
        key=f"new_splits_save_{page}",
        help="It holds already." if chosen == rule else None,
    ):
        with errors.redrawing():
            split_rule.put(workspace, chosen, actor=session.actor())
