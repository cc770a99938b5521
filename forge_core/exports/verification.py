"""Whether exported files answer as their checkpoint does; one that does not is refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from PIL import Image

from forge_core.errors import CheckpointRejected
from forge_core.imaging import decode
from forge_core.inference import decisions, onnx_network
from forge_core.inference.onnx_network import TOLERANCE, GoldenFiles, OnnxAnswer, OnnxNetwork
from forge_core.inference.predictor import Predictor
from forge_core.models.checkpoints import decision_rule
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint
from forge_core.progress import SILENT, Progress

NUM_IMAGES = 200
"""So many images at least are compared, besides the golden ones."""
_BATCHES = (1, 2, 5)


@dataclass(frozen=True)
class Agreement:
    """How near exported files came to their checkpoint, which they did closely enough."""

    num_images: int
    largest_difference: float
    """Of any logit, as a share of the largest |logit| of all images."""


def verify(
    path: Path,
    batch_path: Path | None,
    loaded: LoadedCheckpoint,
    proof: GoldenFiles,
    images: Iterable[Image.Image],
    *,
    progress: Progress = SILENT,
) -> Agreement:
    """Compare a file that takes single images, and one that takes batches, with their checkpoint.

    Args:
        path: In the form for single images.
        batch_path: In the form for batches, or None.
        loaded: The checkpoint; its network on the CPU.
        proof: Its golden predictions, whose logits are those of the day it was saved.
        images: RGB, upright; one at a time is in memory.
        progress: Told the images.

    Raises:
        CheckpointRejected: A file gives another class for an image, or logits that are off by
            more than `TOLERANCE` of the largest.
    """
    network, predictor = OnnxNetwork(path), Predictor(loaded, "cpu")
    decider = decisions.module_of(loaded)
    transform = loaded.card.eval_transform
    limits = decode.DEFAULT_LIMITS.with_window(transform.grey_window)
    golden = (decode.decode_image(data, limits=limits).image for data in proof.images)
    ours, theirs, framed, distances = [], [], [], []
    for image in chain(golden, images):
        progress.check()
        answer = network.run(image)
        pixels = transform.frame(transform.resize_image(image))
        features, logits = predictor.features_and_logits(transform.normalise(pixels)[None])
        ours.append(answer.logits)
        theirs.append(logits[0].numpy())
        if batch_path is not None:
            framed.append(pixels.permute(1, 2, 0).numpy())
        if decider is not None:
            _refuse_decision(answer, loaded)
        if decider is not None and answer.distance is not None:
            with torch.inference_mode():
                distances.append((answer.distance, float(decider(features, logits)[1])))
        progress.advance(min(len(ours), NUM_IMAGES), NUM_IMAGES, "Comparing its answers")
    of_golden = len(proof.images)
    _refuse_difference(np.stack(ours[:of_golden]), proof.logits)
    agreement = _refuse_difference(np.stack(ours), np.stack(theirs))
    if batch_path is not None:
        _refuse_difference(_batch_logits(batch_path, framed), np.stack(theirs))
    _refuse_distances(distances)
    return agreement


def _batch_logits(path: Path, framed: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Logits of all images, in batches of 1, 2 and 5 by turns."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found: list[NDArray[np.float32]] = []
    start = 0
    while start < len(framed):
        part = framed[start : start + _BATCHES[len(found) % len(_BATCHES)]]
        (logits,) = session.run([onnx_network.LOGITS], {onnx_network.IMAGES: np.stack(part)})
        found.append(logits)
        start += len(part)
    return np.concatenate(found)


def _refuse_difference(
    logits: NDArray[np.float32], of_checkpoint: NDArray[np.float32]
) -> Agreement:
    report = onnx_network.compare(logits, of_checkpoint)
    if report.passed:
        return Agreement(len(logits), report.max_relative_difference)
    num_others = int((logits.argmax(1) != of_checkpoint.argmax(1)).sum())
    raise CheckpointRejected(
        "The exported file answers otherwise than its checkpoint, so it was not kept: "
        f"{num_others} of {len(logits)} images get another class, logits differ by "
        f"{report.max_relative_difference:.2g} of the largest (at most {TOLERANCE:g} is allowed).",
        next_step="Serve the checkpoint itself, or train another architecture.",
    )


def _refuse_decision(answer: OnnxAnswer, loaded: LoadedCheckpoint) -> None:
    """The file must decide as the rule does of what the file itself computes."""
    rule = loaded.card.decision_rule
    assert rule is not None, "what has a decider has a rule"
    expected = decision_rule.decide(answer.probabilities.tolist(), answer.distance, rule)
    if answer.decision != expected:
        raise CheckpointRejected(
            f"The exported file says {answer.decision} where the rule of its card says {expected}, "
            "so it was not kept.",
            next_step="Serve the checkpoint itself.",
        )


def _refuse_distances(distances: Sequence[tuple[float, float]]) -> None:
    largest = max((of_checkpoint for _, of_checkpoint in distances), default=0.0)
    difference = max((abs(ours - theirs) for ours, theirs in distances), default=0.0)
    if not difference <= TOLERANCE * largest:
        raise CheckpointRejected(
            "The exported file finds images otherwise familiar than its checkpoint, so it was not "
            f"kept: distances differ by {difference / largest:.2g} of the largest (at most "
            f"{TOLERANCE:g} is allowed).",
            next_step="Serve the checkpoint itself.",
        )
