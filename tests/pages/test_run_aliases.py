"""A run is used under a name from its page, and the list of runs says so and leads back."""

import pytest

from db.enums import CheckpointKind
from forge_core.jobs import supervision
from forge_core.people.actor import Actor
from forge_core.registry import aliases, evidence, promotion
from forge_core.runs import records
from forge_core.runs.files import checkpoints
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace
from pages.components import checkpoint_chooser
from pages.components.runs import alias_list
from pages.components.train import chosen, model_step
from tests.forge_core.registry.second_runs import add_run
from tests.pages.visiting import labels_of_buttons, press, visit, words

PAGE = "training/runs.py"


def test_every_kind_of_weights__has_words_and_can_be_started_from() -> None:
    assert set(alias_list.KINDS) == set(checkpoint_chooser.KIND_WORDS) == set(CheckpointKind)
    for kind in CheckpointKind:
        config = TrainConfig(
            pretrained=True, start_run=1, start_kind=kind.value, start_hash="a" * 64
        )
        assert config.start_kind == kind


def test_use_as__answers_under_the_name_and_rolls_back_in_one_click(
    finished_workspace: Workspace,
) -> None:
    add_run(finished_workspace, scale=1.01)
    app = press(visit(PAGE, run=1), "Use as")
    assert "Nothing answers as **production** now." in words(app)
    app = press(app, "Use as production")
    assert aliases.get_current(finished_workspace, "production").run_id == 1
    found = evidence.gather(finished_workspace, "production", 2)
    promotion.promote(
        finished_workspace, found, actor=Actor("ana"), reason="a trial", is_forced=True
    )
    app = visit(PAGE)
    said = words(app)
    assert "Run 2, best weights, by ana, overruled: a trial" in said
    assert "was not measured on the images that test has" in said
    app = press(app, "Roll back to run 1")
    assert aliases.get_current(finished_workspace, "production").run_id == 1
    assert not any(label.startswith("Roll back") for label in labels_of_buttons(app))


def test_use_as__what_speaks_against_it_needs_a_reason(finished_workspace: Workspace) -> None:
    run_id = add_run(finished_workspace, scale=-1.0)
    first = evidence.gather(finished_workspace, "production", 1)
    promotion.promote(finished_workspace, first, actor=Actor("ana"))
    found = evidence.gather(finished_workspace, "production", run_id)
    promotion.evaluate_missing(finished_workspace, found, actor=Actor("ana"), device="cpu")
    app = press(visit(PAGE, run=run_id), "Use as")
    assert "that is no chance" in words(app)
    assert app.button(key="use_as_sure").disabled
    app.text_input(key="use_as_reason").input("for a day")
    app = press(app.run(), "Use it all the same")
    entry = aliases.get_current(finished_workspace, "production")
    assert (entry.run_id, entry.is_forced, entry.reason) == (run_id, True, "for a day")
    assert entry.evidence["flips"][0] > 0


def test_train__starts_from_the_run_that_is_in_use(
    finished_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)
    add_run(finished_workspace, scale=1.01)
    found = evidence.gather(finished_workspace, "production", 1)
    promotion.promote(finished_workspace, found, actor=Actor("ana"))
    app = visit("training/train.py")
    app = app.selectbox(key=chosen.ARCHITECTURE_KEY).set_value("forge_cnn").run()
    app = app.segmented_control(key="train_forge_cnn_start").set_value(model_step.A_RUN).run()
    assert "It knows all classes." in words(app)
    press(app, "Start training")
    config = records.get_run(finished_workspace, 3).config
    expected = {"start_run": 1, "pretrained": True, "input_size": 16, "warmup_epochs": 0}
    assert {name: config[name] for name in expected} == expected
    assert config["start_hash"] == checkpoints.find_best_hash(finished_workspace, 1)
    assert "ForgeCNN, from run 1" in words(visit(PAGE, run=3))


def test_train__the_address_names_a_run_to_start_from(finished_workspace: Workspace) -> None:
    add_run(finished_workspace, scale=1.01)
    app = visit("training/train.py", start=1)
    assert app.selectbox(key=chosen.ARCHITECTURE_KEY).value == "forge_cnn"
    assert app.segmented_control(key="train_forge_cnn_start").value == model_step.A_RUN
    assert app.selectbox(key=model_step.START_RUN_KEY).value == 1
    assert "There is no checkpoint of run 9" in words(visit("training/train.py", start=9))
