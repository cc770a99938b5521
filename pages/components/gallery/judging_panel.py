"""Above the gallery where it goes by the judging of labels: how it stands, and the audits.

An audit's images are a filter of the gallery; what it tells so far stands here while they are gone
through.
"""

from collections.abc import Mapping

import streamlit as st

from db.records import ANY
from forge_core.catalog.revisions import history
from forge_core.errors import ForgeError
from forge_core.evaluation.label_audit import Share
from forge_core.jobs import kinds, queue
from forge_core.people.actor import Actor
from forge_core.predictions import label_audits
from forge_core.predictions.label_audits import AuditResult
from forge_core.workspace import Workspace
from pages.components import errors, job_progress
from pages.components.frame import session
from pages.components.gallery import filter_address, review_task
from pages.components.words import text

REFRESH_SECONDS = 5.0


def show(workspace: Workspace, where: Mapping[str, str], sort: str) -> None:
    """Draw what fits the list: an audit's answer, or how the judging stands; else nothing."""
    if "audit" in where:
        for number in _audits_of(workspace, where["audit"]):
            _show_audit(number)
    elif sort == "label_issues" or {"issue_min", "issue_max", "suspected"} & set(where):
        _show_judging(workspace)


def _audits_of(workspace: Workspace, named: str) -> list[int]:
    """The audit that is named, or the newest one where any is meant."""
    if named != ANY:
        return [int(named)]
    return [audit.audit_id for audit in label_audits.list_audits(workspace)[:1]]


def words_of(share: Share) -> str:
    """As in 9.1 % (6.2 to 13.1 %), or that it is not known."""
    if share.share is None or share.interval is None:
        return "not known"
    low, high = share.interval
    return f"{100 * share.share:.1f} % ({100 * low:.1f} to {100 * high:.1f} %)"


@st.fragment(run_every=REFRESH_SECONDS)
@errors.guarded_page()
def _show_audit(number: int) -> None:
    result = label_audits.find_result(session.workspace(), number)
    done = result.num_drawn - result.num_waiting - result.num_gone
    with st.container(border=True, key="gallery_audit"):
        st.markdown(
            f"**Audit {number}: {text.number(done)} of {text.plural(result.num_drawn, 'image')} "
            f"answered.** Wrong labels among {text.plural(result.num_images, 'image')}: "
            f"**{words_of(result.overall)}**, at 95 %"
        )
        if result.is_provisional:
            st.caption(
                f"Provisional: {text.number(result.num_waiting)} wait. What is corrected elsewhere "
                "comes sooner than what is right, so it can be too high until all are answered."
            )
        if result.overall.reason:
            st.caption(f"{result.overall.reason} Keep what is right, correct the others.")
        _show_limits(result)
        with st.expander("By class"):
            st.dataframe(
                [
                    {
                        "class": each.label_name,
                        "looks": each.result.num_looks,
                        "wrong (95 %)": words_of(each.result),
                        "why not known": each.result.reason,
                    }
                    for each in result.classes
                ],
                hide_index=True,
            )


def _show_limits(result: AuditResult) -> None:
    if result.num_gone:
        st.caption(
            f"{text.plural(result.num_gone, 'drawn image')} were removed, are other files now or "
            "lost their label with its class, and tell nothing."
        )
    if result.audit.num_left_out:
        st.caption(
            f"{text.plural(result.audit.num_left_out, 'labelled image')} had no score when it was "
            "drawn: nothing is said of them."
        )


def _show_judging(workspace: Workspace) -> None:
    job = queue.find_latest_job(workspace, kinds.LABEL_ISSUES.name)
    with workspace.database.read() as uow:
        state = uow.label_issues.find_state()
    with st.container(border=True, key="gallery_judging"):
        if job is not None and not job.status.is_finished():
            job_progress.watch(job.job_id)
            return
        if job is not None:
            job_progress.has_result(job)
        with st.container(horizontal=True, vertical_alignment="center"):
            if state is None:
                st.markdown("No label has been judged yet.", width="content")
            else:
                behind = history.latest_revision_id(workspace) - state.revision_id
                since = f", {text.plural(behind, 'change')} ago" if behind else ""
                st.markdown(
                    f"**{text.plural(state.num_judged, 'label')} judged** by "
                    f"{errors.literal(state.network)} at revision {state.revision_id}{since}",
                    width="content",
                )
            st.space("stretch")
            st.button(
                "Judge the labels" if state is None else "Judge again",
                key="gallery_judge",
                icon=":material/balance:",
                on_click=_judge,
                args=(workspace, session.actor()),
            )
            if state is not None and state.num_judged:
                st.button(
                    "How many are wrong?",
                    key="gallery_audit_start",
                    icon=":material/fact_check:",
                    help="Draws at most 200 images to look at, and tells the share of wrong labels "
                    "with an interval.",
                    on_click=_start_audit,
                    args=(workspace, session.actor()),
                )


def _judge(workspace: Workspace, actor: Actor) -> None:
    from forge_core.predictions import label_judging  # torch

    try:
        label_judging.submit(workspace, actor=actor)
    except ForgeError as error:
        errors.show(error)


def _start_audit(workspace: Workspace, actor: Actor) -> None:
    try:
        result = label_audits.start_audit(workspace, actor=actor)
    except ForgeError as error:
        errors.show(error)
        return
    filter_address.replace(result.query)
    st.query_params.update({review_task.PARAMETER: "audit", "view": "focus"})
