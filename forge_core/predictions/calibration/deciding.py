"""A checkpoint that gives three answers: its lines are chosen on the run's validation images."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from db.enums import CheckpointKind, Split
from db.records import AssetAsOf
from forge_core.errors import InvalidInput
from forge_core.evaluation import calibration
from forge_core.evaluation.answers import Floats, Whole
from forge_core.evaluation.three_answers import familiar_images, promise
from forge_core.inference.predictor import Predictor
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint
from forge_core.models.checkpoints.decision_rule import DecisionRule
from forge_core.models.checkpoints.familiarity import Familiarity
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.predictions import image_batches, measured_images, trained_images
from forge_core.progress import SILENT, Progress
from forge_core.runs import records
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace

MAX_LEARNT = 2_000
"""Training images, drawn at random, from which it is learnt what familiar ones look like."""
MAX_CALIBRATED = 20_000
"""Validation images, drawn at random, on which the lines are chosen."""
MAX_LEFT_OUT = 10
"""Classes that are left out, one after the other, to see whether their images would be told."""


@dataclass(frozen=True, kw_only=True)
class DecidingCheckpoint:
    """A run's checkpoint with a rule, not written yet."""

    loaded: LoadedCheckpoint
    card: ModelCard
    """Of the copy, with temperature and rule."""
    rule: DecisionRule
    known: Familiarity | None
    left_out: float | None
    """How often an image of a class that is left out lies farther from the others than their own
    validation images, mean over the classes: 0.5 is chance, 1 always. None where that cannot be
    measured."""
    note: str
    """Why nothing will be called unfamiliar; empty where that can be told."""


@dataclass(frozen=True)
class Seen:
    """What a network makes of N images."""

    features: Tensor
    """(N, F)."""
    logits: Tensor
    """(N, K)."""
    places: Whole
    """(N,) output of each image's class."""


def calibrate(
    workspace: Workspace,
    run_id: int,
    kind: str = CheckpointKind.BEST,
    *,
    max_error: float,
    certainty: float = promise.CERTAINTY,
    device: str = "auto",
    progress: Progress = SILENT,
) -> DecidingCheckpoint:
    """Choose the lines between the three answers for a run's checkpoint.

    The validation images are those of the run's revision that it was not trained on. Its epoch was
    chosen on them too, so that they are a little too kind to it; the promise is about images drawn
    as they were.

    Args:
        workspace: The workspace.
        run_id: The run.
        kind: best or last.
        max_error: The promise: at most this share of the accepted answers is wrong, 0 to 1.
        certainty: How sure it is, 0.5 to 1.
        device: auto, cpu or cuda:N.
        progress: Told the images done; asked before each batch.

    Raises:
        NotFound: There is no such run or checkpoint.
        InvalidInput: That cannot be promised with these images; it says what can.
        CheckpointRejected: The checkpoint does not predict here as it did when it was saved.
        Cancelled: Nothing was kept.
    """
    promise.check(max_error, certainty)
    path = checkpoints.checkpoint_path(workspace, run_id, kind)
    predictor = Predictor.load(path, device)
    revision_id = records.get_run(workspace, run_id).revision_id
    trained = trained_images.read_hashes(workspace, run_id)
    val = [
        asset
        for asset in draw(workspace, predictor, revision_id, Split.VAL, MAX_CALIBRATED)
        if not trained_images.holds(trained, asset.content_hash)
    ]
    _check_enough(len(val), max_error, certainty)
    learnt_from = draw(workspace, predictor, revision_id, Split.TRAIN, MAX_LEARNT)
    total = len(val) + len(learnt_from)
    judged = look(workspace, predictor, val, 0, total, progress)
    learnt = look(workspace, predictor, learnt_from, len(val), total, progress)
    return _decide(predictor, learnt, judged, max_error, certainty)


def _decide(
    predictor: Predictor, learnt: Seen, judged: Seen, max_error: float, certainty: float
) -> DecidingCheckpoint:
    known, note = _learn(learnt)
    farthest, left_out = None, None
    is_familiar = np.ones(len(judged.places), dtype=np.bool_)
    if known is not None:
        distances = _distances(known, judged.features)
        farthest = familiar_images.find_distance(distances)
        if farthest > 0:
            is_familiar = distances < farthest
            left_out = _leave_out(learnt, judged)
        else:
            known, farthest = None, None
            note = "all images are alike to the network."
    scores = judged.logits.double().numpy()
    fitted = calibration.fit_temperature(scores, judged.places)
    temperature = predictor.card.temperature if fitted is None else fitted.value
    confidence = calibrated_confidence(judged.logits, temperature)
    is_right = scores.argmax(axis=1) == judged.places
    line = promise.find_line(
        confidence, is_right, is_familiar, max_error=max_error, certainty=certainty
    )
    if line is None:
        smallest = promise.smallest_error(confidence, is_right, is_familiar, certainty)
        raise _no_promise(len(confidence), max_error, certainty, smallest)
    rule = DecisionRule(
        min_confidence=line.min_confidence,
        max_distance=farthest,
        max_error=max_error,
        certainty=certainty,
        num_images=line.num_images,
        num_accepted=line.num_accepted,
        num_wrong=line.num_wrong,
        num_unfamiliar=int((~is_familiar).sum()),
    )
    card = replace(predictor.card, temperature=temperature, decision_rule=rule)
    return DecidingCheckpoint(
        loaded=predictor.loaded, card=card, rule=rule, known=known, left_out=left_out, note=note
    )


def calibrated_confidence(logits: Tensor, temperature: float) -> Floats:
    """(N,) probabilities of the first classes, computed in float32 as answers are."""
    highest = (logits / temperature).softmax(dim=1).amax(dim=1)
    found: Floats = highest.double().numpy()
    return found


def draw(
    workspace: Workspace, predictor: Predictor, revision_id: int, split: str, most: int
) -> list[AssetAsOf]:
    """At most so many labelled images of a split whose classes the network knows."""
    images = measured_images.read(workspace, revision_id, split).assets
    fitting = images.where(np.isin(images.columns.label_ids, predictor.card.label_ids))
    chosen = np.random.default_rng(revision_id).permutation(len(fitting))[:most]
    return [fitting[int(place)] for place in np.sort(chosen)]


def look(
    workspace: Workspace,
    predictor: Predictor,
    assets: Sequence[AssetAsOf],
    done: int,
    total: int,
    progress: Progress,
) -> Seen:
    """Features and logits of those that can be read, as Predict computes them."""
    outputs = {label_id: place for place, label_id in enumerate(predictor.card.label_ids)}
    transform = predictor.card.eval_transform
    features: list[Tensor] = []
    logits: list[Tensor] = []
    places: list[int] = []
    for batch in image_batches.read_batches(
        workspace,
        image_batches.in_batches(assets),
        transform,
        grey_window=transform.grey_window,
    ):
        progress.check()
        if batch.usable:
            found = predictor.features_and_logits(torch.stack([each for _, each in batch.usable]))
            features.append(found[0])
            logits.append(found[1])
            places += [
                outputs[asset.label_id] for asset, _ in batch.usable if asset.label_id is not None
            ]
        done += len(batch.assets)
        progress.advance(done, total, f"{done:,} of {total:,} images")
    if not places:
        raise InvalidInput(
            f"None of {len(assets):,} images can be read, so nothing can be calibrated.",
            next_step="Put the image files back, or import them again.",
        )
    return Seen(torch.cat(features), torch.cat(logits), np.array(places))


def _learn(learnt: Seen) -> tuple[Familiarity | None, str]:
    try:
        return familiar_images.learn(learnt.features, learnt.places), ""
    except InvalidInput as error:
        return None, error.message


def _distances(known: Familiarity, features: Tensor) -> Floats:
    found: Floats = known.distances(features).double().numpy()
    return found


def _leave_out(learnt: Seen, judged: Seen) -> float | None:
    """Mean separation of classes that nothing was learnt of from the others."""
    classes = [place for place in np.unique(judged.places) if (learnt.places == place).any()]
    found = []
    for place in classes[:MAX_LEFT_OUT] if len(classes) > 2 else []:
        others = learnt.places != place
        known, _ = _learn(
            Seen(
                learnt.features[torch.from_numpy(others)],
                learnt.logits[:0],
                learnt.places[others],
            )
        )
        if known is None:
            continue
        distances = _distances(known, judged.features)
        is_out = judged.places == place
        found.append(familiar_images.separation(distances[~is_out], distances[is_out]))
    return float(np.mean(found)) if found else None


def _check_enough(number: int, max_error: float, certainty: float) -> None:
    needed = promise.fewest_images(max_error, certainty)
    if number < max(needed, calibration.MIN_IMAGES):
        raise _no_promise(number, max_error, certainty, None)


def _no_promise(
    number: int, max_error: float, certainty: float, smallest: float | None
) -> InvalidInput:
    needed = max(promise.fewest_images(max_error, certainty), calibration.MIN_IMAGES)
    if smallest is not None:
        step = (
            f"These images allow to promise {100 * smallest:g} %. A smaller error takes a better "
            "network or more validation images."
        )
    elif number < needed:
        possible = [
            error
            for error in promise.ERRORS
            if max(promise.fewest_images(error, certainty), calibration.MIN_IMAGES) <= number
        ]
        step = "Put more labelled images into val, and train again." + (
            f" With {number:,} images {100 * possible[0]:g} % may be promised." if possible else ""
        )
    else:
        step = "Train a better network first: too many of its surest answers are wrong."
    return InvalidInput(
        f"At most {100 * max_error:g} % wrong with a certainty of {100 * certainty:g} % cannot be "
        f"promised: it takes at least {needed:,} accepted validation images that the network was "
        f"not trained on, nearly all of them right, and there are {number:,} in all.",
        next_step=step,
    )
