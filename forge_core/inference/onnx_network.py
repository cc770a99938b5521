"""A network in an ONNX file of ours: it takes the pixels of an image and needs no PyTorch.

The file says itself how it is used and proves it: class names, card, and golden predictions (image
files with the logits that the checkpoint gave) are texts in its metadata.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from forge_core.errors import CheckpointRejected, NotFound
from forge_core.file_hashes import known_hash
from forge_core.imaging import decode
from forge_core.models.checkpoints.decision_rule import Decision, DecisionRule
from forge_core.models.checkpoints.golden_report import GoldenReport

CARD_KEY = "vision_forge_card"
GOLDEN_KEY = "vision_forge_golden"
FORM_KEY = "vision_forge_form"
CLASSES_KEY = "class_names"
CHECKPOINT_KEY = "vision_forge_checkpoint_sha256"
INT8_KEY = "vision_forge_int8"
"""What 8 bits cost, as JSON; only of a file that computes in them."""
PIXELS_FORM, BATCH_FORM = "pixels", "batch"
IMAGE, IMAGES = "image", "images"
LOGITS, PROBABILITIES, LABEL = "logits", "probabilities", "label"
DECISION, DISTANCE = "decision", "distance"
TOLERANCE = 5e-3
"""Largest difference of logits from those of the checkpoint, as a share of the largest |logit|."""
_MAX_IMAGES = 64


@dataclass(frozen=True)
class GoldenFiles:
    """Image files with the logits that the checkpoint gave for them.

    Legend: G images, K classes.
    """

    images: tuple[bytes, ...]
    logits: NDArray[np.float32]
    """(G, K)."""


@dataclass(frozen=True)
class OnnxAnswer:
    """What the file computes of one image.

    Legend: K classes.
    """

    logits: NDArray[np.float32]
    """(K,)."""
    probabilities: NDArray[np.float32]
    """(K,), calibrated."""
    decision: Decision | None
    """None where the card has no rule."""
    distance: float | None
    """To the known images; None where the card's rule does not ask for it."""


def compare(logits: NDArray[np.float32], of_checkpoint: NDArray[np.float32]) -> GoldenReport:
    """Compare logits (N, K) with those of the checkpoint for the same images, N at least 1."""
    scale = max(float(np.abs(of_checkpoint).max()), float(np.finfo(np.float32).tiny))
    difference = float(np.abs(logits - of_checkpoint).max()) / scale
    same = bool((logits.argmax(1) == of_checkpoint.argmax(1)).all())
    # A NaN compares as false, so it fails.
    return GoldenReport(difference, same, same and difference <= TOLERANCE)


class OnnxNetwork:
    """An open file; several threads may ask it at once.

    Args:
        path: An `.onnx` file that `forge export` wrote, in its form for single images.
        threads: How many threads compute one image; 0 for one a core.

    Raises:
        NotFound: There is no such file.
        CheckpointRejected: It is damaged, not ours, or the form for batches.
    """

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        if not path.is_file():
            raise NotFound(
                f"There is no file {path.name}.", next_step="Check the path.", detail=str(path)
            )
        import onnxruntime  # not in the container that serves with PyTorch

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Images of all sizes: what is kept for one size would only fill the memory.
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # it raises classes of its own, which have no common parent
            raise CheckpointRejected(
                f"{path.name} is not an ONNX file that can be read.",
                next_step="Export it again with `forge export`.",
                detail=str(error)[:500],
            ) from error
        metadata = self._session.get_modelmeta().custom_metadata_map
        self.card = _read_card(path, metadata)
        self.class_names = tuple(str(name) for name in self.card["class_names"])
        self.grey_window = str(self.card["eval_transform"]["grey_window"])
        rule = self.card.get("decision_rule")
        self.rule = None if rule is None else DecisionRule.from_dict(rule)
        self.golden = _read_golden(path, metadata)
        self.checkpoint_sha256 = metadata.get(CHECKPOINT_KEY, "")
        self.int8_words = _read_int8(path, metadata)
        """What 8 bits cost, a sentence; empty where it computes in floating point."""
        self.sha256 = known_hash(path)

    def run(self, image: Image.Image) -> OnnxAnswer:
        """The answer to an RGB image, upright as `imaging` gives it."""
        names = [LOGITS, PROBABILITIES, *([DECISION, DISTANCE] if self.rule else [])]
        logits, probabilities, *judged = self._session.run(names, {IMAGE: np.asarray(image)})
        if self.rule is None:
            return OnnxAnswer(logits, probabilities, None, None)
        decision, distance = judged
        known = None if self.rule.max_distance is None else float(distance[0])
        return OnnxAnswer(logits, probabilities, Decision(str(decision[0])), known)

    def replay(self) -> GoldenReport:
        """Decode and answer the golden image files here, and compare with the checkpoint.

        Raises:
            ImageRejected: A file of them cannot be read.
        """
        limits = decode.DEFAULT_LIMITS.with_window(self.grey_window)
        images = [decode.decode_image(data, limits=limits).image for data in self.golden.images]
        return compare(np.stack([self.run(image).logits for image in images]), self.golden.logits)


def golden_text(golden: GoldenFiles) -> str:
    """Golden predictions as the JSON that any runtime can read back."""
    return json.dumps(
        {
            "tolerance": TOLERANCE,
            "images": [base64.b64encode(data).decode() for data in golden.images],
            "logits": golden.logits.tolist(),
        }
    )


def _read_card(path: Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    if CARD_KEY not in metadata:
        raise CheckpointRejected(
            f"{path.name} is an ONNX file without a Vision Forge card.",
            next_step="Choose a file that `forge export` wrote.",
        )
    if metadata.get(FORM_KEY) != PIXELS_FORM:
        raise CheckpointRejected(
            f"{path.name} takes batches of images of one size, not single images.",
            next_step="Choose the file that `forge export RUN --onnx FILE` wrote.",
        )
    try:
        card = json.loads(metadata[CARD_KEY])
        names = card["class_names"]
        if not isinstance(names, list) or len(names) < 2:
            raise ValueError(f"class_names {names!r:.80}")
        decode.DEFAULT_LIMITS.with_window(card["eval_transform"]["grey_window"])
        if card.get("decision_rule") is not None:
            DecisionRule.from_dict(card["decision_rule"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unusable(path, "card", error) from error
    found: dict[str, Any] = card
    return found


def _read_golden(path: Path, metadata: Mapping[str, str]) -> GoldenFiles:
    num_classes = len(json.loads(metadata[CARD_KEY])["class_names"])
    try:
        values = json.loads(metadata[GOLDEN_KEY])
        images = tuple(base64.b64decode(text, validate=True) for text in values["images"])
        logits = np.asarray(values["logits"], dtype=np.float32)
        is_whole = logits.shape == (len(images), num_classes) and np.isfinite(logits).all()
        if not 1 <= len(images) <= _MAX_IMAGES or not is_whole:
            raise ValueError(f"{len(images)} images, logits {logits.shape}")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unusable(path, "golden predictions", error) from error
    return GoldenFiles(images, logits)


def _read_int8(path: Path, metadata: Mapping[str, str]) -> str:
    if INT8_KEY not in metadata:
        return ""
    try:
        return str(json.loads(metadata[INT8_KEY])["words"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unusable(path, "note on 8 bits", error) from error


def _unusable(path: Path, what: str, error: Exception) -> CheckpointRejected:
    return CheckpointRejected(
        f"The {what} of {path.name} cannot be used.",
        next_step="Export it again with `forge export`.",
        detail=f"{type(error).__name__}: {error}",
    )
