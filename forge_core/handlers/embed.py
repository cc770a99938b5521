"""The job of kind `embed`: payload {"network"}, as `embeddings.networks.parse` reads it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from forge_core.jobs.context import JobContext
from forge_core.predictions.embeddings import computing, networks
from forge_core.training.inputs.image_sets import RejectedImage


def run(context: JobContext) -> Mapping[str, Any]:
    """Embed the images that have no vector yet; the result is the `EmbeddingReport`.

    Raises:
        Cancelled: The job shall end; what was embedded is kept.
        ForgeError: What `embed_catalog` refuses.
    """

    def tell_rejected(problem: RejectedImage) -> None:
        context.log(f"left out {problem.source}: {problem.message}")

    report = computing.embed_catalog(
        context.workspace,
        networks.parse(str(context.job.payload["network"])),
        device=context.device or "auto",
        progress=context.progress(),
        on_rejected=tell_rejected,
    )
    context.log(
        f"{report.network.words} embedded {report.num_computed} of {report.num_images} images, "
        f"left out {report.num_rejected}"
    )
    return asdict(report)
