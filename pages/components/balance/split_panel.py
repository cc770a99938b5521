"""The split tool: ratios, seed, and what the catalog would look like, before it is applied."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from forge_core.catalog.listing.balance import Balance
from forge_core.catalog.revisions import history
from forge_core.catalog.splits import split_plan
from forge_core.catalog.splits.groups import Grouping
from forge_core.catalog.splits.sizes import SplitCounts, SplitRatios, SplitSizes
from forge_core.catalog.splits.split_plan import SplitPlan
from forge_core.errors import ForgeError
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.balance_chart import SPLITS
from pages.components.words import how_alike, text
from pages.components.words.text import SPLIT_WORDS

_STYLE = """
<style>
.st-key-split-panel table td, .st-key-split-panel table td * { text-align: right !important; }
.st-key-split-panel table thead th, .st-key-split-panel table thead th * {
  text-align: right !important; }
</style>
"""
UNITS = ["Percent", "Images"]
BY_LOOKS, BY_KEY, BY_PATH = "Near-duplicates", "Group key", "Path"
MANY_IMAGES = 100_000
"""Above this, a plan takes seconds, and is made when it is asked for."""
_HASH_BY_TEXT: dict[str | type[Any], Callable[[Any], Any]] = dict.fromkeys(
    (SplitRatios, SplitCounts, Grouping), repr
)
DEFAULT_PERCENT = {"train": 80, "val": 10, "test": 10}


def show(workspace: Workspace, balance: Balance) -> SplitPlan | None:
    """Draw the panel; returns what would be done, or None while it cannot or shall not be known."""
    st.html(_STYLE)
    with st.container(border=True, key="split-panel"):
        st.markdown("**Split by class**")
        try:
            sizes = _choose_sizes()
            seed, only_unassigned = _choose_options(balance)
            grouping = _choose_grouping()
            if balance.total > MANY_IMAGES and not _wanted(
                history.latest_revision_id(workspace), sizes, seed, only_unassigned, grouping
            ):
                return None
            with st.spinner("Working out the split"):
                plan = _plan(
                    workspace,
                    str(workspace.folder),
                    history.latest_revision_id(workspace),
                    sizes,
                    seed,
                    only_unassigned,
                    grouping,
                )
        except ForgeError as error:
            errors.show(error)
            return None
        _show_result(plan, balance)
    return plan


def _choose_sizes() -> SplitSizes:
    """Parts in percent, or numbers of images with train as the rest."""
    unit = st.segmented_control(
        "Sizes",
        UNITS,
        default=UNITS[0],
        required=True,
        key="split_unit",
        bind="query-params",
        label_visibility="collapsed",
    )
    columns = st.columns(3, gap="small")
    if unit == UNITS[1]:
        columns[0].text_input("train", "the rest", disabled=True, key="split_rest")
        val, test = (
            column.number_input(
                f"{split} images",
                min_value=0,
                value=100,
                step=10,
                key=f"split_{split}_images",
                bind="query-params",
            )
            for column, split in zip(columns[1:], ("val", "test"), strict=True)
        )
        return SplitCounts(train=None, val=int(val or 0), test=int(test or 0))
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
    ratios = SplitRatios(**{name: float(part or 0) for name, part in percent.items()})
    total = sum(ratios.parts)
    if total != 100:
        st.caption(f"The parts sum to {total:g} and are scaled to 100 %.")
    return ratios


def _choose_options(balance: Balance) -> tuple[int, bool]:
    """The seed, and whether images that are in a split stay there."""
    seed = st.number_input(
        "Seed",
        min_value=0,
        max_value=2**31 - 1,
        value=0,
        key="split_seed",
        bind="query-params",
        help="The same images, sizes and seed give the same split.",
    )
    only_unassigned = st.checkbox(
        "Only images that are not assigned",
        value=any(row.total != row.none for row in balance.rows),
        key="split_only_new",
        bind="query-params",
        help="Images that are in a split already stay there.",
    )
    return int(seed or 0), bool(only_unassigned)


def _choose_grouping() -> Grouping:
    """Which images are kept in one split."""
    chosen = st.pills(
        "Keep together",
        [BY_LOOKS, BY_KEY, BY_PATH],
        selection_mode="multi",
        key="split_together",
        bind="query-params",
        help="A group goes into one split as a whole, so that nothing is measured on what was "
        "trained on. Augmented copies always follow their parents.",
    )
    bits, pattern = None, None
    if BY_LOOKS in chosen:
        bits = how_alike.choose(
            "split_bits",
            "Pairs are compared on the pixels; looking farther takes longer and also finds "
            "strongly compressed and slightly cropped copies.",
            bind="query-params",
        )
    if BY_PATH in chosen:
        pattern = st.text_input(
            "Part of the path",
            key="split_path",
            bind="query-params",
            placeholder=r"patient_(\d+)",
            help="A regular expression; images with the same text in the parentheses stay "
            "together.",
        )
    return Grouping(
        near_duplicate_bits=bits,
        by_group_key=BY_KEY in chosen,
        path_pattern=pattern or None,
    )


def _wanted(*setting: object) -> bool:
    """Whether the plan of this setting was asked for: on many images it takes seconds."""
    if st.session_state.get("split:wanted") == setting:
        return True
    if st.button("Work out the split", icon=":material/calculate:", key="split:work_out"):
        st.session_state["split:wanted"] = setting
        return True
    return False


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs=_HASH_BY_TEXT)
def _plan(
    _workspace: Workspace,
    folder: str,
    revision_id: int,
    sizes: SplitSizes,
    seed: int,
    only_unassigned: bool,
    grouping: Grouping,
) -> SplitPlan:
    """The plan for this revision: the catalog is read once a setting, not once a redraw."""
    return split_plan.plan_split(
        _workspace, sizes, seed=seed, only_unassigned=only_unassigned, grouping=grouping
    )


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
    for warning in plan.warnings:
        st.markdown(f":orange[:material/warning:] {errors.literal(warning)}")
    with st.expander("By class"):
        _show_by_class(plan, used)


def _show_by_class(plan: SplitPlan, used: Sequence[str]) -> None:
    """Now and after of each class, side by side for every split that changes."""
    columns = {}
    for split in used:
        now = {name: row[split] for name, row in plan.counts_before.items()}
        after = {name: row[split] for name, row in plan.counts.items()}
        if now == after:
            columns[SPLIT_WORDS[split]] = after
        else:
            columns[f"{SPLIT_WORDS[split]} now"] = now
            columns[f"{SPLIT_WORDS[split]} after"] = after
    table = pd.DataFrame(columns, index=list(plan.counts))
    st.dataframe(table, height="content" if len(table) <= 12 else 420)


def describe(plan: SplitPlan) -> list[str]:
    """What would happen, in sentences."""
    words = [f"{text.plural(plan.num_moved, 'image moves', 'images move')}."]
    if plan.num_groups:
        words.append(
            f"{text.plural(plan.num_groups, 'group is', 'groups are')} kept whole, the largest "
            f"of {plan.largest_group:,}."
        )
    elif plan.grouping:
        words.append("No images belong together by this.")
    if plan.num_copies:
        copies = text.plural(plan.num_copies, "augmented copy follows", "augmented copies follow")
        words.append(f"{copies} the parents.")
    if plan.num_unlabelled:
        words.append(f"{plan.num_unlabelled:,} without a label stay where they are.")
    if plan.num_held_out:
        words.append(f"{plan.num_held_out:,} that are kept aside stay there.")
    return [*words, *_smallest(plan)]


def _smallest(plan: SplitPlan) -> list[str]:
    """The class that is measured worst, because accuracy on few images says little."""
    measured = [split for split in ("val", "test") if getattr(plan.ratios, split) != 0]
    fewest = [(row[split], split, name) for name, row in plan.counts.items() for split in measured]
    if not fewest:
        return []
    number, split, name = min(fewest)
    return [f"Smallest: {number:,} of {errors.literal(repr(name))} in {split}."]
