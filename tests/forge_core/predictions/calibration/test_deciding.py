"""A run's checkpoint is given its rule, and every way of asking it decides by that."""

from collections import Counter
from pathlib import Path

import pytest

from db.enums import CheckpointKind, RegistryAction, Split
from forge_core.errors import Conflict
from forge_core.inference.prediction import Prediction
from forge_core.inference.predictor import Predictor
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.decision_rule import Decision
from forge_core.predictions.calibration import deciding, recording
from forge_core.registry import entries
from forge_core.runs.files import checkpoints
from tests import arrange
from tests.arrange import ACTOR
from tests.forge_core.cli.commands import forge
from tests.trained import open_copy


def test_calibrate__keeps_a_copy_that_decides_as_its_promise_says(
    finished_run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = open_copy(finished_run_folder, tmp_path / "copy")
    where = ("-w", workspace.folder, "--device", "cpu")
    refused = forge("calibrate", 1, "--max-error", "2%", *where)
    assert refused.exit_code == 1
    assert "cannot be promised: it takes at least 149 accepted" in refused.stderr
    monkeypatch.setattr("forge_core.evaluation.calibration.MIN_IMAGES", 9)
    own = checkpoints.find_checkpoint(workspace, 1)
    told = forge("calibrate", 1, "--max-error", "30%", *where)
    assert told.exit_code == 0, told.stderr
    assert "At most 30 % wrong among the accepted answers" in told.stdout
    assert checkpoints.find_checkpoint(workspace, 1) == own

    path = checkpoints.checkpoint_path(workspace, 1, "calibrated")
    rule = checkpoint.read_card(path).decision_rule
    assert rule is not None
    val = [each for each in arrange.list_all(workspace) if each.split_type == Split.VAL]
    answers = Predictor.load(path, "cpu").predict_many(
        [workspace.store.read(each.file_path) for each in val]
    )
    counted = Counter(each.decision for each in answers if isinstance(each, Prediction))
    assert len(val) == rule.num_images
    assert counted[Decision.ACCEPTED] == rule.num_accepted >= 9
    assert counted[Decision.UNFAMILIAR] == rule.num_unfamiliar == 1
    shown = forge(
        "predict", 1, workspace.store.local_path(val[0].file_path), "--kind", "calibrated", *where
    )
    assert answers[0].decision is not None  # type: ignore[union-attr]
    assert answers[0].decision.words in shown.stdout  # type: ignore[union-attr]
    workspace.database.dispose()


def test_record__does_not_replace_a_copy_that_answers_under_an_alias(
    finished_run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = open_copy(finished_run_folder, tmp_path / "copy")
    monkeypatch.setattr("forge_core.evaluation.calibration.MIN_IMAGES", 9)
    found = deciding.calibrate(workspace, 1, max_error=0.3, device="cpu")
    file = recording.record(workspace, 1, found)
    assert recording.record(workspace, 1, found).kind == CheckpointKind.CALIBRATED
    file = checkpoints.find_checkpoint(workspace, 1, "calibrated")
    entries.append(workspace, "phone", RegistryAction.PROMOTE, file, expected=None, actor=ACTOR)
    with pytest.raises(Conflict, match="answers as phone"):
        recording.record(workspace, 1, found)
    workspace.database.dispose()
