"""The job of kind `evaluate`: payload {"run_id", "split", "kind", "device"}."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from forge_core.jobs.context import JobContext, JobStopped
from forge_core.predictions import evaluating
from forge_core.training.pixels.pack import RejectedImage


def run(context: JobContext) -> Mapping[str, Any]:
    """Evaluate a checkpoint; a report of the best one is kept with the run.

    Raises:
        JobStopped: The job shall end; nothing was kept.
        ForgeError: What `evaluate_run` refuses.
    """
    payload = context.job.payload
    run_id, split, kind = int(payload["run_id"]), str(payload["split"]), str(payload["kind"])
    rejected: list[RejectedImage] = []

    def tell(done: int, total: int) -> None:
        context.set_progress(
            fraction=done / total, message=f"{done:,} of {total:,} images", done=done, total=total
        )

    try:
        report = evaluating.evaluate_run(
            context.workspace,
            run_id,
            split,
            kind,
            str(payload.get("device", "auto")),
            progress=tell,
            cancelled=context.should_stop,
            on_rejected=rejected.append,
        )
    except evaluating.EvaluationCancelled:
        raise JobStopped from None
    if kind == "best":
        evaluating.keep_report(context.workspace, run_id, split, report)
    context.log(f"run {run_id} {kind} {split} accuracy {report.accuracy:.4f}")
    return {"report": report.to_dict(), "rejected": [asdict(problem) for problem in rejected]}
