"""Ask a run's network how it takes an augmentation, on its own validation images.

`submit` makes the payload of the job, `handlers.check_augmentation` runs it, `read_result` reads
what it found.
"""

from typing import Any

from torch import Tensor

from db.enums import Split
from db.records import Job
from forge_core.augmentation.presets import AugmentationParameters
from forge_core.errors import InvalidInput
from forge_core.evaluation import augmentation_risk
from forge_core.evaluation.augmentation_risk import AugmentationRisk
from forge_core.inference.predictor import Predictor
from forge_core.jobs import kinds, queue
from forge_core.people.actor import Actor
from forge_core.predictions import image_batches
from forge_core.progress import SILENT, Progress
from forge_core.runs.files import checkpoints
from forge_core.runs.starting import launch
from forge_core.workspace import Workspace

KIND = kinds.CHECK_AUGMENTATION.name
DEFAULT_IMAGES = 200
MAX_IMAGES = 5_000


def check_run(
    workspace: Workspace,
    run_id: int,
    parameters: AugmentationParameters,
    *,
    num_images: int = DEFAULT_IMAGES,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = SILENT,
) -> list[AugmentationRisk]:
    """How often the run's best network changes its answer under each part of an augmentation.

    Args:
        workspace: The workspace.
        run_id: The run; its validation images are asked, in an order by chance.
        parameters: What is checked.
        num_images: At most so many images, 1 to 5,000.
        seed: The same seed augments alike.
        device: auto, cpu or cuda:N.
        progress: Told the looks at an image over all parts; asked before each batch of them.

    Raises:
        NotFound: There is no such run or checkpoint.
        InvalidInput: The number is out of range, or no validation image can be read.
        CheckpointRejected: The checkpoint does not predict here as it did when it was saved.
        Cancelled: Nothing is answered.
    """
    if not 1 <= num_images <= MAX_IMAGES:
        raise InvalidInput(
            f"Cannot check on {num_images} images.", next_step=f"Choose 1 to {MAX_IMAGES:,}."
        )
    predictor = Predictor.load(checkpoints.checkpoint_path(workspace, run_id), device)
    positions = {label_id: place for place, label_id in enumerate(predictor.card.label_ids)}
    assets = [
        asset
        for asset in launch.list_labelled(workspace, run_id, Split.VAL)
        if asset.label_id in positions
    ]
    assets.sort(key=lambda asset: asset.content_hash)  # a hash is as good as a shuffle
    pixels: list[Tensor] = []
    labels: list[int] = []
    batches = image_batches.in_batches(assets)
    transform = predictor.card.eval_transform
    for batch in image_batches.read_batches(
        workspace, batches, transform.resize_image, grey_window=transform.grey_window
    ):
        progress.check()
        for asset, image in batch.usable[: num_images - len(pixels)]:
            pixels.append(image)
            labels.append(positions[asset.label_id or 0])
        if len(pixels) == num_images:
            break
    if not pixels:
        raise InvalidInput(
            f"None of the {len(assets):,} validation images of run {run_id} can be read.",
            next_step="Put the image files back, or choose another run.",
        )
    return augmentation_risk.check_risk(
        predictor.logits_of_inputs,
        predictor.card.eval_transform,
        pixels,
        labels,
        parameters,
        seed=seed,
        progress=progress,
    )


def submit(
    workspace: Workspace, run_id: int, parameters: AugmentationParameters, *, actor: Actor
) -> Job:
    """Check in the background; `find_result` gives the answer.

    Raises:
        NotFound: There is no such run or checkpoint.
    """
    checkpoints.find_checkpoint(workspace, run_id)
    payload = _asked(run_id, parameters)
    title = f"Check the augmentation with run {run_id}"
    return queue.submit(workspace, KIND, title, payload, actor=actor, run_id=run_id, asked=payload)


def find_job(workspace: Workspace, run_id: int, parameters: AugmentationParameters) -> Job | None:
    """The newest check of exactly these numbers with this run, in whatever state, or None."""
    return queue.find_latest_job(workspace, KIND, asked=_asked(run_id, parameters))


def read_result(job: Job) -> list[AugmentationRisk]:
    """The risks that a finished job found."""
    return [
        AugmentationRisk(**{**values, "changed_interval": tuple(values["changed_interval"])})
        for values in (job.result or {}).get("risks", [])
    ]


def _asked(run_id: int, parameters: AugmentationParameters) -> dict[str, Any]:
    return {"run_id": run_id, "parameters": parameters.to_dict()}
