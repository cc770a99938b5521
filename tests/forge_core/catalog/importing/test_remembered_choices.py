"""What a person decided about what an import says stays decided when it says so again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from forge_core.catalog.editing import contested
from forge_core.catalog.editing.contested import Answer
from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.catalog.importing.merging import comparison
from forge_core.catalog.importing.merging.rules import Merge
from forge_core.catalog.importing.run_import import ImportReport
from forge_core.catalog.revisions import history
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, draw_image, list_all

Says = Callable[[str], ImportPlan]


@pytest.fixture
def says(workspace: Workspace, tmp_path: Path) -> Says:
    """An image that is a cat in the catalog, and plans of label files that call it otherwise."""
    photos = tmp_path / "photos"
    photos.mkdir()
    draw_image("circle", 0).save(photos / "0.png")

    def plan(label: str) -> ImportPlan:
        (photos / "labels.csv").write_text(f"image,label\n0.png,{label}\n")
        return import_plan.prepare(workspace, photos)

    run_import.run_import(workspace, plan("cat"), actor=ACTOR)
    return plan


def take_in(workspace: Workspace, plan: ImportPlan, merge: Merge | None) -> ImportReport:
    plan = replace(plan, merge=merge or Merge.KEEP, is_merge_chosen=merge is not None)
    return run_import.run_import(workspace, plan, actor=ACTOR)


def stands(workspace: Workspace) -> tuple[str | None, str | None]:
    (asset,) = list_all(workspace)
    return asset.label_name, asset.review_state


def test_what_a_person_chose_to_keep__is_not_asked_again(workspace: Workspace, says: Says) -> None:
    chosen = take_in(workspace, says("dog"), Merge.KEEP)
    assert chosen.outcomes == {"decided": {"label": 1}}
    assert [problem.reason for problem in chosen.skipped] == ["differs"], "told this once"
    again = take_in(workspace, says("dog"), Merge.ASK)
    assert (again.outcomes, again.revision_id, again.skipped) == (chosen.outcomes, None, [])
    assert stands(workspace) == ("cat", None)
    compared = comparison.compare(workspace, replace(says("dog"), merge=Merge.ASK))
    assert (compared.num_differing, compared.differences) == (0, [])
    assert compared.sentences() == [
        "1 image, here already.",
        "1 label differs as was decided; what is there stays.",
    ]
    take_in(workspace, says("bird"), Merge.ASK)  # a new label is a new question
    assert stands(workspace) == ("cat", "contested")
    take_in(workspace, says("dog"), Merge.TAKE)
    assert stands(workspace)[0] == "dog"


def test_keep_without_a_choice__decides_nothing__and_an_undo_forgets_one(
    workspace: Workspace, says: Says
) -> None:
    assert take_in(workspace, says("dog"), None).outcomes == {"kept": {"label": 1}}
    decided = take_in(workspace, says("dog"), Merge.KEEP).revision_id
    assert decided is not None
    history.undo(workspace, decided, actor=ACTOR)
    take_in(workspace, says("dog"), Merge.ASK)
    assert stands(workspace) == ("cat", "contested")


def test_what_was_answered_in_the_queue__is_not_asked_again(
    workspace: Workspace, says: Says
) -> None:
    take_in(workspace, says("dog"), Merge.ASK)
    contested.decide(workspace, Answer.MINE, actor=ACTOR)
    assert take_in(workspace, says("dog"), Merge.ASK).outcomes == {"decided": {"label": 1}}
    assert stands(workspace) == ("cat", None)
