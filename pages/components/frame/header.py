"""The line above every page: workspace, totals, running jobs, person."""

import streamlit as st

from db.boxes import JobProgress
from forge_core.catalog.listing import asset_list
from forge_core.jobs import queue
from forge_core.people.actor import MAX_NAME_CHARACTERS
from pages.components import badges, errors
from pages.components.frame import navigation, session, workspace_address
from pages.components.notices import desktop
from pages.components.words import text

REFRESH_SECONDS = 4


def show() -> None:
    """Draw the line; its figures refresh by themselves."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="header"):
        _show_figures()
        _show_person()


@st.fragment(run_every=REFRESH_SECONDS)
@errors.guarded_page()
def _show_figures() -> None:
    workspace = session.workspace()
    totals = asset_list.totals(workspace)
    figures = [text.plural(totals.images, "image")]
    if totals.unlabelled:
        figures.append(f"{text.number(totals.unlabelled)} unlabelled")
    if totals.augmented:
        figures.append(text.plural(totals.augmented, "augmented copy", "augmented copies"))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown(f"**{_plain(workspace.name)}**", width="content")
        st.markdown(f":gray[{', '.join(figures)}]", width="content")
        _show_jobs()
    desktop.watch(workspace)


def _show_jobs() -> None:
    jobs = queue.list_active_jobs(session.workspace())
    if not jobs:
        return
    with st.popover(
        text.plural(len(jobs), "job"), icon=":material/progress_activity:", type="tertiary"
    ):
        for job in jobs:
            with st.container(horizontal=True, vertical_alignment="center"):
                badges.show_state(job.status)
                st.markdown(_plain(job.title), width="stretch")
                runs_page = navigation.find_page("runs")
                if job.run_id is not None and runs_page is not None:
                    query = workspace_address.named({"run": job.run_id})
                    st.page_link(runs_page.file, label="Open", query_params=query)
                if job.is_ending():
                    st.markdown(":gray[stopping]", width="content")
                elif st.button("Cancel", key=f"header_cancel_{job.job_id}", type="tertiary"):
                    with errors.redrawing("fragment"):
                        queue.request_cancel(session.workspace(), job.job_id)
            told = job.progress or JobProgress()
            if told.fraction is not None:
                left = told.eta_seconds
                words = None if left is None else f"{text.duration(left)} left"
                st.progress(min(1.0, max(0.0, told.fraction)), words)


def _show_person() -> None:
    with st.popover(
        session.actor().name, icon=":material/person:", type="tertiary", help="Who you are here"
    ):
        st.text_input(
            "Your name in the history",
            value=session.actor().name,
            max_chars=MAX_NAME_CHARACTERS,
            key=session.NAME_KEY,
            help="Changes you make are kept under this name. FORGE_USER sets it for good.",
        )


def _plain(text: str) -> str:
    return errors.literal(text)
