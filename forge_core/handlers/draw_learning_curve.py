"""The job of kind `label_outlook`: result {"curve": ..., "architecture": ...}.

Its payload is from `label_learning_curve.submit`.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from forge_core.jobs.context import JobContext
from forge_core.predictions.labelling import label_learning_curve


def run(context: JobContext) -> Mapping[str, Any]:
    """Draw the learning curve.

    Raises:
        Cancelled: The job shall end.
        ForgeError: What `draw_curve` refuses.
    """
    architecture = str(context.job.payload["architecture"])
    curve = label_learning_curve.draw_curve(
        context.workspace,
        architecture=architecture,
        revision_id=context.job.payload.get("revision_id"),
        device=context.device or "auto",
        progress=context.progress(counts_images=False),
    )
    return {"curve": asdict(curve), "architecture": architecture}
