"""A small checkpoint, and files of it that were altered."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.models.checkpoints import checkpoint, golden, proof
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.models.networks.forge_cnn import ForgeCNN

EVAL = EvalTransform(resize=20, crop=16)


def make_model() -> ForgeCNN:
    """A ForgeCNN for 3 classes with batch-norm statistics that are not the fresh ones."""
    torch.manual_seed(0)
    model = ForgeCNN(3, input_size=16)
    for _ in range(3):
        model(torch.randn(8, 3, 16, 16) * 2)
    return model


def make_card(**changes: Any) -> ModelCard:
    """The card of `make_model`."""
    card = ModelCard(
        architecture="forge_cnn",
        class_names=("cat", "dog", "Zebra größe"),
        label_ids=(7, 3, 12),
        eval_transform=EVAL,
        run_id=47,
        revision_id=9,
        seed=5,
        stage="scratch",
        epoch=2,
        metrics={"val_accuracy": 0.91},
    )
    return replace(card, **changes)


def rewrite(
    path: Path, card: str | None = None, *, sealed: bool = False, **tensors: torch.Tensor | None
) -> None:
    """Write the file again with another card or other tensors; None takes a tensor out.

    Args:
        path: The file.
        card: The text of the card.
        sealed: With digests of what is written, as one who knows the format could.
        tensors: By name.
    """
    with safe_open(path, framework="pt") as file:
        metadata = dict(file.metadata())
    content = {name: tensor.clone() for name, tensor in load_file(path).items()}
    for name, tensor in tensors.items():
        key = name.replace("__", ".")
        if tensor is None:
            del content[key]
        else:
            content[key] = tensor
    if card is not None:
        metadata[checkpoint.CARD_KEY] = card
    if sealed:
        metadata |= proof.seal(metadata[checkpoint.CARD_KEY], content)
    save_file(content, path, metadata)


def change_card(path: Path, *, sealed: bool = False, **changes: Any) -> None:
    values = json.loads(checkpoint.read_card(path).to_json())
    rewrite(path, card=json.dumps(values | changes), sealed=sealed)


def make_old(path: Path) -> None:
    """Rewrite a checkpoint as versions saved it whose card had schema 1."""
    card = checkpoint.read_card(path)
    content = {name: tensor.clone() for name, tensor in load_file(path).items()}
    answers = proof.take_golden(content, card)
    content["golden.pixels"] = golden.read_pixels(answers.images, card.eval_transform)
    content["golden.logits"] = answers.logits
    metadata = {
        checkpoint.CARD_KEY: replace(card, schema=1).to_json(),
        proof.TENSORS_KEY: proof.digest_tensors(content),
    }
    save_file(content, path, metadata)
