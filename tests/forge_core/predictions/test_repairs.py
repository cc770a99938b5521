"""The ledger of two runs comes from their own revisions and what their networks said."""

from dataclasses import replace

import pytest

from db.enums import RunStatus
from db.records import Asset
from db.repositories.predictions import PredictionRow
from forge_core.catalog.editing import class_merges, label_edits
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput, NotFound
from forge_core.predictions.repairs import kept_ledgers, ledgers
from forge_core.runs import records, removal
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, list_all, make_catalog, set_columns
from tests.forge_core.cli.commands import forge, forge_json


def add_run(workspace: Workspace, answers: dict[Asset, int], **config: object) -> int:
    """A finished run on the catalog as it is now, whose network says this of these images."""
    with workspace.database.read() as uow:
        known = {
            label.name: label.label_id for label in uow.labels.list_all() if not label.is_retired
        }
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            status=RunStatus.SUCCEEDED,
            author="ana",
            config=dict(config),
            revision_id=uow.revisions.latest_id(),
            class_names=list(known),
            label_ids=list(known.values()),
        )
        rows = [
            PredictionRow(
                asset_id=asset.asset_id,
                label_id=label_id,
                confidence=0.9,
                margin=0.5,
                entropy=0.1,
                label_quality=None,
                given_label_id=asset.label_id,
                revision_id=1,
            )
            for asset, label_id in answers.items()
        ]
        uow.predictions.add(run_id, rows)
    return int(run_id)


@pytest.fixture
def runs(workspace: Workspace, tmp_path) -> tuple[int, int]:
    return repaired(workspace, tmp_path)


def repaired(workspace: Workspace, tmp_path) -> tuple[int, int]:
    """Before and after a repair of one test label and two training labels, circle to square."""
    make_catalog(workspace, tmp_path / "drawn", ("circle", "square"), train=4, val=2, test=3)
    circle, square = (class_id(workspace, name) for name in ("circle", "square"))
    measured = [a for a in list_all(workspace) if a.split_type == "test"]
    first = add_run(workspace, dict.fromkeys(measured, circle))
    for split, number in (("test", 1), ("train", 2)):
        wrong = [a for a in list_all(workspace) if (a.split_type, a.label_id) == (split, circle)]
        ids = [asset.asset_id for asset in wrong[:number]]
        label_edits.relabel(workspace, ids, square, actor=ACTOR)
    now = [a for a in list_all(workspace) if a.split_type == "test"]
    second = add_run(workspace, {a: a.label_id or 0 for a in now})
    return first, second


def test_labels_are_those_of_each_run(workspace, runs):
    found = ledgers.draw_up(workspace, *runs)
    assert (found.split, found.ledger.num_images, found.num_repaired_in_training) == ("test", 6, 2)
    # Circle of all: 3 of 6 on the labels then, 2 of 6 on those now; the new run is always right.
    assert found.ledger.accuracies[0] == pytest.approx((3 / 6, 2 / 6))
    assert found.ledger.accuracies[1] == pytest.approx((5 / 6, 1.0))
    assert found.has_repairs
    assert "2 training labels were corrected between them." in found.lines()[-1]


def test_images_that_moved_or_were_not_scored_are_left_out_and_counted(workspace, runs):
    first, _ = runs
    moved = next(a for a in list_all(workspace) if a.split_type == "test")
    label_edits.set_split(workspace, [moved.asset_id], "train", actor=ACTOR)
    now = [a for a in list_all(workspace) if a.split_type == "test"]
    third = add_run(workspace, {a: a.label_id or 0 for a in now[:-1]}, seed=1)
    found = ledgers.draw_up(workspace, first, third)
    assert (found.ledger.num_images, found.num_left_out) == (4, 2)
    assert "configs differ" in found.lines()[-1]
    assert "2 images are left out" in found.lines()[-1]


def test_a_merge_between_two_runs_is_no_repair(workspace, tmp_path):
    make_catalog(
        workspace, tmp_path / "drawn", ("circle", "square", "disc"), train=2, val=1, test=3
    )
    circle, square, disc = (class_id(workspace, name) for name in ("circle", "square", "disc"))
    measured = [a for a in list_all(workspace) if a.split_type == "test"]
    first = add_run(workspace, dict.fromkeys(measured, disc))
    class_merges.merge_classes(workspace, disc, circle, actor=ACTOR)
    second = add_run(workspace, dict.fromkeys(measured, square))
    found = ledgers.draw_up(workspace, first, second)
    assert not found.has_repairs
    assert (found.ledger.num_images, found.num_repaired_in_training) == (9, 0)
    # The first says disc, which is circle by now: right of 3 circles and 3 discs, on both labels.
    assert found.ledger.accuracies[0] == pytest.approx((6 / 9, 6 / 9))
    assert found.ledger.accuracies[1] == pytest.approx((3 / 9, 3 / 9))


def test_images_that_a_run_was_trained_on_are_left_out(workspace, tmp_path):
    make_catalog(workspace, tmp_path / "drawn", ("circle", "square"), train=2, val=1, test=3)
    measured = [a for a in list_all(workspace) if a.split_type == "test"]
    first = add_run(workspace, {a: a.label_id or 0 for a in measured})
    second = add_run(workspace, {a: a.label_id or 0 for a in measured})
    trained = next(a for a in list_all(workspace) if a.split_type == "train")
    with workspace.database.write() as uow:
        set_columns(uow, [trained.asset_id], content_hash=measured[0].content_hash)
    found = ledgers.draw_up(workspace, first, second)
    assert (found.ledger.num_images, found.num_left_out) == (5, 1)
    assert "trained on by one" in found.lines()[-1]


def test_read_state__changes_with_labels_and_answers(workspace, runs):
    seen = set()

    def look() -> int:
        seen.add(
            ledgers.read_state(workspace, *(records.get_run(workspace, each) for each in runs))
        )
        return len(seen)

    assert (look(), look()) == (1, 1)
    with workspace.database.write() as uow:
        (row, _), *_ = uow.predictions.list_by_assets(
            runs[0], [a.asset_id for a in list_all(workspace)]
        ).values()
        uow.predictions.add(runs[0], [replace(row, revision_id=2)])
    assert look() == 2
    moved = next(a for a in list_all(workspace) if a.split_type == "test")
    label_edits.set_split(workspace, [moved.asset_id], "train", actor=ACTOR)
    assert look() == 3


def test_what_cannot_be_compared_is_refused(workspace, runs):
    first, second = runs
    with pytest.raises(InvalidInput, match="itself"):
        ledgers.draw_up(workspace, first, first)
    with pytest.raises(InvalidInput, match="train"):
        ledgers.draw_up(workspace, first, second, "train")
    with pytest.raises(InvalidInput, match="no images of val"):
        ledgers.draw_up(workspace, first, second, "val")
    assert history.latest_revision_id(workspace) > 1


def test_a_ledger_that_was_drawn__is_told_when_a_run_is_gone(workspace, runs):
    first, second = runs
    assert kept_ledgers.find(workspace, first, second) is None
    drawn, since = kept_ledgers.answer(workspace, first, second, actor=ACTOR)
    assert since is None
    again, since = kept_ledgers.answer(workspace, first, second, actor=ACTOR)
    (kept,) = kept_ledgers.list_all(workspace)
    assert (kept.ledger, since) == (drawn, None)
    assert (again, kept.ledger.lines()) == (drawn, drawn.lines())
    assert (kept.author, kept.revision_id) == (ACTOR.name, history.latest_revision_id(workspace))
    removal.delete_run(workspace, first)
    told, since = kept_ledgers.answer(workspace, first, second, actor=ACTOR)
    assert told == drawn
    assert since == kept
    with pytest.raises(NotFound):
        kept_ledgers.answer(workspace, first, second, "val", actor=ACTOR)


@pytest.mark.usefixtures("runs")
def test_a_ledger_without_a_repair__is_not_kept(workspace):
    measured = [a for a in list_all(workspace) if a.split_type == "test"]
    third, fourth = (add_run(workspace, {a: a.label_id or 0 for a in measured}) for _ in range(2))
    assert not kept_ledgers.draw_up_and_keep(workspace, third, fourth, actor=ACTOR).has_repairs
    assert kept_ledgers.list_all(workspace) == []


def test_ledgers_on_the_command_line__are_drawn_kept_and_listed(sqlite_workspace, tmp_path):
    workspace = sqlite_workspace
    where = ("-w", workspace.folder)
    assert "No ledger was drawn up yet" in forge("ledger", *where).stdout
    first, second = repaired(workspace, tmp_path)
    found = forge_json("ledger", first, second, *where)
    assert (found["num_repaired_in_training"], found["kept_at"]) == (2, None)
    removal.delete_run(workspace, second)
    later = forge_json("ledger", first, second, *where)
    assert (later["lines"], later["ledger"]) == (found["lines"], found["ledger"])
    assert later["kept_at"]
    assert f"{first} to {second}" in forge("ledger", *where).stdout
    (listed,) = forge_json("ledger", *where)["ledgers"]
    assert listed["ledger"]["ledger"] == found["ledger"]
    assert "only run 1 was given" in forge("ledger", 1, *where).stderr
