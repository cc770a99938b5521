"""The proof of a checkpoint covers what it means: its card, and the way of an image file to it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from forge_core.errors import CheckpointRejected
from forge_core.imaging import decode
from forge_core.models.checkpoints import checkpoint, golden
from tests.forge_core.models.checkpoints import altered
from tests.forge_core.models.checkpoints.altered import EVAL, change_card, make_card

CHANGED = {
    "class order": {"class_names": ["dog", "cat", "Zebra größe"]},
    "one name": {"class_names": ["cat", "wolf", "Zebra größe"]},
    "ids": {"label_ids": [3, 7, 12]},
    "resize": {"eval_transform": EVAL.to_dict() | {"resize": 24}},
    "normalisation": {"eval_transform": EVAL.to_dict() | {"std": [0.229, 0.224, 0.2251]}},
    "interpolation": {"eval_transform": EVAL.to_dict() | {"interpolation": "bicubic"}},
    "tolerance": {"golden_tolerance": 9e-4},
    "temperature": {"temperature": 1.5},
}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "best.safetensors"
    checkpoint.save_checkpoint(path, altered.make_model(), make_card())
    return path


@pytest.mark.parametrize("changes", CHANGED.values(), ids=CHANGED)
def test_load__refuses_a_card_with_one_value_changed_by_hand(
    saved: Path, changes: dict[str, Any]
) -> None:
    change_card(saved, **changes)
    with pytest.raises(
        CheckpointRejected, match=r"card .* in best\.safetensors is not what was saved"
    ):
        checkpoint.load_checkpoint(saved)


def test_load__refuses_a_card_of_another_checkpoint(saved: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    checkpoint.save_checkpoint(other, altered.make_model(), make_card(label_ids=(1, 2, 3)))
    altered.rewrite(saved, card=checkpoint.read_card(other).to_json())
    with pytest.raises(CheckpointRejected, match="is not what was saved"):
        checkpoint.load_checkpoint(saved)


def test_load__an_older_checkpoint_comes_with_a_note(
    saved: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert checkpoint.load_checkpoint(saved).note == ""
    altered.make_old(saved)
    loaded = checkpoint.load_checkpoint(saved)
    assert loaded.golden.passed
    assert loaded.golden.pixels_equal is None
    assert "best.safetensors was saved by an older version" in loaded.note
    assert loaded.note in caplog.text


def test_load__an_older_checkpoint_still_proves_its_weights_and_normalisation(saved: Path) -> None:
    altered.make_old(saved)
    before = saved.read_bytes()
    bias = load_file(saved)["model.head.3.bias"] + 1
    altered.rewrite(saved, **{"model.head.3.bias": bias})
    with pytest.raises(CheckpointRejected, match="weights in"):
        checkpoint.load_checkpoint(saved)
    saved.write_bytes(before)
    change_card(saved, eval_transform=EVAL.to_dict() | {"mean": [0.1, 0.1, 0.1]})
    with pytest.raises(CheckpointRejected, match="does not answer here"):
        checkpoint.load_checkpoint(saved)


def test_load__a_newer_one_cannot_pass_as_an_older_one(saved: Path) -> None:
    change_card(saved, schema=1)
    with pytest.raises(CheckpointRejected, match="is not what was saved"):
        checkpoint.load_checkpoint(saved)


def test_golden__begins_at_image_files_of_two_formats(saved: Path) -> None:
    tensors = load_file(saved)
    files = [tensors[f"golden.image.{place}"].numpy().tobytes() for place in range(golden.COUNT)]
    found = [decode.decode_image(data) for data in files]
    assert [image.mime for image in found] == ["image/png"] * 2 + ["image/jpeg"] * 2
    assert all(image.width > image.height > EVAL.resize for image in found)  # turned by their EXIF


@pytest.mark.parametrize("way", ["decoded", "resized"])
def test_load__refuses_a_machine_that_reads_images_otherwise(
    saved: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "decoded":  # as a decoder that forgets the EXIF
        monkeypatch.setattr(decode, "_TRANSPOSE_BY_ORIENTATION", {})
    else:
        resize = type(EVAL).resize_image

        def nearest(self: Any, image: Image.Image) -> torch.Tensor:
            small = image.resize((8, 6), Image.Resampling.NEAREST)
            return resize(self, small)

        monkeypatch.setattr(type(EVAL), "resize_image", nearest)
    with pytest.raises(CheckpointRejected, match="images are decoded or resized otherwise"):
        checkpoint.load_checkpoint(saved)
