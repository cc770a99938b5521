"""The job of kind `label_issues`: payload {"network"}, as `embeddings.networks.parse` reads it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from forge_core.jobs.context import JobContext
from forge_core.predictions import label_judging
from forge_core.predictions.embeddings import networks


def run(context: JobContext) -> Mapping[str, Any]:
    """Judge every label; the result is the `JudgingReport`.

    Raises:
        Cancelled: The job shall end; the scores are as they were.
        ForgeError: What `judge_labels` refuses.
    """
    report = label_judging.judge_labels(
        context.workspace,
        networks.parse(str(context.job.payload["network"])),
        device=context.device or "auto",
        write=context.write,
        progress=context.progress(counts_images=False),
    )
    context.log(
        f"{report.network} judged {report.num_judged} labels of revision {report.revision_id}, "
        f"{report.num_suspect} look wrong, {report.num_unjudged} could not be judged"
    )
    return asdict(report)
