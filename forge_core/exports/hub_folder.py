"""A checkpoint as a folder in the form of model hubs: weights, config, preprocessing, model card.

The names of the files and of their fields are those that Hugging Face's image classifiers have, so
that people and tools find what they look for; nothing of it is uploaded.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from forge_core.errors import Conflict
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint
from forge_core.models.checkpoints.model_card import ModelCard

WEIGHTS, CONFIG, PREPROCESSING, CARD = (
    "model.safetensors",
    "config.json",
    "preprocessor_config.json",
    "README.md",
)
_PILLOW_FILTERS = {"bilinear": 2, "bicubic": 3}


def write_folder(loaded: LoadedCheckpoint, folder: Path, *, onnx: Path | None = None) -> list[str]:
    """Write a new folder.

    Args:
        loaded: A proven checkpoint with its network on the CPU.
        folder: Must not exist, or be empty.
        onnx: An exported file of the same checkpoint, to be copied as `model.onnx`.

    Returns:
        Names of the files that were written.

    Raises:
        Conflict: There is something in the folder.
        OSError: It cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is not empty.", next_step="Name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    card = loaded.card
    weights = {name: each.contiguous() for name, each in loaded.model.state_dict().items()}
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / CONFIG).write_text(_json(describe_network(loaded)), encoding="utf-8")
    (folder / PREPROCESSING).write_text(_json(describe_preprocessing(card)), encoding="utf-8")
    if onnx is not None:
        shutil.copyfile(onnx, folder / "model.onnx")
    (folder / CARD).write_text(_write_card(loaded, has_onnx=onnx is not None), encoding="utf-8")
    return sorted(path.name for path in folder.iterdir())


def describe_network(loaded: LoadedCheckpoint) -> dict[str, Any]:
    """`config.json`: architecture, classes by number, and where the weights come from."""
    card = loaded.card
    return {
        "architectures": [card.architecture],
        "num_labels": card.num_classes,
        "id2label": {str(place): name for place, name in enumerate(card.class_names)},
        "label2id": {name: place for place, name in enumerate(card.class_names)},
        "num_channels": card.eval_transform.channels,
        "image_size": card.eval_transform.crop,
        "problem_type": "single_label_classification",
        "torch_dtype": "float32",
        "temperature": card.temperature,
        "vision_forge": json.loads(card.to_json()) | {"checkpoint_sha256": loaded.sha256},
    }


def describe_preprocessing(card: ModelCard) -> dict[str, Any]:
    """`preprocessor_config.json`: from the pixels of an image to the network's input."""
    transform = card.eval_transform
    return {
        "do_resize": True,
        "size": {
            "shortest_edge" if transform.aspect == "crop" else "longest_edge": transform.resize
        },
        "resample": _PILLOW_FILTERS[transform.interpolation],
        "do_center_crop": transform.aspect == "crop",
        "crop_size": {"height": transform.crop, "width": transform.crop},
        "do_pad": transform.aspect == "pad",
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(transform.mean),
        "image_std": list(transform.std),
        "do_convert_rgb": transform.channels == 3,
    }


def _write_card(loaded: LoadedCheckpoint, *, has_onnx: bool) -> str:
    card = loaded.card
    head = {
        "library_name": "vision-forge",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", card.architecture, *(["onnx"] if has_onnx else [])],
    }
    classes = "\n".join(f"- {_plain(name)}" for name in card.class_names)
    metrics = "\n".join(
        f"| {_plain(name)} | {value:.4g} |" for name, value in sorted(card.metrics.items())
    )
    trained = "".join(
        f"\n- {words}: {_plain(str(value))}"
        for words, value in (
            ("run", card.run_id),
            ("revision of the catalog", card.revision_id),
            ("seed", card.seed),
            ("stage", card.stage),
            ("epoch", card.epoch),
            ("saved", card.created_at),
        )
        if value not in (None, "")
    )
    transform = card.eval_transform
    promise = "" if card.decision_rule is None else f"\n{card.decision_rule.promise}\n"
    return f"""---
{_front_matter(head)}---

# {card.architecture}, {card.num_classes} classes

An image classifier, trained with Vision Forge.
{promise}
## Classes

{classes}

## Measured at the end of its epoch

| metric | value |
|---|---|
{metrics}

They are of the data it was trained with; measure it on yours before you use it.

## Use

Input: an RGB image, its {"short" if transform.aspect == "crop" else "long"} side resized to
{transform.resize} px ({transform.interpolation}), {transform.crop} x {transform.crop} px,
normalised as in `{PREPROCESSING}`. Divide the logits by {card.temperature:g} before the softmax.
{"`model.onnx` does all of it: it takes the pixels of an image of any size." if has_onnx else ""}

## Where it comes from
{trained}
- checkpoint, SHA-256: {loaded.sha256}
- architecture: torchvision's `{card.architecture}`, or Vision Forge's own of this name
"""


def _front_matter(values: dict[str, Any]) -> str:
    """YAML of texts and lists of texts, each quoted as JSON, which YAML reads."""
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Text of a person as Markdown that says just that."""
    escaped = "".join(f"\\{sign}" if sign in r"\`*_{}[]()<>#+-.!|~" else sign for sign in text)
    return " ".join(escaped.split())


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
