"""What the gallery polls: the newest revision, and rows as they are now."""

import uuid

from forge_core.catalog.editing import label_edits
from forge_core.people.actor import Actor
from tests import arrange


def test_revision__follows_every_change(workspace, browser, assets):
    before = browser.get("/revision").json()["revision"]
    circle = arrange.class_id(workspace, "circle")
    result = label_edits.relabel(workspace, [assets[-1].asset_id], circle, actor=Actor("ben"))
    assert browser.get("/revision").json() == {"revision": result.revision_id}
    assert result.revision_id == before + 1


def test_assets_now__are_as_others_left_them_and_removed_ones_are_missing(
    workspace, browser, assets
):
    label_edits.set_split(workspace, [assets[0].asset_id], "val", actor=Actor("ben"))
    label_edits.remove_assets(workspace, [assets[1].asset_id], actor=Actor("ben"))
    asked = [assets[0].asset_id, assets[1].asset_id, uuid.uuid4()]
    answer = browser.get("/assets/now", params={"ids": ",".join(map(str, asked))}).json()
    assert [(row["id"], row["split"]) for row in answer["assets"]] == [(str(asked[0]), "val")]
    assert answer["revision"] == browser.get("/revision").json()["revision"]


def test_assets_now__is_bounded_and_strict(browser, stranger):
    many = ",".join(str(uuid.uuid4()) for _ in range(501))
    assert browser.get("/assets/now", params={"ids": many}).status_code == 400
    assert browser.get("/assets/now", params={"ids": "nonsense"}).status_code == 400
    assert browser.get("/assets/now").json()["assets"] == []
    del browser.headers["X-Forge-Token"]
    assert stranger.get("/revision").status_code == 401
