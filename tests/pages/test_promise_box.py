"""A calibrated checkpoint is kept from the page Evaluation, or it is said what can be promised."""

import pytest

from forge_core.models.checkpoints import checkpoint
from forge_core.predictions import evaluation
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace
from pages.components.evaluation import promise_box
from tests.arrange import ACTOR
from tests.pages.visiting import visit, words

PAGE = "models/evaluation.py"


def test_keep__refused_with_what_it_takes_then_kept_with_its_promise(
    finished_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = evaluation.evaluate_and_keep(finished_workspace, 1, "val", device="cpu", actor=ACTOR)[
        0
    ]
    app = visit(PAGE, evaluation=number, look="certainty")
    app.button("promise_keep_1").click().run()
    assert "it takes at least 149 accepted validation images" in words(app)
    assert {each.kind for each in checkpoints.list_recorded(finished_workspace, 1)} == {
        "best",
        "last",
    }
    monkeypatch.setattr("forge_core.evaluation.calibration.MIN_IMAGES", 9)
    monkeypatch.setattr(promise_box, "ERRORS", (0.3,))
    monkeypatch.setattr(promise_box, "DEFAULT_ERROR", 0.3)
    app = visit(PAGE, evaluation=number, look="certainty")
    app.button("promise_keep_1").click().run()
    path = checkpoints.checkpoint_path(finished_workspace, 1, "calibrated")
    rule = checkpoint.read_card(path).decision_rule
    assert rule is not None
    assert rule.promise in words(app)
    assert not app.exception
