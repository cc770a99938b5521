"""The job of kind `import`: payload {"request_id": from `import_requests.save`}."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from forge_core.catalog.importing import import_requests, run_import
from forge_core.jobs.context import JobContext
from forge_core.people.actor import Actor

MAX_PROBLEMS_KEPT = 1_000


def run(context: JobContext) -> Mapping[str, Any]:
    """Import what the request names; the result is the `ImportReport` as JSON values.

    `skipped` holds the first thousand problems, `num_skipped` counts them all, and `num_by_reason`
    those of each reason.

    Raises:
        Cancelled: The job shall end; nothing was added.
        ForgeError: What `import_requests.load` and `run_import` refuse.
    """
    plan = import_requests.load(context.workspace, str(context.job.payload["request_id"]))
    context.log(f"importing {plan.num_images} images from {plan.source_dataset}")
    report = run_import.run_import(
        context.workspace, plan, actor=Actor(context.job.author), progress=context.progress()
    )
    context.log(f"added {report.added}, present {report.already_present}")
    values = asdict(report)
    return {
        **values,
        "skipped": values["skipped"][:MAX_PROBLEMS_KEPT],
        "num_skipped": len(report.skipped),
        "num_by_reason": Counter(problem.reason for problem in report.skipped),
    }
