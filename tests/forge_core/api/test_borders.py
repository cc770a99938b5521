"""Texts and numbers that no database keeps or no answer carries are refused, and harm no other."""

import json
import re
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forge_core.api.routes import routes
from forge_core.catalog.listing import filter_fields
from forge_core.catalog.revisions import history
from tests import arrange
from tests.chance import examples

PREFERENCES = "/preferences/gallery"
OPERATIONS = "/operations"
BAD_JSON = {
    "surrogate": r'"\ud800"',
    "half of a pair at the end": r'"cut \ud83d"',
    "NUL": r'"a\u0000b"',
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "a float beyond the range": "1e999",
    "more than 64 bits": "9" * 30,
    "thousands of digits": "9" * 5000,
    "nested": "[" * 100 + "]" * 100,
}
TEXTS = st.sampled_from(
    ["\ud800", "x\udfff", "a\0b", "", "9" * 30, "train", "none", "é", "x" * 300]
)
LEAVES = TEXTS | st.sampled_from(
    [float("nan"), float("inf"), 1e308, 2**63, -(2**70), 2**31, 0, 1, True, None]
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
FIELDS = (
    "asset_ids",
    "expected_versions",
    "where",
    "label_id",
    "split",
    "unlock_held_out",
    "review",
    "note",
    "revision_id",
    "undoes",
)


@pytest.mark.parametrize("bad", BAD_JSON.values(), ids=BAD_JSON)
def test_preferences__with_a_value_or_name_that_cannot_be_kept_stay_as_they_were(browser, bad):
    assert browser.put(PREFERENCES, json={"value": {"view": "film"}}).status_code == 200
    bodies = [f'{{"value": {{"view": {bad}}}}}']
    if bad.startswith('"'):
        bodies.append(f'{{"value": {{{bad}: 1}}}}')
    for body in bodies:
        answer = browser.put(PREFERENCES, content=body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["message"].startswith("The request ")
    assert browser.get(PREFERENCES).json() == {"value": {"view": "film"}}


@pytest.mark.parametrize("bad", [r"\ud800", r"\u0000"])
@pytest.mark.parametrize("place", ["note", "operation_id", "kind", "more"])
def test_operations__one_that_cannot_be_kept_is_refused_and_its_neighbours_are_saved(
    workspace, browser, assets, bad, place
):
    first, bad_one, last = (
        {
            "operation_id": f"operation-{number}",
            "kind": "flag",
            "asset_ids": [str(assets[number].asset_id)],
            "review": "flagged",
            "note": "look",
        }
        for number in range(3)
    )
    bad_one[place] = "PLACE"
    body = json.dumps({"operations": [first, bad_one, last]}).replace("PLACE", f"12345678{bad}")
    answer = browser.post(OPERATIONS, content=body)
    assert answer.status_code == 200, answer.text
    statuses = [result["status"] for result in answer.json()["results"]]
    assert statuses == ["applied", "refused", "applied"]
    flagged = {a.asset_id for a in arrange.list_all(workspace) if a.review_state == "flagged"}
    assert flagged == {assets[0].asset_id, assets[2].asset_id}


@settings(
    max_examples=examples(25),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(
    kind=st.sampled_from(["relabel", "set_split", "remove", "restore", "flag", "decide", "undo"]),
    fields=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
)
def test_operations__whatever_their_fields_hold_none_asks_to_be_sent_again(
    workspace, browser, assets, kind, fields
):
    before = history.latest_revision_id(workspace)
    operation = {"operation_id": f"operation-{before}-{kind}", "kind": kind, **fields}
    answer = browser.post(OPERATIONS, content=json.dumps({"operations": [operation]}))
    assert answer.status_code == 200, answer.text
    (result,) = answer.json()["results"]
    assert result["status"] != "failed", (operation, result)
    assert browser.get("/operations/undoable").status_code == 200


PARAMETERS = {
    "/assets": (*filter_fields.FIELDS, "sort", "after", "limit", "position", "suggest"),
    "/assets/near": ("from", "by", "wanted", "direction"),
    "/assets/position": ("image",),
    "/assets/now": ("ids", "suggest"),
    "/runs/1/metrics": ("after",),
}


def test_reading__no_parameter_and_no_name_in_the_path_is_a_fault_of_the_server(browser):
    bad = ("%00", "%ED%A0%80", "9" * 15, "9" * 30, "nan")
    addresses = [
        f"{path}?{name}={value}"
        for path, names in PARAMETERS.items()
        for name in names
        for value in bad
    ]
    known = {"{run_id}": "1", "{asset_id}": str(uuid.uuid4())}
    for route in routes(lambda: None):
        for name in re.findall(r"{.*?}", route.path):
            others = route.path.replace(name, "BAD")
            for other, value in known.items():
                others = others.replace(other, value)
            addresses += [others.replace("BAD", value) for value in bad]
    for address in addresses:
        answer = browser.get(address)
        assert answer.status_code < 500, address
        assert "has no field" not in answer.text, address
