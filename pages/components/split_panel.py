"""The split tool: ratios, seed, and what the catalog would look like, before it is applied."""

import pandas as pd
import streamlit as st

from forge_core.catalog import history, splitting
from forge_core.catalog.balance import Balance
from forge_core.catalog.splitting import SplitPlan, SplitRatios
from forge_core.errors import ForgeError
from forge_core.workspace import Workspace
from pages.components import errors, wording
from pages.components.balance_chart import SPLIT_WORDS, SPLITS

_STYLE = """
<style>
.st-key-split-panel table td, .st-key-split-panel table td * { text-align: right !important; }
.st-key-split-panel table thead th, .st-key-split-panel table thead th * {
  text-align: right !important; }
</style>
"""
DEFAULT_PERCENT = {"train": 80, "val": 10, "test": 10}


def show(workspace: Workspace, balance: Balance) -> SplitPlan | None:
    """Draw the panel; returns what would be done, or None while the ratios cannot be used."""
    st.html(_STYLE)
    with st.container(border=True, key="split-panel"):
        st.markdown("**Split by class**")
        columns = st.columns(3, gap="small")
        percent = {
            split: column.number_input(
                f"{split} %",
                min_value=0,
                max_value=100,
                value=default,
                step=5,
                key=f"split_{split}",
                bind="query-params",
            )
            for column, (split, default) in zip(columns, DEFAULT_PERCENT.items(), strict=True)
        }
        seed = st.number_input(
            "Seed",
            min_value=0,
            max_value=2**31 - 1,
            value=0,
            key="split_seed",
            bind="query-params",
            help="The same images, ratios and seed give the same split.",
        )
        only_unassigned = st.checkbox(
            "Only images without a split",
            value=any(row.total != row.none for row in balance.rows),
            key="split_only_new",
            bind="query-params",
            help="Images that are in a split already stay there.",
        )
        try:
            ratios = SplitRatios(**{name: float(part or 0) for name, part in percent.items()})
        except ForgeError as error:
            errors.show(error)
            return None
        total = sum(ratios.parts)
        if total != 100:
            st.caption(f"The parts sum to {total:g} and are scaled to 100 %.")
        plan = _plan(
            workspace,
            str(workspace.folder),
            history.latest_revision_id(workspace),
            ratios,
            int(seed or 0),
            bool(only_unassigned),
        )
        _show_result(plan, balance)
    return plan


@st.cache_data(max_entries=32, show_spinner=False)
def _plan(
    _workspace: Workspace,
    folder: str,
    revision_id: int,
    ratios: SplitRatios,
    seed: int,
    only_unassigned: bool,
) -> SplitPlan:
    """The plan for this revision: the catalog is read once a setting, not once a redraw."""
    return splitting.plan_split(_workspace, ratios, seed=seed, only_unassigned=only_unassigned)


def _show_result(plan: SplitPlan, balance: Balance) -> None:
    if plan.num_moved == 0:
        words = "Divided so already: nothing would move."
        if plan.only_unassigned:
            words = "Every labelled image is in a split. Untick the box to divide all anew."
        st.caption(f":material/check: {words}")
        return
    before = {split: balance.split_total(None if split == "none" else split) for split in SPLITS}
    after = {split: sum(row[split] for row in plan.counts.values()) for split in SPLITS}
    used = [split for split in SPLITS if before[split] or after[split]]
    st.table(
        pd.DataFrame(
            {
                "Now": [f"{before[split]:,}" for split in used],
                "After": [f"{after[split]:,}" for split in used],
            },
            index=[SPLIT_WORDS[split] for split in used],
        ),
        border="horizontal",
    )
    st.caption(" ".join(describe(plan)))
    with st.expander("By class"):
        named = [split for split in SPLITS if any(row[split] for row in plan.counts.values())]
        table = pd.DataFrame.from_dict(plan.counts, orient="index")[named]
        st.dataframe(
            table.rename(columns=SPLIT_WORDS), height="content" if len(table) <= 12 else 420
        )


def describe(plan: SplitPlan) -> list[str]:
    """What would happen, in sentences."""
    words = [f"{wording.plural(plan.num_moved, 'image moves', 'images move')}."]
    if plan.num_unlabelled:
        words.append(f"{plan.num_unlabelled:,} without a label stay where they are.")
    if plan.num_held_out:
        words.append(f"{plan.num_held_out:,} held out stay held out.")
    return [*words, *_smallest(plan)]


def _smallest(plan: SplitPlan) -> list[str]:
    """The class that is measured worst, because accuracy on few images says little."""
    measured = [split for split in ("val", "test") if getattr(plan.ratios, split) > 0]
    fewest = [(row[split], split, name) for name, row in plan.counts.items() for split in measured]
    if not fewest:
        return []
    number, split, name = min(fewest)
    return [f"Smallest: {number:,} of {errors.literal(repr(name))} in {split}."]
