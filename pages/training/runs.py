"""Runs: all of them in a table, and one of them live (`?run=12`)."""

import streamlit as st

from db.enums import RunStatus
from db.records import Run
from forge_core.catalog.listing import filter_fields
from forge_core.errors import ForgeError, InvalidInput
from forge_core.runs import pauses, records
from forge_core.runs.listing import marks, run_list, seed_rows
from forge_core.runs.listing.run_list import RunChoices
from forge_core.runs.starting import launch
from forge_core.workspace import Workspace
from pages.components import badges, empty_state, errors
from pages.components.frame import navigation, page_frame, session, workspace_address
from pages.components.runs import (
    alias_list,
    compare,
    glimpses,
    live,
    onnx_export,
    predictions,
    primary,
    run_facts,
    run_report,
    underfit,
    use_as,
)
from pages.components.runs.comparing import compare_page
from pages.components.runs.table import filter_bar, mark_bar, mark_line, run_table
from pages.components.seeds import group_view
from pages.components.words import data_time, relative_time, run_text, text

SHOWN_KEY = "runs:shown"
REFRESH_SECONDS = 4.0


def show() -> None:
    """Draw the table, or the run that the address names."""
    workspace = session.workspace()
    asked = st.query_params.get("run", "") or come_back()
    group = st.query_params.get(group_view.PARAMETER, "")
    if asked:
        st.session_state[SHOWN_KEY] = asked
        show_run(workspace, asked)
    elif compare_page.PARAMETER in st.query_params:
        compare_page.show(workspace, st.query_params[compare_page.PARAMETER])
    elif group:
        group_view.show(workspace, group)
    else:
        show_table(workspace)


def come_back() -> str:
    """The run that a door to the gallery was opened from.

    Leaving with new query parameters writes them into this page's address first, so the
    browser's Back arrives here with the gallery's.
    """
    left = str(st.session_state.get(SHOWN_KEY, ""))
    if left and set(filter_fields.FIELDS) & set(st.query_params):
        st.query_params.from_dict(workspace_address.named({"run": left}))
        return left
    return ""


def show_table(workspace: Workspace) -> None:
    """All runs; a click on one opens it."""
    choices = run_list.list_choices(workspace)
    if not choices.num_runs:
        page_frame.show_title("Runs")
        show_notice()
        empty_state.show(
            "No runs yet. A run trains a network on your labelled images.",
            icon="show_chart",
            choices=[
                empty_state.Choice(
                    "Train a network", lambda: navigation.go_to("train"), ":material/play_arrow:"
                )
            ],
            key="runs_empty",
        )
        return
    page_frame.show_title("Runs", action="New run", icon=":material/add:", to="train")
    show_notice()
    alias_list.show(workspace)
    show_rows(workspace, choices)


def show_rows(workspace: Workspace, choices: RunChoices) -> None:
    """The table with its filters; while a run goes on it refreshes by itself, with one query."""

    @st.fragment(run_every=REFRESH_SECONDS if choices.num_live else None)
    @errors.guarded_page()
    def draw() -> None:
        where = filter_bar.show(choices)
        page = run_list.read_page(workspace, where)
        filter_bar.show_count(page, where, choices)
        bar = st.container()
        rows = seed_rows.gather(page.rows, where.order)
        event = run_table.show(rows) if rows else None
        with bar:
            compared = mark_bar.show(workspace, event.ticked if event else [], choices)
        if compared is not None:
            workspace_address.put({compare_page.PARAMETER: compare_page.write(compared)})
            st.rerun(scope="app")
        if event and event.starred is not None:
            with errors.redrawing():
                marks.set_star(workspace, event.starred.ids, not event.starred.is_starred)
        if event and event.opened is not None:
            row = event.opened
            group = row.seed_group if row.members else None
            workspace_address.put({"run": row.run_id} if group is None else {"seeds": group})
            st.rerun(scope="app")

    draw()


def show_run(workspace: Workspace, asked: str) -> None:
    """One run, as far as it has come."""
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        page_frame.show_title("Runs", action="See all runs", to="runs")
        raise InvalidInput(
            f"The address names the run {asked[:40]!r}.", next_step="A run has a number."
        )
    try:
        run = records.get_run(workspace, int(asked))
    except ForgeError:
        page_frame.show_title("Runs", action="See all runs", to="runs")
        raise
    action, icon = primary_action(workspace, run)
    pressed = page_frame.show_title(run_text.title(run), action=action, icon=icon)
    is_paused = pauses.is_paused(workspace, run)
    show_line(workspace, run, is_paused=is_paused)
    mark_line.show(workspace, run.run_id)
    group_view.show_door(workspace, run.run_id)
    run_facts.show_delete_dialog(workspace, run)
    use_as.show_dialog(workspace, run)
    show_notice()
    if pressed:
        act(workspace, run)
    # Always one place, empty or not: what stands below keeps its own and is not drawn anew.
    with st.container():
        show_outcome(workspace, run, is_paused=is_paused)
        if run.status == RunStatus.SUCCEEDED:
            underfit.show(workspace, run)
    live.show_curves(workspace, run)
    live.watch(workspace, run)
    glimpses.show(workspace, run)
    if run.status.is_finished():
        if run.best_epoch:
            predictions.show(workspace, run)
        run_report.show(workspace, run)
        compare.show(workspace, run)
        run_facts.show_downloads(workspace, run)
        onnx_export.show(workspace, run)
        run_facts.show_report(workspace, run)
    live.show_log(workspace, run)
    run_facts.show_images(workspace, run)
    run_facts.show_config(run)


def primary_action(workspace: Workspace, run: Run) -> tuple[str, str]:
    """The verb and the icon of the page's one primary button for this state."""
    match run.status:
        case RunStatus.QUEUED:
            return "Take it out of the queue", ":material/stop_circle:"
        case RunStatus.RUNNING:
            return "Stop and keep the best", ":material/stop_circle:"
        case RunStatus.SUCCEEDED:
            return "Predict with it", ":material/center_focus_strong:"
        case _ if primary.needs_other_settings(workspace, run):
            return "Choose other settings", ":material/tune:"
        case _ if launch.can_resume(workspace, run.run_id):
            return "Resume", ":material/resume:"
        case _:
            return "Start it again", ":material/replay:"


def act(workspace: Workspace, run: Run) -> None:
    """Do what the primary button says."""
    match run.status:
        case RunStatus.QUEUED | RunStatus.RUNNING:
            with errors.redrawing():
                launch.cancel_run(workspace, run.run_id)
        case RunStatus.SUCCEEDED:
            navigation.go_to("predict", {"run": run.run_id})
        case _ if primary.needs_other_settings(workspace, run):
            primary.open_train_like(run)
        case _:
            with errors.redrawing():
                launch.resume_run(workspace, run.run_id, actor=session.actor())


def repeat(workspace: Workspace, run: Run) -> None:
    """Start the same run again and look at it."""
    try:
        again = launch.repeat_run(workspace, run.run_id, actor=session.actor())
    except ForgeError as error:
        errors.show(error)
        return
    query = {"run": again.run_id, "with": run.run_id}
    st.query_params.from_dict(workspace_address.named(query))
    st.rerun()


def show_line(workspace: Workspace, run: Run, *, is_paused: bool) -> None:
    """State, network, data and time in one line, and the quiet actions."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        badges.show_state("paused" if is_paused else run.status)
        alias_list.show_badges(workspace, run.run_id)
        facts = []
        seconds = run_text.seconds(run)
        if seconds is not None and run.status.is_finished():
            facts.append(text.duration(seconds))
        if run.device:
            facts.append(errors.literal(run.device))
        about = "".join(f" · {fact}" for fact in facts)
        st.markdown(f"{run_text.architecture(run)} :gray[{about}]", width="content")
        data_time.show(workspace, run.revision_id)
        relative_time.show(run.created_at)
        st.space("stretch")
        live.show_pause(workspace, run)
        if not run.status.is_finished():
            live.show_extend(workspace, run)
        if st.button("All runs", type="tertiary", icon=":material/list:", key="run_all"):
            st.query_params.pop(group_view.PARAMETER, None)
            del st.query_params["run"]
            st.rerun()
        if run.status.is_finished():
            use_as.show_button(workspace, run)
        if run.status.is_finished() and st.button(
            "Repeat",
            type="tertiary",
            icon=":material/repeat:",
            key="run_repeat",
            help="The same config on the same data: on this machine the same numbers.",
        ):
            repeat(workspace, run)
        if run.status.is_finished() and st.button(
            "Delete", type="tertiary", icon=":material/delete:", key="run_delete"
        ):
            run_facts.ask_to_delete(run)


def show_outcome(workspace: Workspace, run: Run, *, is_paused: bool) -> None:
    """What happened, in a sentence, with the next step."""
    match run.status:
        case RunStatus.SUCCEEDED:
            epoch = f", at epoch {run.best_epoch}" if run.best_epoch else ""
            with st.container(horizontal=True, vertical_alignment="center"):
                st.success(
                    f"Run {run.run_id} finished: {run_text.best(run)} validation accuracy{epoch}.",
                    icon=":material/check_circle:",
                )
                live.show_extend(workspace, run)
                if st.button("Train again", icon=":material/replay:", key="run_again"):
                    navigation.go_to("train")
        case RunStatus.INTERRUPTED if is_paused:
            st.info(
                f"{errors.literal(run.message)} It goes on after the last saved step, if there "
                "is one, as if there had been no pause.",
                icon=":material/pause_circle:",
            )
        case RunStatus.FAILED | RunStatus.INTERRUPTED:
            with st.container(horizontal=True, vertical_alignment="center"):
                draw = st.error if run.status == RunStatus.FAILED else st.warning
                draw(errors.literal(run.message) or "The run ended without a word.")
                if st.button("See log", icon=":material/terminal:", key="run_see_log"):
                    st.session_state[live.OPEN_LOG_KEY] = run.run_id
        case RunStatus.CANCELLED:
            kept = (
                f"Its best network, of epoch {run.best_epoch}, is kept." if run.best_epoch else ""
            )
            st.info(
                f"Stopped. {kept or 'Nothing was learned until then.'}", icon=":material/cancel:"
            )


def show_notice() -> None:
    """What the last action did, once."""
    notice = st.session_state.pop(run_facts.NOTICE_KEY, "")
    if notice:
        st.toast(notice, icon=":material/check:")


with errors.guarded_page():
    show()
