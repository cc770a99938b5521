"""Let a run answer under a name: what speaks for and against it, and the decision."""

import streamlit as st

from db.enums import Split
from db.records import Run
from forge_core.errors import ForgeError
from forge_core.registry import aliases, evidence, promotion
from forge_core.registry.evidence import Evidence
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links
from pages.components.frame import session
from pages.components.runs import alias_list, run_facts
from pages.components.words import glossary, text

ASKED_KEY = "runs:use_as"
FOUND_KEY = "runs:evidence"
DEFAULT_ALIAS = "production"
WATCH_SECONDS = 2.0
SPLITS = (Split.TEST.value, Split.VAL.value, Split.HELD_OUT.value)


def show_button(workspace: Workspace, run: Run) -> None:
    """The quiet button that opens the dialog, where the run has something to use."""
    if checkpoints.find_best_hash(workspace, run.run_id) is None:
        return
    if st.button(
        "Use as",
        type="tertiary",
        icon=alias_list.ICON,
        key="run_use_as",
        help="Let this run answer under a name, such as production.",
    ):
        st.session_state[ASKED_KEY] = run.run_id
        st.session_state.pop(FOUND_KEY, None)


def show_dialog(workspace: Workspace, run: Run) -> None:
    """Draw the dialog while it is asked for."""
    if st.session_state.get(ASKED_KEY) == run.run_id:
        _ask(workspace, run)


def _close() -> None:
    st.session_state.pop(ASKED_KEY, None)
    st.session_state.pop(FOUND_KEY, None)


@st.dialog("Use this run as", width="large", on_dismiss=_close)
@errors.guarded_page()
def _ask(workspace: Workspace, run: Run) -> None:
    known = [entry.alias for entry in aliases.list_current(workspace)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        alias = st.selectbox(
            "Name",
            sorted({*known, DEFAULT_ALIAS}, key=lambda name: (name != DEFAULT_ALIAS, name)),
            accept_new_options=True,
            key="use_as_alias",
            help=glossary.SENTENCES["alias"],
        )
        split = st.selectbox(
            "Compared on",
            SPLITS,
            format_func=text.SPLIT_WORDS.__getitem__,
            key="use_as_split",
            width=170,
        )
        bound = st.number_input(
            "A class may lose, points",
            min_value=0.0,
            max_value=100.0,
            value=100 * evidence.CLASS_BOUND,
            step=1.0,
            key="use_as_bound",
            width=190,
            help="Share of a class's images that were found and would be found no more.",
        )
    if not alias:
        return
    found = _find(workspace, run, alias, split, float(bound) / 100)
    _show_checks(found)
    if found.missing and found.replaced is not None:
        _show_missing(workspace, found)
    _show_decision(workspace, found)


def _find(workspace: Workspace, run: Run, alias: str, split: str, bound: float) -> Evidence:
    """The evidence for these choices, looked for once."""
    asked = (run.run_id, alias, split, bound)
    kept = st.session_state.get(FOUND_KEY)
    if kept is not None and kept[0] == asked:
        found: Evidence = kept[1]
        return found
    with st.spinner("Checking that it answers as it did when it was saved"):
        found = evidence.gather(workspace, alias, run.run_id, split=split, class_bound=bound)
    st.session_state[FOUND_KEY] = (asked, found)
    return found


def _show_checks(found: Evidence) -> None:
    name = errors.literal(found.alias)
    if found.replaced is None:
        st.markdown(f"Nothing answers as **{name}** now.")
    else:
        st.markdown(f"Run {found.replaced.run_id} answers as **{name}** now.")
    for check in found.checks:
        mark = ":green[:material/check_circle:]" if check.passed else ":orange[:material/warning:]"
        st.markdown(f"{mark} {errors.literal(check.words)}")
    query = alias_list.flips_query(found.evaluation_id, found.against_id)
    if found.found is not None and query is not None:
        paired = found.found.paired
        gallery_links.show(
            f"{paired.num_only_first:,} images lost, {paired.num_only_second:,} won",
            "evaluation",
            query,
        )


def _show_missing(workspace: Workspace, found: Evidence) -> None:
    if promotion.is_measuring(workspace, found):
        _watch(workspace, found)
        return
    if st.button("Measure them now", icon=":material/fact_check:", key="use_as_measure"):
        with errors.redrawing("fragment"):
            promotion.submit_missing(workspace, found, actor=session.actor())


@st.fragment(run_every=WATCH_SECONDS)
@errors.guarded_page()
def _watch(workspace: Workspace, found: Evidence) -> None:
    st.caption(":material/hourglass_top: They are being measured; this goes on by itself.")
    if not promotion.is_measuring(workspace, found):
        st.session_state.pop(FOUND_KEY, None)
        st.rerun()


def _show_decision(workspace: Workspace, found: Evidence) -> None:
    reason = st.text_input(
        "Why" if found.passed else "Why all the same",
        key="use_as_reason",
        placeholder="Kept with the entry" + ("" if found.passed else "; needed here"),
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Not now", key="use_as_leave"):
            _close()
            st.rerun()
        if not st.button(
            f"Use as {errors.literal(found.alias)}" if found.passed else "Use it all the same",
            type="primary" if found.passed else "secondary",
            icon=alias_list.ICON,
            disabled=not found.passed and not reason.strip(),
            help=None if found.passed else "What speaks against it is overruled, with a reason.",
            key="use_as_sure",
        ):
            return
    try:
        entry = promotion.promote(
            workspace,
            found,
            actor=session.actor(),
            reason=reason,
            is_forced=not found.passed,
        )
    except ForgeError as error:
        errors.show(error)
        return
    _close()
    st.session_state[run_facts.NOTICE_KEY] = (
        f"Run {entry.run_id} answers as {entry.alias} from now on."
    )
    st.rerun()
