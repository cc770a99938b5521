"""A move of images that were found because they look hard is asked about."""

from tests.forge_core.api.test_operations import send


def test_set_split__asks_before_hard_images_measure_and_says_why(workspace, browser, assets):
    hard = {"where": {"issue_min": "0.5"}, "sort": "label_issues"}
    operation = {"kind": "set_split", "asset_ids": [str(a.asset_id) for a in assets[:2]]}
    operation |= {"split": "test", "chosen_from": hard}
    asked = send(browser, {**operation, "operation_id": "operation-1"})[0]
    assert (asked["status"], asked["num_chosen"]) == ("conflict", 2)
    assert all(conflict["chosen"] for conflict in asked["conflicts"])
    assert "marked as biased" in asked["chosen_words"]
    into_train = {**operation, "operation_id": "operation-2", "split": "train"}
    assert send(browser, into_train)[0]["status"] == "applied"
    allowed = {**operation, "operation_id": "operation-3", "allow_chosen": True}
    assert send(browser, allowed)[0]["num_changed"] == 2
    wrong = {**operation, "operation_id": "operation-4", "chosen_from": {"sort": "hardest"}}
    assert send(browser, wrong)[0]["status"] == "refused"
