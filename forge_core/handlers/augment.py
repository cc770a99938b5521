"""The job of kind `augment`: payload from `make_payload`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from db.records import AssetFilter
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import AugmentationParameters
from forge_core.jobs.context import JobContext
from forge_core.people.actor import Actor
from forge_core.runs import augmented_copies
from forge_core.runs.augmented_copies import CopyPlan

MAX_PROBLEMS_KEPT = 1_000


def make_payload(plan: CopyPlan) -> dict[str, Any]:
    """The plan as JSON values; `read_payload` reads it back."""
    return {
        "where": asdict(plan.where),
        "parameters": plan.parameters.to_dict(),
        "transform": plan.transform.to_dict(),
        "copies_per_image": plan.copies_per_image,
        "seed": plan.seed,
    }


def read_payload(payload: Mapping[str, Any]) -> CopyPlan:
    """The plan of a payload."""
    return CopyPlan(
        where=AssetFilter(**payload["where"]),
        parameters=AugmentationParameters.from_dict(payload["parameters"]),
        transform=EvalTransform.from_dict(payload["transform"]),
        copies_per_image=payload["copies_per_image"],
        seed=payload["seed"],
    )


def run(context: JobContext) -> Mapping[str, Any]:
    """Write the copies; the result is the `CopyReport` as JSON values.

    `left_out` holds the first thousand problems, `num_left_out` counts them all.

    Raises:
        Cancelled: The job shall end; nothing was added.
        ForgeError: What `write_copies` refuses.
    """
    plan = read_payload(context.job.payload)
    report = augmented_copies.write_copies(
        context.workspace, plan, actor=Actor(context.job.author), progress=context.progress()
    )
    context.log(f"added {report.added} copies, present {report.already_present}")
    values = asdict(report)
    return {
        **values,
        "left_out": values["left_out"][:MAX_PROBLEMS_KEPT],
        "num_left_out": len(report.left_out),
    }
