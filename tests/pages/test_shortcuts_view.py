"""Shortcuts on the page Evaluation: asked for, under way, found."""

import pytest

from forge_core.evaluation.shortcuts.alarm import Shortcut, Swap
from forge_core.evaluation.summary import Rate
from forge_core.jobs import supervision
from forge_core.predictions import evaluation, kept_evaluations
from forge_core.predictions.shortcuts import kept_shortcuts
from forge_core.predictions.shortcuts.kept_shortcuts import KeptShortcuts
from forge_core.workspace import Workspace
from tests.arrange import ACTOR
from tests.pages.visiting import visit, words

PAGE = "models/evaluation.py"


@pytest.fixture
def number(finished_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> int:
    """An evaluation on val."""
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)
    return evaluation.evaluate_and_keep(finished_workspace, 1, "val", device="cpu", actor=ACTOR)[0]


def test_a_press__looks_in_the_background(finished_workspace: Workspace, number: int) -> None:
    app = visit(PAGE, evaluation=number, look="parts")
    assert "a network can learn them in place of the thing" in words(app)
    app.button("evaluation_shortcuts").click().run()
    job = kept_shortcuts.find_job(finished_workspace, number)
    assert job is not None
    assert job.payload == {"evaluation_id": number}
    assert "Waiting for its turn." in words(app)
    assert "evaluation_shortcuts" not in [each.key for each in app.button]


def test_what_was_found__names_class_and_cue_with_every_number(
    finished_workspace: Workspace, number: int
) -> None:
    kept = kept_evaluations.get(finished_workspace, number)
    names = dict(zip(kept.label_ids, kept.report.class_names, strict=True))
    label_id = next(each for each, name in names.items() if name == "circle")
    found = Shortcut(
        label_id=label_id,
        kind="border",
        cue="a red border",
        num_with=4,
        num_without=0,
        num_others_with=0,
        num_others_without=8,
        found_with=Rate(count=3, of=4),
        found_without=None,
        taken_with=None,
        taken_without=Rate(count=1, of=8),
        given=Swap(num_images=8, towards=7, back=1),
        taken=None,
        p_value=0.03,
        is_alarm=True,
    )
    kept_shortcuts.keep(
        finished_workspace,
        number,
        KeptShortcuts(
            num_images=12, num_left_out=0, num_cues=5, shortcuts=[found], class_names=names
        ),
    )
    app = visit(PAGE, evaluation=number, look="parts")
    (said,) = [each.value for each in app.error]
    assert said.replace("\\", "") == (
        "'circle' is answered because of a red border: of 8 pictures of other classes that were "
        "given it 6 more are taken for 'circle'."
    )
    row = app.dataframe[-1].value.iloc[0]
    assert (row["Class"], row["Cue"], row["With it"]) == ("circle", "a red border", "4 of 4")
    assert (row["Found with it"], row["Follow when given"], row["p"]) == (75, 75, 0.03)
    assert row["Shortcut"]
    assert app.button("evaluation_shortcuts").label == "Look again"
