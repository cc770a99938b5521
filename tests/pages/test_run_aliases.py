"""A run is used under a name from its page, and the list of runs says so and leads back."""

from forge_core.people.actor import Actor
from forge_core.registry import aliases, evidence, promotion
from forge_core.workspace import Workspace
from tests.forge_core.registry.second_runs import add_run
from tests.pages.visiting import labels_of_buttons, press, visit, words

PAGE = "training/runs.py"


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
