"""What a trained network says to the augmentation on the page: how often its answer changes."""

import pandas as pd
import streamlit as st

from db.records import Job
from forge_core.augmentation.presets import AugmentationParameters
from forge_core.evaluation.augmentation_risk import ALL_TOGETHER, AugmentationRisk
from forge_core.predictions import augmentation_check
from forge_core.runs import records
from forge_core.workspace import Workspace
from pages.components import errors, job_progress
from pages.components.frame import session
from pages.components.words import run_text, text

RUN_KEY = "augmentation:risk_run"
NOTEWORTHY = 0.2
"""From this share of changed answers a part is named in words."""
PART_WORDS = {
    "crop": "Crop",
    "rotation": "Rotation",
    "horizontal_flip": "Horizontal flip",
    "vertical_flip": "Vertical flip",
    "greyscale": "Greyscale",
    "brightness": "Brightness",
    "contrast": "Contrast",
    "saturation": "Saturation",
    "hue": "Hue",
    "erasing": "Erasing",
    ALL_TOGETHER: "All together",
}


def show(workspace: Workspace, parameters: AugmentationParameters) -> None:
    """Draw the choice of a run, the button, and what the newest check of these numbers found."""
    usable = records.list_usable_runs(workspace)
    if not usable:
        st.caption("Train a run first: its network is then asked how it takes each augmentation.")
        return
    st.caption(
        "Validation images of a run, each augmented in one way at a time: how often does its "
        "network change its answer?"
    )
    titles = {run.run_id: run_text.title(run) for run in usable}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run_id = st.selectbox(
            "Run", list(titles), format_func=titles.__getitem__, key=RUN_KEY, width=320
        )
        job = augmentation_check.find_job(workspace, run_id, parameters)
        is_active = job is not None and not job.status.is_finished()
        pressed = st.button(
            "Check again" if job is not None and not is_active else "Check",
            key="augmentation:risk",
            disabled=is_active,
        )
    if pressed:
        with errors.redrawing():
            augmentation_check.submit(workspace, run_id, parameters, actor=session.actor())
        return
    if job is None:
        return
    if job_progress.has_result(job):
        _show_outcome(job)


def _show_outcome(job: Job) -> None:
    risks = augmentation_check.read_result(job)
    for sentence in describe(risks):
        st.markdown(errors.literal(sentence))
    st.dataframe(
        pd.DataFrame(
            {
                "Augmentation": [PART_WORDS[risk.part] for risk in risks],
                "In use": [risk.is_used for risk in risks],
                "Answer changes": [100 * risk.share_changed for risk in risks],
                "Between": [_interval(risk) for risk in risks],
                "Right before, wrong after": [risk.num_spoilt for risk in risks],
            }
        ),
        hide_index=True,
        height="content",
        column_config={
            "In use": st.column_config.CheckboxColumn(
                help="Whether the numbers on this page have it; the others are asked anyway"
            ),
            "Answer changes": st.column_config.ProgressColumn(
                format="%.0f %%", min_value=0, max_value=100
            ),
            "Between": st.column_config.TextColumn(help="95 % interval of that share"),
        },
    )


def describe(risks: list[AugmentationRisk]) -> list[str]:
    """What the numbers mean, in sentences."""
    number = text.plural(risks[0].num_images, "validation image")
    strong = [
        risk for risk in risks if risk.part != ALL_TOGETHER and risk.share_changed >= NOTEWORTHY
    ]
    if not strong:
        return [f"No part changes the answer for more than a fifth of {number}."]
    named = ", ".join(
        f"{PART_WORDS[risk.part].lower()} ({text.percent(risk.share_changed, 0)})"
        for risk in strong
    )
    found = [f"Of {number}, these change the answer often: {named}."]
    if any(risk.is_used for risk in strong):
        found.append(
            "Either they turn one class into another, then take them out; or the network never "
            "saw them, then training with them may help. Look at the pictures above to tell."
        )
    if any(not risk.is_used for risk in strong):
        found.append("What is not in use here stays out unless your images really vary so.")
    return found


def _interval(risk: AugmentationRisk) -> str:
    return text.interval(risk.changed_interval, 0)
