import json
import re

import pytest
from sqlalchemy import text

import db.session
from forge_core.api import operations, shapes
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.workspace import open_workspace
from tests import arrange
from tests.forge_core.api import browsing


def send(browser, *operations):
    answer = browser.post("/operations", json={"operations": list(operations)})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def relabel(asset, label_id, operation_id="operation-1", **more):
    return {
        "operation_id": operation_id,
        "kind": "relabel",
        "asset_ids": [str(asset.asset_id)],
        "label_id": label_id,
        **more,
    }


@pytest.fixture
def ids(workspace, assets):
    return {name: arrange.class_id(workspace, name) for name in arrange.CLASSES}


def label_of(workspace, asset):
    return asset_list.get_asset(workspace, asset.asset_id).label_name


def test_relabel__is_in_the_catalog_with_its_author(workspace, browser, assets, ids):
    (result,) = send(browser, relabel(assets[0], ids["square"]))
    assert result["status"] == "applied"
    assert result["assets"][0]["label_name"] == "square"
    assert label_of(workspace, assets[0]) == "square"
    revision = history.list_revisions(workspace, limit=1)[0]
    assert (revision.author, revision.operation_id) == ("anna", "operation-1")


def test_relabel__sent_twice_is_applied_once(workspace, browser, assets, ids):
    operation = relabel(assets[0], ids["square"])
    (first,) = send(browser, operation)
    before = history.latest_revision_id(workspace)
    (second,) = send(browser, operation)
    assert second["status"] == "already_applied"
    assert second["revision_id"] == first["revision_id"]
    assert history.latest_revision_id(workspace) == before


def test_relabel__null_takes_the_label_away(workspace, browser, assets):
    send(browser, relabel(assets[0], None))
    assert label_of(workspace, assets[0]) is None


def test_relabel__a_change_by_somebody_else_is_a_conflict_with_both_values(
    workspace, browser, assets, ids
):
    seen = assets[0].row_version
    label_edits.relabel(workspace, [assets[0].asset_id], ids["square"], actor=Actor("bo"))
    expected = {str(assets[0].asset_id): seen}
    (result,) = send(browser, relabel(assets[0], ids["stripe"], expected_versions=expected))
    assert result["status"] == "conflict"
    (conflict,) = result["conflicts"]
    assert conflict["author"] == "bo"
    assert conflict["label_name"] == "square"
    assert conflict["changed_at"].endswith("Z")
    assert label_of(workspace, assets[0]) == "square"
    expected = {str(assets[0].asset_id): conflict["row_version"]}
    (mine,) = send(
        browser, relabel(assets[0], ids["stripe"], "operation-2", expected_versions=expected)
    )
    assert mine["status"] == "applied"


def test_operations__own_changes_of_one_image_in_one_request_do_not_conflict(
    workspace, browser, assets, ids
):
    expected = {str(assets[0].asset_id): assets[0].row_version}
    results = send(
        browser,
        relabel(assets[0], ids["square"], "operation-1", expected_versions=expected),
        relabel(assets[0], ids["stripe"], "operation-2", expected_versions=expected),
    )
    assert [result["status"] for result in results] == ["applied", "applied"]
    assert label_of(workspace, assets[0]) == "stripe"


def test_operations__a_repetition_before_a_new_change_does_not_conflict(
    workspace, browser, assets, ids
):
    """A browser that closed before the answer came sends both again, with the version of then."""
    expected = {str(assets[0].asset_id): assets[0].row_version}
    first = relabel(assets[0], ids["square"], "operation-1", expected_versions=expected)
    second = relabel(assets[0], ids["stripe"], "operation-2", expected_versions=expected)
    send(browser, first)
    results = send(browser, first, second)
    assert [result["status"] for result in results] == ["already_applied", "applied"]


def test_operations__after_a_conflict_a_later_change_of_the_image_is_one_too(
    workspace, browser, assets, ids
):
    expected = {str(assets[0].asset_id): assets[0].row_version}
    label_edits.relabel(workspace, [assets[0].asset_id], ids["square"], actor=Actor("bo"))
    results = send(
        browser,
        relabel(assets[0], ids["stripe"], "operation-1", expected_versions=expected),
        relabel(assets[0], None, "operation-2", expected_versions=expected),
    )
    assert [result["status"] for result in results] == ["conflict", "conflict"]
    assert label_of(workspace, assets[0]) == "square"


def test_operations__one_bad_one_does_not_lose_the_others(workspace, browser, assets, ids):
    results = send(
        browser,
        relabel(assets[0], ids["square"], "operation-1"),
        relabel(assets[1], 999_999, "operation-2"),
        {"operation_id": "operation-3", "kind": "explode"},
        "nonsense",
        relabel(assets[2], ids["square"], "operation-4"),
    )
    assert [result["status"] for result in results] == [
        "applied",
        "refused",
        "refused",
        "refused",
        "applied",
    ]
    assert "no class with the number 999999" in results[1]["message"]
    assert label_of(workspace, assets[2]) == "square"


def break_on(monkeypatch, *operation_ids):
    """A fault of the server in these operations, after everything was checked."""
    relabel_as_ever = operations.KINDS["relabel"]

    def relabel_or_break(batch, operation, operation_id):
        if operation_id in operation_ids:
            raise RuntimeError("the secret of the house")
        return relabel_as_ever(batch, operation, operation_id)

    monkeypatch.setitem(operations.KINDS, "relabel", relabel_or_break)


def test_operations__a_fault_of_the_server_is_told_with_the_id_of_its_line_in_the_log(
    workspace, browser, assets, ids, monkeypatch, caplog
):
    break_on(monkeypatch, "operation-2")
    results = send(
        browser,
        relabel(assets[0], ids["square"], "operation-1"),
        relabel(assets[1], ids["square"], "operation-2"),
        relabel(assets[2], ids["square"], "operation-3"),
    )
    assert [result["status"] for result in results] == ["applied", "failed", "failed"]
    assert [result["operation_id"] for result in results] == [f"operation-{n}" for n in (1, 2, 3)]
    assert results[0]["assets"][0]["label_name"] == "square"
    assert re.fullmatch("[0-9a-f]{8}", results[1]["error_id"])
    assert "secret" not in str(results)
    assert (
        f"error {results[1]['error_id']} at POST {browser.base_url.path}operations" in caplog.text
    )
    assert "the secret of the house" in caplog.text
    assert "error_id" not in results[2]  # it only waits, and is not to blame
    (result,) = send(browser, relabel(assets[2], ids["square"], "operation-3"))
    assert result["status"] == "applied"


def test_operations__a_database_that_will_not_mend_itself_is_a_fault_and_not_waited_for(
    workspace, browser, assets, ids
):
    with workspace.database.write() as uow:
        uow.session.execute(text("ALTER TABLE asset_changes RENAME TO elsewhere"))
    change = relabel(assets[0], ids["square"], "operation-1")
    (result,) = send(browser, change)
    assert (result["status"], len(result["error_id"])) == ("failed", 8)
    with workspace.database.write() as uow:
        uow.session.execute(text("ALTER TABLE elsewhere RENAME TO asset_changes"))
    assert send(browser, change)[0]["status"] == "applied"


@pytest.mark.parametrize("what", ["number", "text", "nothing"])
def test_operations__one_whose_result_cannot_be_told_does_not_lose_the_answers_of_its_batch(
    browser, assets, ids, monkeypatch, what
):
    shape_as_ever = shapes.shape_result

    def shape_badly(result, *blind):
        shaped = shape_as_ever(result)
        if result.operation_id == "operation-2":
            shaped["note"] = {"number": float("nan"), "text": "\ud800", "nothing": object()}[what]
        return shaped

    monkeypatch.setattr(shapes, "shape_result", shape_badly)
    changes = [relabel(assets[n], ids["square"], f"operation-{n}") for n in (1, 2)]
    results = send(browser, *changes)
    assert results[0]["status"] == "applied"
    assert results[1]["operation_id"] == "operation-2"
    assert (results[1]["status"], "error_id" in results[1]) == (
        ("applied", False) if what == "text" else ("failed", True)
    )


@pytest.mark.parametrize("field", ["operation_id", "kind", "asset_ids", "split"])
def test_operations__half_a_character_does_not_lose_the_answers_of_its_batch(
    workspace, browser, assets, ids, field
):
    """JSON may hold half of a pair of surrogates, which is no text that can be stored."""
    bad = {"kind": "set_split", "asset_ids": [str(assets[1].asset_id)], "split": "val"}
    bad |= {"operation_id": "operation-2"}
    bad |= {field: ["\ud800" * 36] if field == "asset_ids" else "half-of-\ud800"}
    body = json.dumps({"operations": [relabel(assets[0], ids["square"]), bad]})
    answer = browser.post("/operations", content=body)
    assert answer.status_code == 200
    first, second = json.loads(answer.content)["results"]
    assert first["status"] == "applied"
    assert second["status"] in ("refused", "failed")
    assert asset_list.get_asset(workspace, assets[1].asset_id).split_type is None


def test_operations__while_the_database_is_locked_fail_and_can_be_sent_again(tmp_path, monkeypatch):
    monkeypatch.setattr(db.session, "BUSY_TIMEOUT_SECONDS", 1)
    workspace = open_workspace(Settings(_env_file=None, workspace=tmp_path / "locked"))
    assets = arrange.make_catalog(workspace, tmp_path / "drawn")
    assert label_of(workspace, assets[0]) == "circle"
    changes = [
        relabel(assets[0], arrange.class_id(workspace, "square"), "operation-1"),
        relabel(assets[0], None, "operation-2"),
    ]
    with browsing.with_token(workspace, Actor("anna")) as client:
        with workspace.database.write() as uow:
            uow.revisions.lock()
            results = send(client, *changes)
        assert [result["status"] for result in results] == ["failed", "failed"]
        assert "earlier change" in results[1]["message"]
        assert not any("error_id" in result for result in results)  # it passes: wait for it
        assert label_of(workspace, assets[0]) == "circle"
        results = send(client, *changes)
    assert [result["status"] for result in results] == ["applied", "applied"]
    assert label_of(workspace, assets[0]) is None
    workspace.database.dispose()


def test_set_split__and_out_again(workspace, browser, assets):
    operation = {"kind": "set_split", "asset_ids": [str(a.asset_id) for a in assets[:3]]}
    send(browser, operation | {"operation_id": "operation-1", "split": "held_out"})
    assert asset_list.get_asset(workspace, assets[2].asset_id).split_type == "held_out"
    (locked,) = send(browser, operation | {"operation_id": "operation-2", "split": None})
    assert locked["status"] == "conflict"
    assert {c["now"] for c in locked["conflicts"]} == {"held_out"}
    unlocked = {"operation_id": "operation-3", "split": None, "unlock_held_out": True}
    send(browser, operation | unlocked)
    assert asset_list.get_asset(workspace, assets[2].asset_id).split_type is None


def test_operations__name_images_by_a_filter_instead_of_ids(workspace, browser, assets, ids):
    change = {"kind": "relabel", "where": {"label": ids["circle"]}, "label_id": ids["stripe"]}
    (first,) = send(browser, change | {"operation_id": "operation-1"})
    assert (first["status"], first["num_changed"], first["assets"]) == ("applied", 4, [])
    (again,) = send(browser, change | {"operation_id": "operation-1"})
    assert (again["status"], again["num_changed"]) == ("already_applied", 4)
    split = {"kind": "set_split", "where": {"label": str(ids["stripe"])}, "split": "test"}
    (second,) = send(browser, split | {"operation_id": "operation-2"})
    assert second["num_changed"] == 8
    (third,) = send(browser, {"operation_id": "operation-3", "kind": "remove", "where": {}})
    assert third["num_changed"] == 12


@pytest.mark.parametrize(
    "where", [{"lable": 1}, {"label": True}, {"label": []}, {"split": "valid"}, "all", None, [1]]
)
def test_operations__a_filter_that_is_not_understood_changes_nothing(
    workspace, browser, assets, where
):
    change = {"operation_id": "operation-1", "kind": "relabel", "where": where, "label_id": None}
    (result,) = send(browser, change)
    assert result["status"] == "refused"
    assert all(asset.label_id for asset in arrange.list_all(workspace))


def test_operations__a_filter_and_ids_together_are_refused(browser, assets, ids):
    change = relabel(assets[0], ids["square"]) | {"where": {}}
    (result,) = send(browser, change)
    assert result["status"] == "refused"


def test_restore__brings_removed_images_back(workspace, browser, assets):
    named = {"asset_ids": [str(asset.asset_id) for asset in assets[:2]]}
    send(browser, {"operation_id": "operation-1", "kind": "remove"} | named)
    (result,) = send(browser, {"operation_id": "operation-2", "kind": "restore"} | named)
    assert result["num_changed"] == 2
    assert len(arrange.list_all(workspace)) == 12


def test_remove__then_undo_by_its_operation_id(workspace, browser, assets):
    remove = {"operation_id": "operation-1", "kind": "remove"}
    send(browser, remove | {"asset_ids": [str(assets[0].asset_id)]})
    assert len(arrange.list_all(workspace)) == 11
    undo = {"operation_id": "operation-2", "kind": "undo", "undoes": "operation-1"}
    (result,) = send(browser, undo)
    assert result["status"] == "applied"
    assert len(arrange.list_all(workspace)) == 12


def test_undo__of_a_change_in_the_same_request(workspace, browser, assets, ids):
    undo = {"operation_id": "operation-2", "kind": "undo", "undoes": "operation-1"}
    results = send(browser, relabel(assets[0], ids["square"]), undo)
    assert [result["status"] for result in results] == ["applied", "applied"]
    assert label_of(workspace, assets[0]) == "circle"


def test_undo__of_an_undo_does_it_again(workspace, browser, assets, ids):
    send(browser, relabel(assets[0], ids["square"]))
    send(browser, {"operation_id": "operation-2", "kind": "undo", "undoes": "operation-1"})
    send(browser, {"operation_id": "operation-3", "kind": "undo", "undoes": "operation-2"})
    assert label_of(workspace, assets[0]) == "square"


def test_undo__of_an_operation_that_never_changed_anything_is_nothing(browser, assets):
    undo = {"operation_id": "operation-2", "kind": "undo", "undoes": "operation-x"}
    assert send(browser, undo)[0]["status"] == "nothing"


def test_undo__by_revision_reports_what_was_changed_since(workspace, browser, assets, ids):
    (first,) = send(browser, relabel(assets[0], ids["square"]))
    label_edits.relabel(workspace, [assets[0].asset_id], ids["stripe"], actor=Actor("bo"))
    undo = {"operation_id": "operation-2", "kind": "undo", "revision_id": first["revision_id"]}
    (result,) = send(browser, undo)
    assert result["status"] == "conflict"
    assert result["conflicts"][0]["author"] == "bo"
    assert label_of(workspace, assets[0]) == "stripe"


def test_find_undoable__is_my_newest_change_that_stands(workspace, browser, assets, ids):
    assert browser.get("/operations/undoable").json() == {"revision": None}
    send(browser, relabel(assets[0], ids["square"], "operation-1"))
    send(browser, relabel(assets[1], ids["square"], "operation-2"))
    label_edits.relabel(workspace, [assets[2].asset_id], ids["stripe"], actor=Actor("bo"))
    send(browser, {"operation_id": "operation-3", "kind": "undo", "undoes": "operation-2"})
    revision = browser.get("/operations/undoable").json()["revision"]
    found = {r.revision_id: r for r in history.list_revisions(workspace)}[revision["revision_id"]]
    assert found.operation_id == "operation-1"
    assert revision["num_changes"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"operation_id": "short"},
        {"operation_id": "x" * 65},
        {"operation_id": None},
        {"asset_ids": "all"},
        {"asset_ids": []},
        {"asset_ids": ["not-an-id"]},
        {"asset_ids": [{"$ne": 1}]},
        {"label_id": "cat"},
        {"label_id": True},
        {"label_id": 1.5},
        {"expected_versions": [1]},
        {"expected_versions": {"not-an-id": 1}},
        {"split": "val"},
    ],
)
def test_a_malformed_operation__is_refused_and_changes_nothing(workspace, browser, assets, change):
    before = history.latest_revision_id(workspace)
    (result,) = send(browser, relabel(assets[0], None) | change)
    assert result["status"] == "refused"
    assert result["message"]
    assert history.latest_revision_id(workspace) == before


@pytest.mark.parametrize(
    "operations",
    [
        None,
        [],
        {},
        [{}] * 201,
        [{"asset_ids": ["x"] * 6000}] * 2,
    ],
)
def test_a_request_out_of_bounds__is_refused(browser, operations):
    answer = browser.post("/operations", json={"operations": operations})
    assert answer.status_code == 400
