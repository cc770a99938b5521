"""A checkpoint: one safetensors file with weights, card and golden predictions.

The card is text in the file's header, the rest is plain numbers; there is nothing in it that
could run. Loading compares what the file means, weights and card, with what was saved, by
digests; then it replays the golden predictions, from image files on, and refuses a file that
predicts otherwise here than where it was saved.
"""

import copy
import logging
import shutil
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from forge_core.errors import CheckpointRejected, ImageRejected, InvalidInput, NotFound
from forge_core.file_hashes import hash_file, known_hash
from forge_core.models import architectures
from forge_core.models.checkpoints import familiarity, golden, model_card, proof
from forge_core.models.checkpoints.familiarity import Familiarity
from forge_core.models.checkpoints.golden import GoldenPredictions
from forge_core.models.checkpoints.golden_report import GoldenReport
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.models.checkpoints.whole_files import written_whole
from forge_core.models.networks import construction
from forge_core.models.networks.classifier import ImageClassifier

CARD_KEY = "vision_forge_card"
_MODEL_PREFIX = "model."
_log = logging.getLogger(__name__)

Policy = Literal["refuse", "warn"]


@dataclass(frozen=True)
class LoadedCheckpoint:
    """A network ready to predict, and how it was proven."""

    model: ImageClassifier
    """In eval mode, on the device that was asked for."""
    card: ModelCard
    golden: GoldenReport
    sha256: str
    """Hash of the file's bytes, 64 hexadecimal digits."""
    golden_predictions: GoldenPredictions
    """What `golden` is the outcome of, to be replayed again."""
    note: str = ""
    """What is taken on trust, because an older version saved the file; empty where nothing is."""
    familiarity: Familiarity | None = None
    """On the CPU; there where the card's decision rule tells unfamiliar images."""


def save_checkpoint(
    path: Path, model: ImageClassifier, card: ModelCard, known: Familiarity | None = None
) -> str:
    """Write a checkpoint; the old file stays until the new one is complete.

    The golden predictions are computed by a float32 copy of the network on the CPU, so neither
    the model nor any random stream is touched.

    Args:
        path: File to write, by custom `*.safetensors`; its folder is made.
        model: Any device, training or eval mode.
        card: Must describe this model.
        known: What its known images look like, where its decision rule tells unfamiliar ones.

    Returns:
        SHA-256 of the file, 64 hexadecimal digits.

    Raises:
        InvalidInput: The card fits neither the network nor `known`, or its predictions are not
            finite.
        DiskFull: There is no room for it.
        OSError: It cannot be written.
    """
    if _tells_unfamiliar(card) != (known is not None):
        raise InvalidInput("The card's decision rule and what is known to be familiar do not fit.")
    on_cpu = copy.deepcopy(model).to(device="cpu", dtype=torch.float32)
    on_cpu.eval()
    construction.check_forward(
        on_cpu,
        card.num_classes,
        input_size=card.eval_transform.crop,
        channels=card.eval_transform.channels,
    )
    if known is not None:
        _check_features(on_cpu, card, known)
    answers = golden.make_golden(on_cpu, card.eval_transform)
    tensors = {
        _MODEL_PREFIX + name: tensor.detach().contiguous().clone()
        for name, tensor in on_cpu.state_dict().items()
    }
    tensors |= proof.write_golden(answers)
    if known is not None:
        tensors |= familiarity.write(known)
    text = replace(card, schema=model_card.SCHEMA).to_json()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with written_whole(path, needed_bytes=_size_of(tensors)) as partial:
        save_file(tensors, partial, {CARD_KEY: text} | proof.seal(text, tensors))
        return hash_file(partial)


def copy_checkpoint(source: Path, target: Path) -> None:
    """Write the same checkpoint under a second name; the old file stays until that is complete."""
    with written_whole(target, needed_bytes=source.stat().st_size) as partial:
        shutil.copy(source, partial)  # with its permissions


def load_checkpoint(
    path: Path, device: str | torch.device = "cpu", *, policy: Policy = "refuse"
) -> LoadedCheckpoint:
    """Read a checkpoint and prove it on this machine.

    Args:
        path: A file that `save_checkpoint` wrote; anything else is refused, nothing is unpickled.
        device: Where the network shall compute.
        policy: What to do when golden predictions do not hold: refuse, or log a warning and
            leave the judgement to the caller (`LoadedCheckpoint.golden`).

    Raises:
        NotFound: There is no such file.
        CheckpointRejected: The file is damaged or of another kind, its card and weights do not
            belong together, or its golden predictions do not hold here.
    """
    card, tensors, metadata = _read(path)
    sha256 = known_hash(path)
    changed = proof.find_change(card, metadata[CARD_KEY], tensors, metadata)
    if changed:
        _judge(
            policy,
            f"{changed} in {path.name} {'is' if 'card' in changed else 'are'} not what was saved.",
            "Get the file from its run again; nothing in it may be changed by hand.",
        )
    answers = proof.take_golden(tensors, card)
    known = familiarity.take(tensors, is_needed=_tells_unfamiliar(card))
    model = _assemble(tensors, card).to(device).eval()
    model.requires_grad_(True)
    try:
        if known is not None:
            _check_features(model, card, known)
        report = golden.replay(model, answers, card.eval_transform, tolerance=card.golden_tolerance)
    except (ImageRejected, InvalidInput) as error:
        raise _damaged(path, error) from error
    if not report.passed:
        _judge(
            policy,
            f"{path.name} does not answer here as it did when it was saved: "
            f"{'the same' if report.argmax_equal else 'other'} classes, logits differ by "
            f"{report.max_relative_difference:.2g} of the largest "
            f"(at most {card.golden_tolerance:g} is allowed)."
            + (
                " Its images are decoded or resized otherwise."
                if report.pixels_equal is False
                else ""
            ),
            "Use the library versions in its card, or get the file from its run again.",
            f"golden predictions; saved with {dict(card.versions)}",
        )
    note = _note(path, card)
    if note:
        _log.warning("%s", note)
    return LoadedCheckpoint(model, card, report, sha256, answers, note, known)


def read_card(path: Path) -> ModelCard:
    """Read the card only, without the weights.

    Raises:
        NotFound: There is no such file.
        CheckpointRejected: The file is damaged or of another kind.
    """
    with _opened(path) as file:
        return _card_of(path, file.metadata())


def _tells_unfamiliar(card: ModelCard) -> bool:
    return card.decision_rule is not None and card.decision_rule.max_distance is not None


def _check_features(model: ImageClassifier, card: ModelCard, known: Familiarity) -> None:
    """Raise InvalidInput where distances are of other features than the network gives."""
    side, channels = card.eval_transform.crop, card.eval_transform.channels
    device = next(model.parameters()).device
    with torch.inference_mode():
        count = model.backbone(torch.zeros(1, channels, side, side, device=device)).shape[1]
    if count != known.num_features:
        raise InvalidInput(
            f"The network gives {count:,} features, and what is known to be familiar has "
            f"{known.num_features:,} features."
        )


def _size_of(tensors: dict[str, Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors.values())


def _judge(policy: Policy, message: str, next_step: str, detail: str = "") -> None:
    if policy == "refuse":
        raise CheckpointRejected(message, next_step=next_step, detail=detail)
    _log.warning("%s", message)


def _note(path: Path, card: ModelCard) -> str:
    if card.schema != model_card.OLDEST_SCHEMA:
        return ""
    return (
        f"{path.name} was saved by an older version: its weights and answers are proven, its class "
        "names and how it reads and resizes images are taken on trust. Train again for a file that "
        "proves them too."
    )


def _read(path: Path) -> tuple[ModelCard, dict[str, Tensor], dict[str, str]]:
    """Card, tensors, and the texts of the file's header."""
    with _opened(path) as file:
        metadata = file.metadata()
        card = _card_of(path, metadata)
        try:
            # Cloned out of the memory map: the file may be replaced or removed afterwards.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            return card, tensors, metadata
        except (SafetensorError, RuntimeError, ValueError, TypeError) as error:
            raise _damaged(path, error) from error


def _opened(path: Path) -> Any:
    if not path.is_file():
        raise NotFound(
            f"There is no checkpoint {path.name}.",
            next_step="Check the path, or choose a checkpoint of a finished run.",
            detail=str(path),
        )
    try:
        return safe_open(path, framework="pt", device="cpu")
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(path, error) from error


def _card_of(path: Path, metadata: dict[str, str] | None) -> ModelCard:
    if not metadata or CARD_KEY not in metadata:
        raise CheckpointRejected(
            f"{path.name} holds weights without a Vision Forge card.",
            next_step="Choose a checkpoint that a run of Vision Forge saved.",
        )
    return ModelCard.from_json(metadata[CARD_KEY])


def _damaged(path: Path, error: Exception) -> CheckpointRejected:
    return CheckpointRejected(
        f"{path.name} is not a checkpoint that can be read: it is damaged or of another kind.",
        next_step="Choose a .safetensors file that a run of Vision Forge saved; other formats, "
        "pickles above all, are never opened.",
        detail=str(error),
    )


def _assemble(tensors: dict[str, Tensor], card: ModelCard) -> ImageClassifier:
    """The network of the card with these weights; draws no random numbers."""
    state = {
        name.removeprefix(_MODEL_PREFIX): tensor
        for name, tensor in tensors.items()
        if name.startswith(_MODEL_PREFIX)
    }
    try:
        architectures.check_input_size(
            architectures.get_architecture(card.architecture), card.eval_transform.crop
        )
        with _cheaply(card.architecture):
            model = construction.assemble(
                card.architecture,
                card.num_classes,
                input_size=card.eval_transform.crop,
                channels=card.eval_transform.channels,
            )
        kinds = {name: tensor.dtype for name, tensor in model.state_dict().items()}
        wrong = [name for name in state if name in kinds and state[name].dtype != kinds[name]]
        if wrong:
            raise InvalidInput(f"{wrong[0]} is {state[wrong[0]].dtype}, not {kinds[wrong[0]]}.")
        ordered = OrderedDict(state)
        # The versions of the layers: some refuse tensors that come without.
        ordered._metadata = model.state_dict()._metadata  # type: ignore[attr-defined]
        model.load_state_dict(ordered, strict=True, assign=True)
    except (InvalidInput, RuntimeError) as error:
        raise CheckpointRejected(
            f"The weights are not those of a {card.architecture} with {card.num_classes} classes, "
            "as the card says.",
            next_step="Export the checkpoint from its run again.",
            detail=str(error),
        ) from error
    return model


@contextmanager
def _cheaply(architecture: str) -> Iterator[None]:
    """Build a network whose weights will be replaced: without memory, and no random numbers."""
    if architecture.startswith("regnet"):  # computes its widths by tensors that must have values
        with torch.random.fork_rng(devices=[]):
            yield
    else:
        with torch.device("meta"):
            yield
