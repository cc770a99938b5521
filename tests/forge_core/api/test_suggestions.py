"""What a run suggests beside the rows of the gallery: one query a page, whatever its length."""

import pytest
from sqlalchemy import event

from db.enums import RunStatus
from db.repositories.predictions import PredictionRow
from forge_core.catalog.editing import class_merges, label_edits
from forge_core.people.actor import Actor
from tests import arrange
from tests.forge_core.api.test_operations import send


@pytest.fixture
def run(workspace, assets):
    """A run that says square of the first image and stripe of the second, nothing of others."""
    square, stripe = (arrange.class_id(workspace, name) for name in ("square", "stripe"))
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            name="",
            status=RunStatus.SUCCEEDED,
            author="anna",
            config={},
            revision_id=1,
            class_names=["square", "stripe"],
            label_ids=[square, stripe],
        )
        rows = [
            PredictionRow(
                asset_id=asset.asset_id,
                label_id=label_id,
                confidence=0.75,
                margin=0.5,
                entropy=0.562,  # -(0.75 ln 0.75 + 0.25 ln 0.25) = 0.2158 + 0.3466
                label_quality=quality,
                given_label_id=asset.label_id,
                revision_id=1,
            )
            for asset, label_id, quality in zip(
                assets, (square, stripe), (0.25, None), strict=False
            )
        ]
        uow.predictions.add(run_id, rows)
    return run_id


def suggestions(answer):
    return {row["id"]: row["suggestion"] for row in answer.json()["assets"]}


@pytest.mark.parametrize("path", ["/assets", "/assets/now"])
def test_suggest__each_row_has_what_the_run_says_or_nothing(workspace, browser, assets, run, path):
    asked = {"ids": ",".join(str(asset.asset_id) for asset in assets)} if "now" in path else {}
    found = suggestions(browser.get(path, params={**asked, "suggest": run}))
    first, second = str(assets[0].asset_id), str(assets[1].asset_id)
    assert found[first] == {
        "run": run,
        "voters": "",
        "label_id": arrange.class_id(workspace, "square"),
        "label_name": "square",
        "among": [],
        "confidence": 0.75,
        "margin": 0.5,
        "entropy": 0.562,
        "label_quality": 0.25,
    }
    assert found[second]["label_name"] == "stripe"
    assert found[second]["label_quality"] is None
    assert [found[str(asset.asset_id)] for asset in assets[2:]] == [None] * (len(assets) - 2)


def test_suggest__quality_is_of_the_label_now_and_merged_classes_are_not_suggested(
    workspace, browser, assets, run
):
    stripe = arrange.class_id(workspace, "stripe")
    square = arrange.class_id(workspace, "square")
    label_edits.relabel(workspace, [assets[0].asset_id], square, actor=Actor("anna"))
    class_merges.merge_classes(
        workspace, stripe, arrange.class_id(workspace, "circle"), actor=Actor("anna")
    )
    found = suggestions(browser.get("/assets", params={"suggest": run}))
    assert found[str(assets[0].asset_id)]["label_quality"] is None
    assert found[str(assets[1].asset_id)] is None


def test_suggest__without_it_rows_are_as_ever_and_an_unknown_run_suggests_nothing(
    browser, assets, run
):
    assert all("suggestion" not in row for row in browser.get("/assets").json()["assets"])
    found = suggestions(browser.get("/assets", params={"suggest": 99}))
    assert set(found.values()) == {None}
    for nonsense in ("x", "-1", "9999999999"):
        answer = browser.get("/assets", params={"suggest": nonsense})
        assert answer.status_code == 400
    assert browser.get("/assets/now", params={"suggest": "x"}).status_code == 400


def test_suggest__costs_one_query_more__whatever_the_length_of_the_page(
    workspace, browser, assets, run
):
    statements = []

    def count(connection, cursor, statement, *_):
        if not statement.startswith(("BEGIN", "ROLLBACK", "COMMIT", "PRAGMA")):
            statements.append(statement)

    def number(path, **params):
        statements.clear()
        assert browser.get(path, params=params).status_code == 200
        return len(statements)

    event.listen(workspace.database.engine, "before_cursor_execute", count)
    ids = [str(asset.asset_id) for asset in assets]
    plain = number("/assets", limit=12)
    assert number("/assets", limit=12, suggest=run) == plain + 1
    assert number("/assets", limit=1, suggest=run) == plain + 1
    now = number("/assets/now", ids=",".join(ids))
    assert number("/assets/now", ids=",".join(ids), suggest=run) == now + 1
    event.remove(workspace.database.engine, "before_cursor_execute", count)


def test_now__images_and_suggestions_are_of_one_moment(workspace, browser, assets, run):
    begun = []

    def count(connection):
        begun.append(connection)

    event.listen(workspace.database.engine, "begin", count)
    asked = {"ids": str(assets[0].asset_id), "suggest": run}
    rows = browser.get("/assets/now", params=asked).json()["assets"]
    event.remove(workspace.database.engine, "begin", count)
    assert rows[0]["suggestion"]
    assert len(begun) == 3, "one for all of the rows, one for the window, one for what is blind"


def test_decide__keeps_the_answer_and_the_undo_of_its_operation_takes_it_back(browser, assets):
    def count() -> int:
        return browser.get("/assets/count", params={"decided": "label"}).json()["matching"]

    answers = {"keep": {}, "choose": {"label_id": 2}}
    for place, (answer, given) in enumerate(answers.items()):
        asset = assets[place]
        (result,) = send(
            browser,
            {
                "operation_id": f"answer-{answer}",
                "kind": "decide",
                "asset_ids": [str(asset.asset_id)],
                "expected_versions": {str(asset.asset_id): asset.row_version},
                "question": "label",
                "answer": answer,
                **given,
            },
        )
        assert result["status"] == "applied"
        assert count() == place + 1
    undo = {"operation_id": "undo-keep", "kind": "undo", "undoes": "answer-keep"}
    assert send(browser, undo)[0]["status"] == "applied"
    assert count() == 1
