"""Positions over HTTP: the next wanted image of a list, and where one image is."""

import uuid

from forge_core.catalog.editing import label_edits
from forge_core.people.actor import Actor


def test_near__tells_the_next_image_and_how_far_it_is(workspace, browser, assets):
    label_edits.relabel(workspace, [assets[2].asset_id], None, actor=Actor("anna"))
    query = {"sort": "oldest", "wanted": "unlabelled", "from": str(assets[0].asset_id)}
    answer = browser.get("/assets/near", params=query).json()
    assert answer == {"id": str(assets[2].asset_id), "distance": 2}
    back = browser.get("/assets/near", params={**query, "direction": "previous"})
    assert back.json() == {"id": None, "distance": None}


def test_near__is_strict(browser, assets):
    for query in ({"direction": "up"}, {"wanted": "all"}, {"from": "1"}, {"place": "3"}):
        assert browser.get("/assets/near", params=query).status_code == 400


def test_position__is_that_of_the_filtered_list(browser, stranger, assets):
    where = {"sort": "oldest", "label": str(assets[5].label_id), "image": str(assets[5].asset_id)}
    query = {name: where[name] for name in ("sort", "label")}
    listed = browser.get("/assets", params=query).json()["assets"]
    place = [row["id"] for row in listed].index(str(assets[5].asset_id))
    path = "/assets/position"
    assert browser.get(path, params=where).json() == {"position": place}
    assert browser.get(path, params=where | {"label": "none"}).json() == {"position": None}
    assert browser.get(path, params={"image": str(uuid.uuid4())}).json() == {"position": None}
    assert browser.get(path).status_code == 400
    del browser.headers["X-Forge-Token"]
    assert stranger.get(path, params=where).status_code == 401
