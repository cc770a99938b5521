"""The job of kind `score`: payload {"run_id", "split", "only_new", "after", "device"}."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from forge_core.jobs.context import JobContext
from forge_core.predictions import scoring
from forge_core.training.inputs.image_sets import RejectedImage


def run(context: JobContext) -> Mapping[str, Any]:
    """Score images with a run's best checkpoint; the result is the `ScoringReport`.

    Raises:
        Cancelled: The job shall end; what was scored is kept.
        ForgeError: What `score_run` refuses.
    """
    payload = context.job.payload

    def tell_rejected(problem: RejectedImage) -> None:
        context.log(f"left out {problem.source}: {problem.message}")

    report = scoring.score_run(
        context.workspace,
        int(payload["run_id"]),
        split=payload.get("split"),
        only_new=bool(payload.get("only_new", True)),
        device=context.device or str(payload.get("device", "auto")),
        after=uuid.UUID(payload["after"]) if payload.get("after") else None,
        write=context.write,
        progress=context.progress(),
        on_rejected=tell_rejected,
    )
    if report.num_restored:
        context.log(
            f"class probabilities of {report.num_restored} scored images were not there whole; "
            "they were computed again"
        )
    context.log(f"run {report.run_id} scored {report.num_scored}, left out {report.num_rejected}")
    return asdict(report)
