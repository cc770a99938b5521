"""The job of kind `measure`: no payload; the result is the `MeasuringReport`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from forge_core.catalog.quality import image_issues
from forge_core.jobs.context import JobContext


def run(context: JobContext) -> Mapping[str, Any]:
    """Measure the pictures that were not measured yet.

    Raises:
        Cancelled: The job shall end; what was measured is kept.
    """
    report = image_issues.measure_images(context.workspace, progress=context.progress())
    context.log(f"measured {report.num_measured}, could not read {report.num_failed}")
    return asdict(report)
