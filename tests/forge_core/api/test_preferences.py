"""A person's settings over HTTP: their own, bounded, and the same on both databases."""

from forge_core.api import endpoints
from forge_core.catalog.listing import preferences
from forge_core.people.actor import Actor

PATH = "/preferences/gallery"


def test_preferences__are_null_until_set_and_the_last_ones_stay(browser):
    assert browser.get(PATH).json() == {"value": None}
    for value in ({"view": "film"}, {"view": "grid", "keys": {"undo": ["q"]}}):
        assert browser.put(PATH, json={"value": value}).json() == {"value": value}
        assert browser.get(PATH).json() == {"value": value}


def test_preferences__are_the_persons_own(workspace, browser):
    browser.put(PATH, json={"value": {"view": "film"}})
    token = endpoints.mint_token(workspace, Actor("ben"))
    assert browser.get(PATH, headers={endpoints.TOKEN_HEADER: token}).json() == {"value": None}
    assert preferences.find(workspace, "gallery", actor=Actor("anna")) == {"view": "film"}


def test_preferences__what_is_no_object_too_large_or_unknown_is_refused(browser):
    assert browser.put(PATH, json={"value": [1]}).status_code == 400
    assert browser.put(PATH, json={"value": {}, "more": 1}).status_code == 400
    large = {"value": {"view": "x" * preferences.MAX_BYTES}}
    answer = browser.put(PATH, json=large)
    assert answer.status_code == 400
    assert "16,384 are allowed" in answer.json()["message"]
    assert browser.put("/preferences/other", json={"value": {}}).status_code == 404
    assert browser.get("/preferences/other").status_code == 404


def test_preferences__need_a_write_token(stranger):
    assert stranger.get(PATH).status_code == 401
    assert stranger.put(PATH, json={"value": {}}).status_code == 401
