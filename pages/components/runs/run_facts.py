"""What a run was: its images, its config, where it ran, and its files."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from db.enums import CheckpointKind
from db.records import Run
from forge_core.errors import Conflict, ForgeError, NotFound
from forge_core.predictions.report import run_report
from forge_core.runs import environments, removal
from forge_core.runs.comparing import environment_words
from forge_core.runs.files import checkpoints
from forge_core.runs.starting import launch
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.words import data_time, glossary, text

SPLITS = ("train", "val", "test")
DELETING_KEY = "runs:deleting"
NOTICE_KEY = "runs:notice"
"""What the page says once after the next run."""


def show_downloads(workspace: Workspace, run: Run) -> None:
    """A button for each checkpoint that is there."""
    found = []
    for kind in CheckpointKind:
        try:
            found.append((kind, checkpoints.find_checkpoint(workspace, run.run_id, kind)))
        except NotFound:
            continue
        except Conflict as error:
            errors.show(error)
            return
    if not found:
        st.caption("No checkpoint was saved.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        for kind, file in found:
            st.download_button(
                f"Download {kind} checkpoint ({text.file_size(file.size_bytes)})",
                data=partial(_read_recorded, workspace, run.run_id, kind),
                file_name=f"run{run.run_id}-{kind}.safetensors",
                mime="application/octet-stream",
                icon=":material/download:",
                on_click="ignore",
                key=f"run_download_{kind}",
                help=glossary.SENTENCES["checkpoint"],
            )
        st.caption(
            "One safetensors file: the weights, a card, and a few answers by which it is checked "
            "that it answers as it did when it was saved. Nothing in it runs.",
        )


def _read_recorded(workspace: Workspace, run_id: int, kind: str) -> bytes:
    """The bytes of the checkpoint, which are those that the run recorded."""
    return checkpoints.checkpoint_path(workspace, run_id, kind).read_bytes()


def show_report(workspace: Workspace, run: Run) -> None:
    """A button for the run as one file that anybody can read."""
    st.download_button(
        "Download the report",
        data=lambda: run_report.write_report(workspace, run.run_id),
        file_name=f"run{run.run_id}.html",
        mime="text/html",
        icon=":material/description:",
        on_click="ignore",
        key="run_report",
        help="One HTML file: data, balance, issues, leaks, metrics, and how to repeat the run.",
    )


def show_images(workspace: Workspace, run: Run) -> None:
    """How many images of each class the run used, as of its revision."""
    with st.expander("Images", icon=":material/photo_library:", key=f"run_images_{run.run_id}"):
        st.caption(
            f"{text.capital(data_time.describe(workspace, run.revision_id))}: what was changed in "
            "the catalog later is not in this run.",
            help=data_time.hint(run.revision_id),
        )
        counts = {
            split: Counter(
                asset.label_name for asset in launch.run_assets(workspace, run.run_id, split)
            )
            for split in SPLITS
        }
        names = [*run.class_names]
        table = pd.DataFrame(
            {
                "Class": [*names, "all"],
                **{
                    split: [*(counts[split][name] for name in names), counts[split].total()]
                    for split in SPLITS
                },
            }
        )
        st.dataframe(table, hide_index=True, height="content" if len(table) < 14 else 460)


def show_config(run: Run) -> None:
    """Every choice of the run and what it ran on."""
    with st.expander(
        "Config and environment", icon=":material/tune:", key=f"run_config_{run.run_id}"
    ):
        left, right = st.columns(2, gap="large")
        with left:
            st.markdown("**Config**")
            _show_values(run.config)
        with right:
            st.markdown("**Environment**")
            if run.environment:
                rows = environments.as_rows(run.environment)
                shown = {
                    environment_words.title_of(name): environment_words.describe_value(name, value)
                    for name, value in rows.items()
                }
                _show_values({**shown, "Started by": run.author})
            else:
                st.caption("It is written when the run starts.")


def _show_values(values: Mapping[str, Any]) -> None:
    rows = [(name, "" if value is None else str(value)) for name, value in sorted(values.items())]
    table = pd.DataFrame(rows, columns=["Name", "Value"])
    st.dataframe(table, hide_index=True, height="content" if len(rows) < 40 else 800)


def ask_to_delete(run: Run) -> None:
    """Open the dialog in this and the following runs of the page, until it is answered."""
    st.session_state[DELETING_KEY] = run.run_id


def show_delete_dialog(workspace: Workspace, run: Run) -> None:
    """Draw the dialog while it is asked for."""
    if st.session_state.get(DELETING_KEY) == run.run_id:
        _confirm_delete(workspace, run)


def _forget_delete() -> None:
    st.session_state.pop(DELETING_KEY, None)


@st.dialog("Delete this run?", on_dismiss=_forget_delete)
@errors.guarded_page()
def _confirm_delete(workspace: Workspace, run: Run) -> None:
    """Say what is lost and what is freed, and delete when that is confirmed."""
    freed = text.file_size(removal.removal_preview(workspace, run.run_id))
    st.markdown(
        f"**Run {run.run_id}** with its curves, its report and its checkpoints will be gone; this "
        f"cannot be undone. It frees **{freed}**. The images and labels stay as they are."
    )
    former = removal.list_former_aliases(workspace, run.run_id)
    if former:
        names = ", ".join(errors.literal(name) for name in former)
        st.markdown(f"It has answered as **{names}**, and could not be rolled back to any more.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it", key="run_keep"):
            _forget_delete()
            st.rerun()
        if st.button("Delete it", type="primary", icon=":material/delete:", key="run_delete_sure"):
            try:
                deleted = removal.delete_run(workspace, run.run_id)
            except ForgeError as error:
                errors.show(error)
                return
            _forget_delete()
            st.session_state[NOTICE_KEY] = (
                f"Run {run.run_id} is deleted; {text.file_size(deleted.freed_bytes)} are free."
                + (f" {deleted.left} It stays as it is." if deleted.left else "")
            )
            del st.query_params["run"]
            st.rerun()
