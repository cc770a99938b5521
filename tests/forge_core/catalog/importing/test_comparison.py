"""What an import would bring to images that are there is said before it starts."""

import shutil
from dataclasses import replace
from pathlib import Path

from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.importing.merging import comparison
from forge_core.catalog.importing.merging.rules import Merge
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, draw_folder, draw_image, import_folder, list_all


def swap(folder: Path, name: str, old: str, new: str) -> None:
    """Let a picture lie in the folder of another class."""
    (folder / old / name).rename(folder / new / name)


def test_compare__with_an_empty_catalog_says_nothing(workspace: Workspace, tmp_path) -> None:
    plan = import_plan.prepare(workspace, draw_folder(tmp_path / "shapes"))
    found = comparison.compare(workspace, plan)
    assert (found.num_here, found.num_new, found.sentences()) == (0, 12, [])


def test_compare__tells_what_is_here_and_how_many_labels_differ(
    workspace: Workspace, tmp_path
) -> None:
    folder = draw_folder(tmp_path / "shapes")
    import_folder(workspace, folder)
    assert comparison.compare(workspace, import_plan.prepare(workspace, folder)).sentences() == [
        "12 images, all here already."
    ]
    swap(folder, "circle_0001.png", "circle", "square")
    swap(folder, "circle_0002.png", "circle", "stripe")
    plan = import_plan.prepare(workspace, folder)
    before = list_all(workspace)
    found = comparison.compare(workspace, plan)
    assert found.sentences() == [
        "12 images, all here already.",
        "2 labels differ; what is there would stay.",
    ]
    shown = {(one.asset.label_name, one.findings[0].said) for one in found.differences}
    assert shown == {("circle", "square"), ("circle", "stripe")}
    assert list_all(workspace) == before
    taking = comparison.compare(workspace, replace(plan, merge=Merge.TAKE))
    assert taking.outcomes == {"taken": {"label": 2}}
    assert len(taking.differences) == 2


def test_compare__is_what_the_import_then_does(workspace: Workspace, tmp_path) -> None:
    folder = draw_folder(tmp_path / "shapes")
    import_folder(workspace, folder)
    swap(folder, "circle_0001.png", "circle", "square")
    draw_image("circle", 99).save(folder / "circle" / "new.png")
    for merge in (Merge.KEEP, Merge.ASK, Merge.TAKE):
        plan = replace(import_plan.prepare(workspace, folder), merge=merge)
        found = comparison.compare(workspace, plan)
        report = run_import.run_import(workspace, plan, actor=ACTOR)
        assert (found.num_new, found.num_here) == (report.added, report.already_present)
        assert found.outcomes == report.outcomes


def test_compare__without_time_goes_by_name_and_size_and_says_what_was_not_looked_at(
    workspace: Workspace, tmp_path
) -> None:
    folder = draw_folder(tmp_path / "shapes")
    import_folder(workspace, folder)
    swap(folder, "circle_0001.png", "circle", "square")  # so it would lie at another place
    plan = import_plan.prepare(workspace, folder)
    found = comparison.compare(workspace, plan, max_seconds=-1)
    assert (found.num_here, found.num_unseen, found.num_new) == (11, 1, 0)
    assert "1 were not looked at yet" in found.sentences()[0]


def test_compare__tells_copies_and_leaks_within_a_first_import(
    workspace: Workspace, tmp_path
) -> None:
    folder = draw_folder(tmp_path / "shapes", splits={"test": 1, "train": 2})
    source = min((folder / "train" / "circle").iterdir())
    shutil.copy(source, folder / "test" / "circle" / "again.png")
    plan = import_plan.prepare(workspace, folder)
    found = comparison.compare(workspace, plan)
    assert (found.num_copies, found.num_here) == (1, 0)
    assert "1 image lies in two splits of what is imported (a leak)" in found.sentences()[1]
    assert found.outcomes == run_import.run_import(workspace, plan, actor=ACTOR).outcomes
