"""A network as a program of `torch.export`, and as a folder as hubs keep them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from forge_core.errors import CheckpointRejected, Conflict
from forge_core.exports import hub_folder, torch_program
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint


@pytest.fixture
def loaded(checkpoint_path: Path) -> LoadedCheckpoint:
    return checkpoint.load_checkpoint(checkpoint_path)


def test_program__answers_batches_of_any_number_as_the_checkpoint(
    loaded: LoadedCheckpoint, tmp_path: Path
) -> None:
    path = tmp_path / "network.pt2"
    assert torch_program.export_program(loaded, path) < 1e-5
    module = torch.export.load(path).module()
    side = loaded.card.eval_transform.crop
    for count in (1, 3):
        inputs = torch.randn(count, 3, side, side)
        logits, probabilities = module(inputs)
        torch.testing.assert_close(logits, loaded.model(inputs))
        softened = (logits / loaded.card.temperature).softmax(1)
        torch.testing.assert_close(probabilities, softened)
    others = replace(loaded.golden_predictions, logits=-loaded.golden_predictions.logits)
    before = path.read_bytes()
    with pytest.raises(CheckpointRejected, match="answers otherwise"):
        torch_program.export_program(replace(loaded, golden_predictions=others), path)
    assert path.read_bytes() == before


def test_folder__has_weights_config_preprocessing_and_a_card_that_says_what_it_is(
    loaded: LoadedCheckpoint, tmp_path: Path
) -> None:
    folder = tmp_path / "hub"
    named = replace(loaded, card=replace(loaded.card, class_names=("a|b", "<b>", "blue")))
    written = hub_folder.write_folder(named, folder)
    assert written == ["README.md", "config.json", "model.safetensors", "preprocessor_config.json"]
    weights = load_file(folder / "model.safetensors")
    assert set(weights) == set(loaded.model.state_dict())
    loaded.model.load_state_dict(weights)
    config = json.loads((folder / "config.json").read_text())
    assert config["id2label"] == {"0": "a|b", "1": "<b>", "2": "blue"}
    assert config["vision_forge"]["checkpoint_sha256"] == loaded.sha256
    steps = json.loads((folder / "preprocessor_config.json").read_text())
    transform = loaded.card.eval_transform
    assert steps["crop_size"] == {"height": transform.crop, "width": transform.crop}
    assert steps["image_mean"] == list(transform.mean)
    text = (folder / "README.md").read_text()
    assert text.startswith(
        '---\nlibrary_name: "vision-forge"\npipeline_tag: "image-classification"'
    )
    assert r"- a\|b" in text
    assert r"- \<b\>" in text
    assert loaded.sha256 in text
    with pytest.raises(Conflict, match="not empty"):
        hub_folder.write_folder(loaded, folder)
