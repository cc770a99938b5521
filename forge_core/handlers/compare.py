"""The job of kind `compare`: payload {"network"}, as `embeddings.networks.parse` reads it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from forge_core.jobs.context import JobContext
from forge_core.predictions.embeddings import networks
from forge_core.predictions.embeddings.nearness import comparing


def run(context: JobContext) -> Mapping[str, Any]:
    """Compare every image with all others; the result is the `ComparisonReport`.

    Raises:
        Cancelled: The job shall end; what was kept before stays.
        ForgeError: What `compare_images` refuses.
    """
    report = comparing.compare_images(
        context.workspace,
        networks.parse(str(context.job.payload["network"])),
        device=context.device or "auto",
        write=context.write,
        progress=context.progress(counts_images=False),
    )
    context.log(
        f"{report.network} compared {report.num_compared} images of revision {report.revision_id}, "
        f"left out {report.num_missing}"
    )
    return asdict(report)
