"""What would help a run that failed, where going on would only fail again."""

import streamlit as st

from db.enums import RunStatus
from db.records import Run
from forge_core.runs import records
from forge_core.workspace import Workspace
from pages.components.frame import navigation
from pages.components.train.chosen import ARCHITECTURE_KEY

OF_THE_SETTINGS = ("WeightsUnavailable", "TrainingFailed", "NotFinite", "InvalidInput")
"""Errors that the same settings meet again: weights that are missing, numbers that overflow, memory
that does not suffice."""


def needs_other_settings(workspace: Workspace, run: Run) -> bool:
    """Whether the run failed of something that its settings decide."""
    if run.status != RunStatus.FAILED:
        return False
    job = records.find_job(workspace, run.run_id)
    return job is not None and job.error is not None and job.error.kind in OF_THE_SETTINGS


def open_train_like(run: Run) -> None:
    """Train with the run's network, where its weights are missing with the two ways out of that."""
    st.session_state[ARCHITECTURE_KEY] = str(run.config["architecture"])
    navigation.go_to("train")
