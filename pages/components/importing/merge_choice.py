"""What an import would bring to images that are there, and the one choice for what differs."""

import streamlit as st

from db.enums import FindingOutcome
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.catalog.importing.merging import comparison
from forge_core.catalog.importing.merging.comparison import Comparison, Difference
from forge_core.catalog.importing.merging.rules import Merge
from forge_core.catalog.revisions import history
from forge_core.errors import ForgeError
from forge_core.workspace import Workspace
from pages.components import errors, image_strip, pictures
from pages.components.importing import chooser
from pages.components.words import text

SIDE = 84
_COMPARED = "import:compared"
WORDS = {
    Merge.KEEP: "Keep what is here",
    Merge.TAKE: "Take what it says",
    Merge.ASK: "Decide one by one",
}


def show(workspace: Workspace, plan: ImportPlan) -> None:
    """Draw how the plan stands to the catalog; nothing where no image of it is there."""
    found = compared(workspace, plan)
    first, *others = found.sentences() or [""]
    if not first:
        return
    st.markdown(f":material/merge: **{errors.literal(first)}**")
    if found.differences:
        _show_choice(plan, found)
    for sentence in others:
        st.caption(errors.literal(sentence))
    if found.differences:
        _show_differences(workspace, found)


def compared(workspace: Workspace, plan: ImportPlan) -> Comparison:
    """How a plan stands to the catalog.

    Looked at once for each reading, choice and revision: files are hashed for it.
    """
    key = (id(plan.scanned), plan.source_dataset, history.latest_revision_id(workspace))
    known: dict[tuple[Merge, bool], Comparison] = {}
    kept = st.session_state.get(_COMPARED)
    if kept is not None and kept[0] == key:
        known = kept[1]
    # The scan is held as well, so that its id stays its own.
    st.session_state[_COMPARED] = (key, known, plan.scanned)
    choice = (plan.merge, plan.unlock_held_out)
    if choice not in known:
        with st.spinner("Comparing with the catalog"):
            known[choice] = comparison.compare(workspace, plan)
    return known[choice]


def _show_choice(plan: ImportPlan, found: Comparison) -> None:
    turn = chooser.reading_turn()
    chosen = st.segmented_control(
        "Where it says something else than the catalog",
        list(Merge),
        format_func=WORDS.__getitem__,
        default=plan.merge,
        required=True,
        key=f"import:merge:{turn}",
        help="What images here have no value for is taken always. All of it is one revision, "
        "which can be undone. What is kept is not asked again by later imports that say the "
        "same. One by one: such images wait on Review.",
    )
    unlock = plan.unlock_held_out
    if FindingOutcome.LOCKED in found.outcomes or unlock:
        unlock = st.checkbox(
            "Also move images that are kept aside",
            value=unlock,
            key=f"import:unlock:{turn}",
            help="What is measured on images kept aside is worth what this lock is.",
        )
    chooser.choose_merge(Merge(chosen), unlock_held_out=unlock)


def _show_differences(workspace: Workspace, found: Comparison) -> None:
    with st.container(horizontal=True, gap="small", key="import-differences"):
        for difference in found.differences:
            with st.container(width=SIDE + 40, gap=None):
                try:
                    picture = pictures.fit(image_strip.load(workspace, difference.asset), 2 * SIDE)
                    st.image(picture, width=SIDE, alt=difference.asset.file_path)
                except ForgeError:
                    st.caption("its file is missing")
                st.caption(errors.literal(_describe(difference)))


def _describe(difference: Difference) -> str:
    """Both values of everything that differs."""
    return "; ".join(
        f"{finding.subject}: {_word(finding.before)} here, {_word(finding.said)} there"
        for finding in difference.findings
        if finding.before is not None or finding.outcome is FindingOutcome.ASKED
    )


def _word(value: str | None) -> str:
    return "none" if value is None else text.SPLIT_WORDS.get(value, value)
