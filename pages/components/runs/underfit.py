"""What keeps a finished run from learning its images, and the same run with a larger network."""

from dataclasses import replace

import streamlit as st

from db.records import Run
from forge_core.errors import ForgeError
from forge_core.models.architectures import ARCHITECTURES
from forge_core.runs import records
from forge_core.runs.starting import launch, readiness
from forge_core.training.config import TrainConfig
from forge_core.training.diagnostics import underfitting
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.frame import session, workspace_address


def show(workspace: Workspace, run: Run) -> None:
    """Say it where it is so; nothing otherwise."""
    config = TrainConfig.from_dict(dict(run.config))
    found = underfitting.find(
        records.run_progress(workspace, run.run_id).epochs,
        records.reports_of(run).get("val"),
        config,
        image_side=readiness.median_short_side(workspace),
    )
    if found is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(errors.literal(found.message), icon=":material/trending_flat:")
        larger = underfitting.find_larger(config)
        if larger is not None and st.button(
            "Same run, larger network",
            icon=":material/open_in_full:",
            key="run_larger",
            help=f"{ARCHITECTURES[larger].title} on the same images, all else alike.",
        ):
            _start(workspace, run, replace(config, architecture=larger))


def _start(workspace: Workspace, run: Run, config: TrainConfig) -> None:
    name = f"{run.run_id}, larger"
    try:
        started = launch.repeat_run(
            workspace, run.run_id, actor=session.actor(), name=name, config=config
        )
    except ForgeError as error:
        errors.show(error)
        return
    query = {"run": started.run_id, "with": run.run_id}
    st.query_params.from_dict(workspace_address.named(query))
    st.rerun()
