"""The job of kind `drift`: payload {"days"}; the report is kept for the page."""

from collections.abc import Mapping
from typing import Any

from forge_core.drift import kept_reports
from forge_core.jobs.context import JobContext


def run(context: JobContext) -> Mapping[str, Any]:
    """Judge the traffic that is logged in the workspace.

    Raises:
        Cancelled: The job shall end; nothing was kept.
        ForgeError: What `kept_reports.look` refuses.
    """
    report = kept_reports.look(
        context.workspace,
        days=context.job.payload.get("days"),
        device=context.device or "auto",
        progress=context.progress(),
    )
    context.log(report.sentence)
    return {"verdict": str(report.verdict), "num_answers": report.num_answers}
