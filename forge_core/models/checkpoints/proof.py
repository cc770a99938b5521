"""What a checkpoint file carries to be proven by: digests, and golden predictions as tensors."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor

from forge_core.errors import CheckpointRejected
from forge_core.models.checkpoints.golden import GoldenPredictions
from forge_core.models.checkpoints.model_card import OLDEST_SCHEMA, ModelCard

TENSORS_KEY = "vision_forge_tensors_sha256"
CARD_KEY = "vision_forge_card_sha256"
_LOGITS = "golden.logits"
_PIXELS_HASH = "golden.pixels_sha256"
_IMAGE = "golden.image."
_OLD_PIXELS = "golden.pixels"
_MAX_IMAGES = 64


def digest_tensors(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and values of all tensors."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def seal(card_text: str, tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """Digests of a card and its tensors, by the keys under which a file keeps them."""
    of_tensors = digest_tensors(tensors)
    return {TENSORS_KEY: of_tensors, CARD_KEY: _digest_card(card_text, of_tensors)}


def find_change(
    card: ModelCard, card_text: str, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]
) -> str:
    """What of a file is not as it was saved, for a sentence; empty where nothing is."""
    of_tensors = digest_tensors(tensors)
    if metadata.get(TENSORS_KEY) != of_tensors:
        return "The weights"
    is_old = card.schema == OLDEST_SCHEMA and CARD_KEY not in metadata
    if not is_old and metadata.get(CARD_KEY) != _digest_card(card_text, of_tensors):
        return "The card (names and order of the classes, sizes, normalisation)"
    return ""


def write_golden(proof: GoldenPredictions) -> dict[str, Tensor]:
    """Golden predictions as the tensors of a file."""
    images = {
        f"{_IMAGE}{place}": torch.frombuffer(bytearray(data), dtype=torch.uint8)
        for place, data in enumerate(proof.images)
    }
    pixels_hash = torch.frombuffer(bytearray.fromhex(proof.pixels_hash), dtype=torch.uint8)
    return images | {_LOGITS: proof.logits.contiguous(), _PIXELS_HASH: pixels_hash}


def take_golden(tensors: dict[str, Tensor], card: ModelCard) -> GoldenPredictions:
    """Take the golden predictions out of the tensors, checked against the card.

    Raises:
        CheckpointRejected: There are none that fit the card.
    """
    images = [tensors.pop(name) for name in sorted(tensors) if name.startswith(_IMAGE)]
    logits, pixels_hash = tensors.pop(_LOGITS, None), tensors.pop(_PIXELS_HASH, None)
    pixels = tensors.pop(_OLD_PIXELS, None)
    if logits is None or logits.dtype != torch.float32 or not bool(torch.isfinite(logits).all()):
        raise _misfit()
    if card.schema == OLDEST_SCHEMA:
        side = card.eval_transform.crop
        if pixels is None or pixels.dtype != torch.uint8 or pixels.shape[1:] != (3, side, side):
            raise _misfit()
        found = GoldenPredictions(logits, pixels=pixels)
        count = len(pixels)
    else:
        if pixels_hash is None or any(
            data.dtype != torch.uint8 or data.dim() != 1 for data in (*images, pixels_hash)
        ):
            raise _misfit()
        files = tuple(data.numpy().tobytes() for data in images)
        found = GoldenPredictions(logits, files, pixels_hash.numpy().tobytes().hex())
        count = len(files)
    if not 1 <= count <= _MAX_IMAGES or logits.shape != (count, card.num_classes):
        raise _misfit()
    return found


def _misfit() -> CheckpointRejected:
    return CheckpointRejected(
        "The checkpoint keeps no answers that fit its card, so it cannot be checked that it "
        "answers as it did when it was saved.",
        next_step="Export the checkpoint from its run again.",
    )


def _digest_card(card_text: str, of_tensors: str) -> str:
    return hashlib.sha256(f"{of_tensors}\n{card_text}".encode()).hexdigest()
