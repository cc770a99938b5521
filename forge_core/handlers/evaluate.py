"""The job of kind `evaluate`: payload {"run_id", "split", "kind", "device"}."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from db.enums import CheckpointKind
from forge_core.jobs.context import JobContext
from forge_core.predictions import evaluation
from forge_core.training.inputs.image_sets import RejectedImage


def run(context: JobContext) -> Mapping[str, Any]:
    """Evaluate a checkpoint; a report of the best one is kept with the run.

    Raises:
        Cancelled: The job shall end; nothing was kept.
        ForgeError: What `evaluate_run` refuses.
    """
    payload = context.job.payload
    run_id, split, kind = int(payload["run_id"]), str(payload["split"]), str(payload["kind"])
    rejected: list[RejectedImage] = []
    report = evaluation.evaluate_run(
        context.workspace,
        run_id,
        split,
        kind,
        context.device or str(payload.get("device", "auto")),
        progress=context.progress(),
        on_rejected=rejected.append,
    )
    if kind == CheckpointKind.BEST:
        evaluation.keep_report(context.workspace, run_id, split, report)
    context.log(f"run {run_id} {kind} {split} accuracy {report.accuracy:.4f}")
    return {"report": report.to_dict(), "rejected": [asdict(problem) for problem in rejected]}
