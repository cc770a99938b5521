"""A decision stands until bytes, label or the class's definition change. On both databases."""

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from db.patches import AssetPatch
from db.records import Asset
from db.saved_records import ReviewDecision
from db.unit_of_work import UnitOfWork
from forge_core.catalog.editing import classes, label_edits, review_flags
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, make_catalog

QUESTION = "label right"


def decide(uow: UnitOfWork, asset: Asset, answer: str = "keep", **values: object) -> ReviewDecision:
    versions = uow.decisions.list_class_versions()
    made = ReviewDecision(
        asset_id=asset.asset_id,
        question=QUESTION,
        answer=answer,
        content_hash=asset.content_hash,
        label_id=asset.label_id,
        class_version=None if asset.label_id is None else versions[asset.label_id],
        actor="ana",
        operation_id=str(uuid.uuid4()),
        revision_id=uow.revisions.latest_id(),
    )
    made = replace(made, **values)
    uow.decisions.add([made])
    return made


def standing(workspace: Workspace, asset: Asset, question: str = QUESTION) -> str | None:
    with workspace.database.read() as uow:
        found = uow.decisions.list_standing(question, [asset.asset_id])
        number = uow.decisions.count_standing(question)
    assert number == len(found)
    return found[asset.asset_id].answer if found else None


@pytest.fixture
def judged(workspace: Workspace, tmp_path) -> Asset:
    """A circle that was kept."""
    asset = make_catalog(workspace, tmp_path / "drawn", train=1, val=0, test=0)[0]
    with workspace.database.write() as uow:
        decide(uow, asset)
    return asset


def relabel(workspace: Workspace, asset: Asset, label_id: int | None) -> int:
    result = label_edits.relabel(workspace, [asset.asset_id], label_id, actor=ACTOR)
    assert result.revision_id is not None
    return result.revision_id


def test_a_decision_stands__for_its_question_and_image_alone(workspace, judged):
    assert standing(workspace, judged) == "keep"
    assert standing(workspace, judged, "least sure") is None
    with workspace.database.read() as uow:
        assert uow.decisions.list_standing(QUESTION, []) == {}
        (kept,) = uow.decisions.list_of_asset(judged.asset_id)
    assert (kept.answer, kept.actor, kept.label_id) == ("keep", "ana", judged.label_id)
    assert kept.decision_id is not None
    assert kept.created_at is not None


def test_another_label_ends_it__and_undo_brings_it_back(workspace, judged):
    revision_id = relabel(workspace, judged, class_id(workspace, "square"))
    assert standing(workspace, judged) is None
    history.undo(workspace, revision_id, actor=ACTOR)
    assert standing(workspace, judged) == "keep"
    relabel(workspace, judged, None)
    assert standing(workspace, judged) is None


def test_other_bytes_end_it(workspace, judged):
    with workspace.database.write() as uow:
        uow.assets.update_fields([judged.asset_id], AssetPatch(content_hash="f" * 64))
    assert standing(workspace, judged) is None


def test_a_removed_image_has_none__until_it_is_restored(workspace, judged):
    label_edits.remove_assets(workspace, [judged.asset_id], actor=ACTOR)
    assert standing(workspace, judged) is None
    label_edits.restore_assets(workspace, [judged.asset_id], actor=ACTOR)
    assert standing(workspace, judged) == "keep"


def rename(workspace: Workspace, label_id: int) -> int | None:
    return classes.rename_class(workspace, label_id, "disc", actor=ACTOR).revision_id


def describe(workspace: Workspace, label_id: int) -> int | None:
    changed = classes.edit_class(workspace, label_id, description="no ovals", actor=ACTOR)
    return changed.revision_id


@pytest.mark.parametrize("change", [rename, describe])
def test_another_definition_of_the_class_ends_it__and_undo_brings_it_back(
    workspace, judged, change: Callable[[Workspace, int], int]
):
    revision_id = change(workspace, judged.label_id)
    assert standing(workspace, judged) is None
    history.undo(workspace, revision_id, actor=ACTOR)
    assert standing(workspace, judged) == "keep"


def test_what_is_no_definition_leaves_it(workspace, judged):
    """Colour and key of the class, split and flag of the image, and what happens to others."""
    classes.edit_class(workspace, judged.label_id, color="#123456", hotkey="w", actor=ACTOR)
    label_edits.set_split(workspace, [judged.asset_id], "val", actor=ACTOR)
    review_flags.flag(workspace, [judged.asset_id], note="again?", actor=ACTOR)
    rename(workspace, class_id(workspace, "square"))
    assert standing(workspace, judged) == "keep"


def test_the_newest_that_stands_holds(workspace, judged):
    square = class_id(workspace, "square")
    with workspace.database.write() as uow:
        decide(uow, judged, "ambiguous")
        decide(uow, judged, "change", label_id=square, class_version=None if not square else 1)
        versions = uow.decisions.list_class_versions()
        assert versions[square] == versions[judged.label_id] == 1, "made by the import"
    assert standing(workspace, judged) == "ambiguous"
    relabel(workspace, judged, square)
    assert standing(workspace, judged) == "change"


def test_an_image_without_a_label_is_judged_too(workspace, judged):
    relabel(workspace, judged, None)
    with workspace.database.write() as uow:
        decide(uow, asset_list.get_asset(workspace, judged.asset_id), "skip")
    assert standing(workspace, judged) == "skip"
    relabel(workspace, judged, judged.label_id)
    assert standing(workspace, judged) == "keep", "the earlier one speaks of this label"


def test_add__sent_twice_is_kept_once__and_taken_back_whole(workspace, judged):
    with workspace.database.write() as uow:
        made = decide(uow, judged, "ambiguous", operation_id="operation-1")
        uow.decisions.add([made, replace(made, question="least sure")])
        uow.decisions.add([])
        kept = uow.decisions.list_of_asset(judged.asset_id)
        assert [one.answer for one in kept] == ["keep", "ambiguous", "ambiguous"]
        assert [one.question for one in kept] == [QUESTION, QUESTION, "least sure"]
        assert uow.decisions.revert("operation-1", "undo-1") == 2
        assert uow.decisions.revert("operation-1", "undo-1") == 0
    assert standing(workspace, judged) == "keep"


def test_revert__of_a_revert_gives_again__and_so_on(workspace, judged):
    def undo(undone: str, by: str) -> str | None:
        with workspace.database.write() as uow:
            uow.decisions.revert(undone, by)
        return standing(workspace, judged)

    with workspace.database.write() as uow:
        decide(uow, judged, "ambiguous", operation_id="operation-1")
    assert undo("operation-1", "undo-1") == "keep"
    assert undo("undo-1", "redo-1") == "ambiguous"
    assert undo("redo-1", "undo-2") == "keep"
    assert undo("undo-2", "redo-2") == "ambiguous"


def test_list_latest__pages_of_a_question_newest_first(workspace, judged):
    with workspace.database.write() as uow:
        for answer in ("skip", "ambiguous"):
            decide(uow, judged, answer)
        first = uow.decisions.list_latest(QUESTION, limit=2)
        rest = uow.decisions.list_latest(QUESTION, limit=2, before=first[-1].decision_id)
        assert uow.decisions.list_latest("least sure", limit=2) == []
    assert [one.answer for one in (*first, *rest)] == ["ambiguous", "skip", "keep"]
