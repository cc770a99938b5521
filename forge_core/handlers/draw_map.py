"""The job of kind `map`: payload {"network", "again"}; see `embeddings.maps.drawing`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from forge_core.jobs.context import JobContext
from forge_core.predictions.embeddings import networks
from forge_core.predictions.embeddings.maps import drawing


def run(context: JobContext) -> Mapping[str, Any]:
    """Draw the map of the catalog; the result is the `MapReport`.

    Raises:
        Cancelled: The job shall end; the map is as it was.
        ForgeError: What `draw_map` refuses.
    """
    payload = context.job.payload
    report = drawing.draw_map(
        context.workspace,
        networks.parse(str(payload["network"])),
        again=bool(payload.get("again")),
        device=context.device or "auto",
        progress=context.progress(counts_images=False),
    )
    context.log(
        f"{report.network} placed {report.num_placed} images, {report.num_missing} without a "
        f"place, {'a new layout' if report.is_new else 'in the layout that was there'}"
    )
    return asdict(report)
