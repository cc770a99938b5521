"""The job of kind `evaluate`: payload {"run_id", "split", "kind", "device", "revision_id"}."""

from collections.abc import Mapping
from typing import Any

from forge_core.jobs.context import JobContext
from forge_core.people.actor import Actor
from forge_core.predictions import evaluation
from forge_core.training.inputs.image_sets import RejectedImage

MAX_LOGGED = 100


def run(context: JobContext) -> Mapping[str, Any]:
    """Evaluate a checkpoint, and keep the report and what was answered for each image.

    Raises:
        Cancelled: The job shall end; nothing was kept.
        ForgeError: What `measure_run` refuses.
    """
    payload = context.job.payload
    run_id, split, kind = int(payload["run_id"]), str(payload["split"]), str(payload["kind"])
    revision_id = payload.get("revision_id")
    logged = 0

    def log_rejected(problem: RejectedImage) -> None:
        nonlocal logged
        logged += 1
        if logged <= MAX_LOGGED:
            context.log(f"left out {problem.source}: {problem.message}")

    evaluation_id, measured = evaluation.evaluate_and_keep(
        context.workspace,
        run_id,
        split,
        kind,
        context.device or str(payload.get("device", "auto")),
        actor=Actor(context.job.author),
        revision_id=None if revision_id is None else int(revision_id),
        progress=context.progress(),
        on_rejected=log_rejected,
    )
    report = measured.report
    context.log(f"run {run_id} {kind} {split} accuracy {report.accuracy:.4f}")
    return {
        "evaluation_id": evaluation_id,
        "accuracy": report.accuracy,
        "num_images": report.num_images,
        "num_rejected": measured.left_out.num_rejected,
    }
