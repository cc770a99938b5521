"""Look for shortcuts in an evaluation: measure its images, and ask the network of edited ones."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from db.enums import CheckpointKind
from db.records import AssetAsOf
from forge_core.errors import InvalidInput
from forge_core.evaluation.answers import Whole
from forge_core.evaluation.shortcuts import alarm
from forge_core.evaluation.shortcuts import cues as image_cues
from forge_core.evaluation.shortcuts.cues import Edit, ImageFacts
from forge_core.imaging import cues as pictures
from forge_core.inference.predictor import Predictor
from forge_core.predictions import (
    image_batches,
    image_parts,
    kept_evaluations,
    measured_images,
    network_outputs,
)
from forge_core.predictions.kept_evaluations import KeptEvaluation
from forge_core.predictions.network_outputs import NetworkOutputs
from forge_core.predictions.shortcuts import kept_shortcuts
from forge_core.predictions.shortcuts.kept_shortcuts import KeptShortcuts
from forge_core.progress import SILENT, Progress
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace


def look_for_shortcuts(
    workspace: Workspace,
    evaluation_id: int,
    device: str = "auto",
    *,
    seed: int = 0,
    progress: Progress = SILENT,
) -> KeptShortcuts:
    """Look for classes that are answered because of a cue, and keep what was found.

    Args:
        workspace: The workspace.
        evaluation_id: Whose answers are looked at.
        device: auto, cpu or cuda:N.
        seed: Which pictures are edited where there are many.
        progress: Told the images that are measured, then the cues; asked before each batch.

    Raises:
        NotFound: There is no such evaluation, or its checkpoint is gone.
        InvalidInput: The weights are others than those that were evaluated, or no image is left.
        CheckpointRejected: The checkpoint does not predict here as it did when it was saved.
        Cancelled: Nothing was kept.
    """
    kept = kept_evaluations.get(workspace, evaluation_id)
    network = _load(workspace, kept, device)
    assets, facts = _measure(workspace, kept, network, progress)
    answers = kept_evaluations.read_answers(workspace, evaluation_id)
    places = {asset_id: place for place, asset_id in enumerate(answers.asset_ids)}
    rows = np.array([places[asset.asset_id] for asset in assets], np.int64)
    cues = image_cues.list_cues(facts)

    def answer(chosen: Whole, edit: Edit) -> Whole:
        return _ask(workspace, network, [assets[place] for place in chosen.tolist()], edit)

    found = KeptShortcuts(
        num_images=len(assets),
        num_left_out=len(answers) - len(assets),
        num_cues=len(cues),
        shortcuts=alarm.find_shortcuts(
            answers.label_ids[rows],
            answers.predicted_ids[rows],
            cues,
            answer,
            seed=seed,
            progress=progress,
        ),
        class_names={label_id: kept.name_of(label_id) for label_id in kept.label_ids},
    )
    kept_shortcuts.keep(workspace, evaluation_id, found)
    return found


def _load(workspace: Workspace, kept: KeptEvaluation, device: str) -> NetworkOutputs:
    run_id = kept.summary.run_id
    path = checkpoints.checkpoint_path(workspace, run_id, CheckpointKind(kept.kind))
    predictor = Predictor.load(path, device)
    if predictor.loaded.sha256 != kept.summary.checkpoint_hash:
        raise InvalidInput(
            f"The {kept.kind} weights of run {run_id} are others than those of evaluation "
            f"{kept.evaluation_id}.",
            next_step="Evaluate them again, and look for shortcuts there.",
        )
    return network_outputs.read(workspace, predictor, kept.summary.revision_id)


def _measure(
    workspace: Workspace, kept: KeptEvaluation, network: NetworkOutputs, progress: Progress
) -> tuple[list[AssetAsOf], list[ImageFacts]]:
    """The images of the evaluation that are there and can be read, and what is known of each."""
    summary = kept.summary
    answered = set(kept_evaluations.read_answers(workspace, kept.evaluation_id).asset_ids)
    then = measured_images.read(workspace, summary.revision_id, summary.split).assets
    wanted = [asset for asset in then if asset.asset_id in answered]
    now = {
        asset.asset_id: asset
        for asset in image_parts.read_assets(workspace, [each.asset_id for each in wanted])
        if asset is not None
    }
    wanted = [asset for asset in wanted if asset.asset_id in now]
    assets: list[AssetAsOf] = []
    facts: list[ImageFacts] = []
    done = 0
    for batch in image_batches.read_batches(
        workspace,
        image_batches.in_batches(wanted),
        pictures.measure_cues,
        grey_window=network.predictor.card.eval_transform.grey_window,
    ):
        progress.check()
        for asset, found in batch.usable:
            own = now[asset.asset_id]
            assets.append(asset)
            facts.append(
                ImageFacts(
                    cues=found,
                    width=own.width,
                    height=own.height,
                    size_bytes=own.size_bytes,
                    source=own.source_dataset,
                )
            )
        done += len(batch.assets)
        progress.advance(done, len(wanted), f"{done:,} of {len(wanted):,} images")
    if not assets:
        raise InvalidInput(
            f"None of the images of evaluation {kept.evaluation_id} can be read any more.",
            next_step="Put the image files back, or evaluate another split.",
        )
    return assets, facts


def _ask(
    workspace: Workspace, network: NetworkOutputs, assets: list[AssetAsOf], edit: Edit
) -> Whole:
    transform = network.predictor.card.eval_transform

    def prepare(picture: Image.Image) -> Tensor:
        return transform(edit(picture))

    parts = []
    for batch in image_batches.read_batches(
        workspace,
        image_batches.in_batches(assets),
        prepare,
        grey_window=transform.grey_window,
    ):
        if batch.rejected:
            raise InvalidInput(
                f"{batch.rejected[0].source} changed while shortcuts were looked for.",
                next_step="Look for them again.",
            )
        parts.append(network.answer(torch.stack([inputs for _, inputs in batch.usable])))
    return np.concatenate(parts)
