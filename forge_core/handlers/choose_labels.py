"""The job of kind `label_next`: payload from `next_labels.submit`, result read by `read_result`."""

from collections.abc import Mapping
from typing import Any

from forge_core.jobs.context import JobContext
from forge_core.people.actor import Actor
from forge_core.predictions.labelling import next_labels


def run(context: JobContext) -> Mapping[str, Any]:
    """Choose the images to label next and ask for their labels.

    Raises:
        Cancelled: The job shall end; what was asked for before stays.
        ForgeError: What `choose_next` refuses.
    """
    payload = context.job.payload
    found = next_labels.choose_next(
        context.workspace,
        int(payload["number"]),
        way=next_labels.Way(payload["way"]),
        actor=Actor(str(payload["actor"])),
        device=context.device or "auto",
        progress=context.progress(counts_images=False),
    )
    return found.as_json()
