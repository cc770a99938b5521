"""The job of kind `shortcuts`: payload {"evaluation_id"}; what is found is kept with it."""

from collections.abc import Mapping
from typing import Any

from forge_core.jobs.context import JobContext
from forge_core.predictions.shortcuts import looking


def run(context: JobContext) -> Mapping[str, Any]:
    """Look for shortcuts in an evaluation.

    Raises:
        Cancelled: The job shall end; nothing was kept.
        ForgeError: What `look_for_shortcuts` refuses.
    """
    found = looking.look_for_shortcuts(
        context.workspace,
        int(context.job.payload["evaluation_id"]),
        context.device or "auto",
        progress=context.progress(),
    )
    for line in found.lines():
        context.log(line)
    return {"num_alarms": len(found.alarms), "num_images": found.num_images}
