"""The live curves of a run: html, css and script, and the one function that pages call.

After the first drawing the browser fetches new epochs by itself from
the route `/runs/{id}/metrics`, so a growing curve reruns nothing and keeps its zoom.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from db.records import EpochRow
from forge_core.api import runs as run_routes
from forge_core.training.stages import Stage
from pages.components.javascript import scripts

HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "forge_live_chart",
    html=(HERE / "live_chart.html").read_text(encoding="utf-8"),
    css=(HERE / "live_chart.css").read_text(encoding="utf-8"),
    js=scripts.load(HERE / "live_chart.js"),
)


def show(
    *,
    run_id: int,
    attempt: str,
    is_finished: bool,
    stages: Sequence[Stage],
    total_epochs: int,
    epochs: Sequence[EpochRow],
    progress: Mapping[str, Any],
    workspace_id: str,
    token: str,
    on_token_asked: Callable[[], None],
) -> None:
    """Draw the curves, and the progress while the run is not finished.

    Args:
        run_id: The run.
        attempt: Changes when the run is resumed: what the browser knew is dropped. Empty while
            the run waits for its first process.
        is_finished: No more epochs will come, so the browser asks for none.
        stages: Of the run's config, for the stage marks.
        total_epochs: Of the run's config.
        epochs: Those that are known now, in order.
        progress: state, stage, epoch, step, steps, images_per_second, message, and what
            begins with eta_ of `RunProgress`.
        workspace_id: Names the routes.
        token: Token of the person for them.
        on_token_asked: Called when the browser's token has expired; the run of the page that
            follows passes a new one.
    """
    _mount(
        key=f"live-chart-{run_id}",
        data={
            "run_id": run_id,
            "attempt": attempt,
            "is_finished": is_finished,
            "stages": [{"name": stage.name, "epochs": stage.epochs} for stage in stages],
            "total_epochs": total_epochs,
            "epochs": [run_routes.shape_epoch(epoch) for epoch in epochs],
            "progress": dict(progress),
            "workspace": workspace_id,
            "token": token,
        },
        on_token_change=on_token_asked,
    )
