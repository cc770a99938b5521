import pytest

from forge_core.catalog import labelling
from tests import arrange


def test_list_assets__pages_through_everything_once(browser, assets):
    seen, after = [], None
    while True:
        page = browser.get(
            "/forge-api/assets", params={"limit": 5} | ({"after": after} if after else {})
        ).json()
        seen += [row["id"] for row in page["assets"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [str(asset.asset_id) for asset in reversed(assets)]


def test_list_assets__a_row_has_what_a_tile_shows(browser, assets):
    (row,) = browser.get("/forge-api/assets", params={"limit": 1}).json()["assets"]
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
    labelling.set_split(workspace, [assets[0].asset_id], "val", author="anna")
    page = browser.get("/forge-api/assets").json()
    assert page["revision"] == browser.get("/forge-api/revision").json()["revision"]


def test_list_assets__filters_compose(workspace, browser, assets):
    circle = arrange.class_id(workspace, "circle")
    labelling.set_split(workspace, [assets[0].asset_id], "val", author="anna")
    rows = browser.get("/forge-api/assets", params={"label": circle, "split": "val"}).json()
    assert [row["id"] for row in rows["assets"]] == [str(assets[0].asset_id)]
    rows = browser.get("/forge-api/assets", params={"text": "square_0005"}).json()["assets"]
    assert len(rows) == 1
    assert "square_0005" in rows[0]["path"]
    assert browser.get("/forge-api/assets", params={"label": "none"}).json()["assets"] == []
    assert len(browser.get("/forge-api/assets?augmented=no").json()["assets"]) == 12


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
    answer = browser.get(f"/forge-api/assets?{query}")
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_count_assets__says_how_many_of_how_many(workspace, browser, assets):
    labelling.relabel(workspace, [assets[0].asset_id], None, author="anna")
    circle = arrange.class_id(workspace, "circle")
    assert browser.get(f"/forge-api/assets/count?label={circle}").json() == {
        "matching": 3,
        "total": 12,
        "unlabelled": 1,
    }
    assert browser.get("/forge-api/assets/count").json()["matching"] == 12


def test_list_history__newest_first_with_both_values(workspace, browser, assets):
    asset = assets[0]
    square = arrange.class_id(workspace, "square")
    labelling.relabel(workspace, [asset.asset_id], square, author="bo")
    entries = browser.get(f"/forge-api/assets/{asset.asset_id}/history").json()["entries"]
    assert [entry["kind"] for entry in entries] == ["relabel", "import"]
    assert entries[0]["author"] == "bo"
    assert entries[0]["before"] == {"label_name": "circle"}
    assert entries[0]["after"] == {"label_name": "square"}


def test_classes__lists_and_creates(browser, assets):
    created = browser.post("/forge-api/classes", json={"name": " owl "})
    assert created.status_code == 200
    listed = browser.get("/forge-api/classes").json()["classes"]
    assert [label["name"] for label in listed] == ["circle", "square", "stripe", "owl"]
    assert listed[-1] == created.json()
    assert [label["asset_count"] for label in listed] == [4, 4, 4, 0]


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
    answer = browser.post("/forge-api/classes", json=body)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_list_assets__starts_at_a_position_of_the_list(browser, assets):
    whole = browser.get("/forge-api/assets", params={"sort": "path"}).json()["assets"]
    page = browser.get("/forge-api/assets", params={"sort": "path", "position": 5, "limit": 3})
    assert page.json()["assets"] == whole[5:8]
    both = {"position": 5, "after": whole[0]["path"], "sort": "path"}
    assert browser.get("/forge-api/assets", params=both).status_code == 400
    assert browser.get("/forge-api/assets", params={"position": -1}).status_code == 400


def test_list_assets__by_review_state_and_by_the_confidence_of_a_run(browser, assets):
    unreviewed = browser.get("/forge-api/assets", params={"review": "none"}).json()["assets"]
    assert len(unreviewed) == len(assets)
    sort = {"sort": "least_confident"}
    assert browser.get("/forge-api/assets", params=sort).status_code == 400
    assert browser.get("/forge-api/assets", params=sort | {"run": 1}).json()["assets"] == []
