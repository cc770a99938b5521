"""The job of kind `check_augmentation`: result {"risks": [...]}.

Its payload is from `augmentation_check.submit`.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from forge_core.augmentation.presets import AugmentationParameters
from forge_core.jobs.context import JobContext
from forge_core.predictions import augmentation_check


def run(context: JobContext) -> Mapping[str, Any]:
    """Check the augmentation.

    Raises:
        Cancelled: The job shall end.
        ForgeError: What `check_run` refuses.
    """
    risks = augmentation_check.check_run(
        context.workspace,
        int(context.job.payload["run_id"]),
        AugmentationParameters.from_dict(context.job.payload["parameters"]),
        device=context.device or "auto",
        progress=context.progress(counts_images=False),
    )
    return {"risks": [asdict(risk) for risk in risks]}
