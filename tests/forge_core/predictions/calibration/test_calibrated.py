"""A copy of a checkpoint that carries a temperature, and what answers with it."""

import json
from pathlib import Path

import pytest
import torch

from forge_core.errors import InvalidInput, NotFound
from forge_core.inference.predictor import Predictor
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.predictions import evaluation
from forge_core.predictions.calibration import calibrated
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace
from tests import arrange
from tests.arrange import ACTOR
from tests.forge_core.cli.commands import forge
from tests.trained import open_copy


def test_calibrate__a_copy_answers_with_the_temperature_and_the_run_s_file_does_not(
    finished_run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = open_copy(finished_run_folder, tmp_path / "copy")
    target = tmp_path / "calibrated.safetensors"
    where = ("--out", target, "-w", workspace.folder)
    refused = forge("calibrate", 1, *where)
    assert (refused.exit_code, target.exists()) == (1, False)
    assert "forge evaluate 1 --split val" in refused.stderr
    monkeypatch.setattr("forge_core.evaluation.calibration.MIN_IMAGES", 10)
    evaluation.evaluate_and_keep(workspace, 1, "val", device="cpu", actor=ACTOR)
    own = checkpoints.checkpoint_path(workspace, 1)
    before = own.read_bytes()
    assert forge("calibrate", 1, *where).exit_code == 0
    value = calibrated.find_temperature(workspace, 1).value
    assert own.read_bytes() == before
    assert checkpoint.read_card(own).temperature == 1.0
    assert checkpoint.read_card(target).temperature == value
    check_answers(workspace, own, target, value)
    assert len(calibrated.read_calibrated(workspace, 1)) == target.stat().st_size
    workspace.database.dispose()


def check_answers(workspace: Workspace, own: Path, target: Path, value: float) -> None:
    data = workspace.store.read(arrange.list_all(workspace)[0].file_path)
    plain, copied = (Predictor.load(path, "cpu") for path in (own, target))
    names = [each.label_name for each in plain.predict(data).probabilities]
    found = {each.label_name: each.probability for each in copied.predict(data).probabilities}
    assert list(found) == names
    first = {each.label_name: each.probability for each in plain.predict(data).probabilities}
    scaled = (torch.tensor([first[name] for name in names]).log() / value).softmax(dim=0)
    assert [found[name] for name in names] == pytest.approx(scaled.tolist(), abs=1e-4)


def test_a_card_without_a_temperature__has_none_and_an_impossible_one_is_refused(
    checkpoint_path: Path,
) -> None:
    card = checkpoint.read_card(checkpoint_path)
    values = json.loads(card.to_json())
    assert values.pop("temperature") == 1.0
    text = json.dumps(values)
    assert ModelCard.from_json(text).temperature == 1.0
    for bad in (0.0, 21.0, float("nan")):
        with pytest.raises(InvalidInput, match="temperature"):
            ModelCard(
                architecture=card.architecture,
                class_names=card.class_names,
                label_ids=card.label_ids,
                eval_transform=card.eval_transform,
                temperature=bad,
            )


def test_find_temperature__of_no_checkpoint_is_told(sqlite_workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        calibrated.find_temperature(sqlite_workspace, 99)
