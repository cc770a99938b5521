import pytest

from db.enums import RunStatus
from db.models import Prediction
from forge_core.catalog.editing import label_edits
from forge_core.people.actor import Actor
from tests import arrange


@pytest.fixture
def workspace(sqlite_workspace):
    """On SQLite alone: what is found is tested on both databases in tests/forge_core/catalog."""
    return sqlite_workspace


def test_list_assets__pages_through_everything_once(browser, assets):
    seen, after = [], None
    while True:
        page = browser.get(
            "/assets", params={"limit": 5} | ({"after": after} if after else {})
        ).json()
        seen += [row["id"] for row in page["assets"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [str(asset.asset_id) for asset in reversed(assets)]


def test_list_assets__a_row_has_what_a_tile_shows(browser, assets):
    (row,) = browser.get("/assets", params={"limit": 1}).json()["assets"]
    newest = assets[-1]
    assert row["path"] == newest.file_path
    assert row["label_name"] == newest.label_name
    assert row["hash"] == newest.content_hash
    assert (row["width"], row["height"]) == (24, 24)
    assert row["row_version"] == newest.row_version
    assert row["split"] is None
    assert row["augmented"] is False
    assert row["created_at"].endswith("Z")


def test_list_assets__says_how_new_its_rows_are_at_least(workspace, browser, assets):
    label_edits.set_split(workspace, [assets[0].asset_id], "val", actor=Actor("anna"))
    page = browser.get("/assets").json()
    assert page["revision"] == browser.get("/revision").json()["revision"]


def test_list_assets__filters_compose(workspace, browser, assets):
    circle = arrange.class_id(workspace, "circle")
    label_edits.set_split(workspace, [assets[0].asset_id], "val", actor=Actor("anna"))
    rows = browser.get("/assets", params={"label": circle, "split": "val"}).json()
    assert [row["id"] for row in rows["assets"]] == [str(assets[0].asset_id)]
    rows = browser.get("/assets", params={"text": "square_0005"}).json()["assets"]
    assert len(rows) == 1
    assert "square_0005" in rows[0]["path"]
    assert browser.get("/assets", params={"label": "none"}).json()["assets"] == []
    assert len(browser.get("/assets?augmented=no").json()["assets"]) == 12


@pytest.mark.parametrize(
    "query",
    [
        "lable=3",
        "label=cat",
        "label=-1",
        "label=1&label=2",
        "label=9999999999999999999999",
        "split=dev",
        "augmented=perhaps",
        "limit=0",
        "limit=501",
        "limit=ten",
        "sort=random",
        "after=nonsense",
        "text=" + "x" * 257,
        "text=%00",
    ],
)
def test_list_assets__refuses_what_it_does_not_know(browser, assets, query):
    answer = browser.get(f"/assets?{query}")
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_count_assets__says_how_many_of_how_many(workspace, browser, assets):
    label_edits.relabel(workspace, [assets[0].asset_id], None, actor=Actor("anna"))
    circle = arrange.class_id(workspace, "circle")
    assert browser.get(f"/assets/count?label={circle}").json() == {
        "matching": 3,
        "total": 12,
        "unlabelled": 1,
    }
    assert browser.get("/assets/count").json()["matching"] == 12


def test_list_history__newest_first_with_both_values(workspace, browser, assets):
    asset = assets[0]
    square = arrange.class_id(workspace, "square")
    label_edits.relabel(workspace, [asset.asset_id], square, actor=Actor("bo"))
    entries = browser.get(f"/assets/{asset.asset_id}/history").json()["entries"]
    assert [entry["kind"] for entry in entries] == ["relabel", "import"]
    assert entries[0]["author"] == "bo"
    assert entries[0]["before"] == {"label_name": "circle"}
    assert entries[0]["after"] == {"label_name": "square"}


def test_classes__lists_and_creates(browser, assets):
    created = browser.post("/classes", json={"name": " owl "})
    assert created.status_code == 200
    listed = browser.get("/classes").json()["classes"]
    assert [label["name"] for label in listed] == ["circle", "square", "stripe", "owl"]
    assert listed[-1] == created.json()
    assert [label["num_images"] for label in listed] == [4, 4, 4, 0]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": ""}, 400),
        ({"name": 3}, 400),
        ({}, 400),
        ({"name": "owl", "color": "red"}, 400),
        ({"name": "circle"}, 409),
    ],
)
def test_create_class__refuses(browser, assets, body, status):
    answer = browser.post("/classes", json=body)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_list_assets__starts_at_a_position_of_the_list(browser, assets):
    whole = browser.get("/assets", params={"sort": "path"}).json()["assets"]
    page = browser.get("/assets", params={"sort": "path", "position": 5, "limit": 3})
    assert page.json()["assets"] == whole[5:8]
    both = {"position": 5, "after": whole[0]["path"], "sort": "path"}
    assert browser.get("/assets", params=both).status_code == 400
    assert browser.get("/assets", params={"position": -1}).status_code == 400


def test_list_assets__by_review_state_and_by_the_confidence_of_a_run(browser, assets, workspace):
    unreviewed = browser.get("/assets", params={"review": "none"}).json()["assets"]
    assert len(unreviewed) == len(assets)
    sort = {"sort": "least_confident"}
    assert browser.get("/assets", params=sort).status_code == 400
    unknown = browser.get("/assets", params=sort | {"run": 1})
    assert (unknown.status_code, "no run 1" in unknown.json()["message"]) == (404, True)
    run_id = add_run(workspace, [asset.asset_id for asset in assets[:3]])
    seen = browser.get("/assets", params=sort | {"run": run_id}).json()["assets"]
    assert [row["confidence"] for row in seen] == [0.5, 0.6, 0.7]
    count = browser.get("/assets/count", params=sort | {"run": run_id}).json()
    assert (count["matching"], count["total"]) == (3, 12)
    count = browser.get("/assets/count", params={"run": run_id}).json()
    assert count["matching"] == 12


def add_run(workspace, asset_ids):
    """A run that predicts the first class for these images, ever surer."""
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            status=RunStatus.SUCCEEDED.value,
            author="anna",
            config={},
            revision_id=1,
            class_names=[],
            label_ids=[],
        )
        for place, asset_id in enumerate(asset_ids):
            uow.session.add(
                Prediction(
                    run_id=run_id,
                    asset_id=asset_id,
                    label_id=1,
                    confidence=(5 + place) / 10,
                    margin=0.0,
                    entropy=0.0,
                )
            )
    return run_id


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({"side_min": "24"}, 12),
        ({"side_max": "23"}, 0),
        ({"since": "2020-01-01", "until": "2020-01-31"}, 0),
        ({"since": "2020-01-01"}, 12),
        ({"author": "tester"}, 12),
        ({"author": "anna"}, 1),
        ({"author": "anna", "changed_since": "1"}, 1),
        ({"changed_since": "99"}, 0),
        ({"predicted": "1", "run": "1"}, 3),
        ({"disagrees": "yes", "run": "1"}, 1),
        ({"disagrees": "no", "run": "1"}, 2),
        ({"confidence_min": "0.55", "confidence_max": "0.6", "run": "1"}, 1),
        ({"duplicates": "any"}, 0),
        ({"assigned": "none"}, 12),
        ({"assigned": "Ana"}, 0),
    ],
)
def test_every_new_filter_travels_through_rows_counts_and_operations(
    browser, assets, workspace, fields, number
):
    add_run(workspace, [asset.asset_id for asset in assets[:3]])
    label_edits.relabel(workspace, [assets[0].asset_id], 2, actor=Actor("anna"))
    rows = browser.get("/assets", params=fields).json()["assets"]
    assert len(rows) == number
    assert browser.get("/assets/count", params=fields).json()["matching"] == number
    operation = {
        "operation_id": "by-a-filter",
        "kind": "set_split",
        "where": fields,
        "split": "val",
        "allow_chosen": True,
    }
    answer = browser.post("/operations", json={"operations": [operation]}).json()
    assert answer["results"][0]["num_changed"] == number
    changed = browser.get("/assets", params={"split": "val"}).json()["assets"]
    assert {row["id"] for row in changed} == {row["id"] for row in rows}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"side_min": "-1"}, "side_min is not a whole number"),
        ({"side_min": "9", "side_max": "8"}, "above side_max"),
        ({"since": "yesterday"}, "since is a day such as"),
        ({"until": "2026-02-30"}, "until is a day such as"),
        ({"since": "2026-01-02", "until": "2026-01-01"}, "after until"),
        ({"disagrees": "maybe", "run": "1"}, "disagrees is yes or no"),
        ({"disagrees": "yes"}, "names no run"),
        ({"confidence_min": "nan", "run": "1"}, "number from 0 to 1"),
        ({"confidence_max": "1.1", "run": "1"}, "number from 0 to 1"),
        ({"duplicates": "some"}, "not the id"),
        ({"sort": "lowest_quality"}, "needs a run"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_with_a_sentence(browser, assets, fields, words):
    for path in ("/assets", "/assets/count"):
        answer = browser.get(path, params=fields)
        assert answer.status_code == 400
        assert words in answer.json()["message"]
