"""Whatever people did before: nobody is asked about what they decided, and no label is told."""

import random
import uuid

import pytest

from db.records import AssetFilter
from forge_core.catalog.editing import corrections, decisions, label_edits
from forge_core.catalog.listing import asset_list
from forge_core.catalog.opinions import answering, drawing
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import CLASSES, class_id
from tests.forge_core.api import browsing

PEOPLE = [Actor("anna"), Actor("ben"), Actor("cem")]
HISTORIES = {"sqlite": 5, "postgresql": 2}
STEPS = 14


def ask_blind(workspace: Workspace, actor: Actor, found: list[uuid.UUID]) -> list[str]:
    """What every route says of a person's questions, as text."""
    browser = browsing.with_token(workspace, actor)
    listed = {"asked_of": actor.name, "sort": "shuffled"}
    ids = [str(asset_id) for asset_id in found]
    answers = [
        browser.get("/assets", params={**listed, "suggest": "opinions"}),
        browser.get("/assets", params={**listed, "position": "0"}),
        browser.get("/assets/count", params=listed),
        browser.get("/assets/near", params={**listed, "wanted": "unlabelled"}),
        browser.get("/assets/now", params={"ids": ",".join(ids), "suggest": "opinions"}),
        *(browser.get("/assets/position", params={**listed, "image": each}) for each in ids[:1]),
        *(browser.get(f"/assets/{each}/history") for each in ids[:2]),
    ]
    assert all(answer.status_code == 200 for answer in answers), [a.text for a in answers]
    assert [row["id"] for row in answers[0].json()["assets"]] == [
        row["id"] for row in answers[1].json()["assets"]
    ]
    return [answer.text for answer in answers]


def test_no_history_asks_a_person_about_their_own_answer_or_tells_a_label(workspace, assets):
    dialect = workspace.database.engine.dialect.name
    ids = [asset.asset_id for asset in assets]
    labels = [class_id(workspace, name) for name in CLASSES]
    num_asked = 0
    for seed in range(HISTORIES[dialect]):
        chance = random.Random(seed)
        saw: dict[str, set[uuid.UUID]] = {actor.name: set() for actor in PEOPLE}
        before = {actor.name: decided_before(workspace, actor, ids) for actor in PEOPLE}
        operations: list[str] = []
        for _ in range(STEPS):
            actor, one = chance.choice(PEOPLE), [chance.choice(ids)]
            who = {"actor": actor, "operation_id": str(uuid.uuid4())}
            match chance.randrange(6):
                case 0:
                    changed = label_edits.relabel(workspace, one, chance.choice(labels), **who)
                    saw[actor.name] |= set(one) if changed.num_changed else set()
                case 1:
                    decisions.decide(workspace, one, "keep", **who)
                    saw[actor.name] |= set(one)
                case 2:
                    share, gold = chance.choice([0, 0.4, 1]), chance.choice([0, 3])
                    drawing.draw(workspace, share=share, gold=gold, actor=actor)
                case 3 if operations:
                    undoes = chance.choice(operations)
                    undone = history.undo_operation(workspace, undoes, **who)
                    saw[actor.name] |= {asset.asset_id for asset in undone.assets}
                case _:
                    mine = asset_list.list_ids(workspace, AssetFilter(asked_of=actor.name))
                    if mine:
                        chosen = [chance.choice(mine)]
                        answering.answer(workspace, chosen, chance.choice(labels), **who)
            operations.append(str(who["operation_id"]))
        drawing.draw(workspace, share=1, actor=PEOPLE[0])
        for actor in PEOPLE:
            found = asset_list.list_ids(workspace, AssetFilter(asked_of=actor.name))
            num_asked += len(found)
            assert not set(found) & (saw[actor.name] | before[actor.name])
            told = "".join(ask_blind(workspace, actor, found))
            assert not [name for name in CLASSES if name in told]
            assert '"label_id":null' in told or not found
    assert num_asked > 5


def decided_before(workspace: Workspace, actor: Actor, ids: list[uuid.UUID]) -> set[uuid.UUID]:
    """Whose label this person gave or judged in earlier histories."""
    with workspace.database.read() as uow:
        judged = {
            asset_id
            for asset_id in ids
            for one in uow.decisions.list_of_asset(asset_id)
            if one.actor == actor.name and one.question != "opinion"
        }
    for asset_id in ids:
        entries = history.asset_history(workspace, asset_id)
        if any(one.author == actor.name and "label_name" in one.after for one in entries):
            judged.add(asset_id)
    return judged


def test_questions_of_another_person_are_refused__and_a_vote_answers_nothing(workspace, assets):
    decisions.decide(workspace, [a.asset_id for a in assets], "keep", actor=PEOPLE[0])
    drawing.draw(workspace, share=1, actor=PEOPLE[0])
    anna, ben = (browsing.with_token(workspace, actor) for actor in PEOPLE[:2])
    refused = anna.get("/assets", params={"asked_of": "ben", "sort": "shuffled"})
    assert refused.status_code == 400
    assert "These questions are for ben" in refused.json()["message"]
    vote = {
        "operation_id": "blind-vote-1",
        "kind": "decide",
        "question": "opinion",
        "answer": "choose",
        "label_id": class_id(workspace, "stripe"),
        "asset_ids": [str(assets[0].asset_id)],
    }
    said = ben.post("/operations", json={"operations": [vote]}).json()["results"][0]
    assert (said["status"], said["assets"], said["conflicts"]) == ("applied", [], [])
    undo = {"operation_id": "blind-undo-1", "kind": "undo", "undoes": "blind-vote-1"}
    taken = ben.post("/operations", json={"operations": [undo]}).json()["results"][0]
    assert (taken["status"], taken["assets"]) == ("applied", [])
    own = ben.post("/operations", json={"operations": [vote | {"label_id": None}]}).json()
    assert own["results"][0]["status"] == "refused"
    mine = anna.post("/operations", json={"operations": [vote | {"operation_id": "blind-vote-2"}]})
    assert "the first was theirs" in mine.json()["results"][0]["message"]
    everywhere = ben.post(
        "/operations",
        json={
            "operations": [
                {
                    "operation_id": "blind-all-1",
                    "kind": "relabel",
                    "label_id": 1,
                    "where": {"asked_of": "ben"},
                }
            ]
        },
    )
    assert everywhere.json()["results"][0]["status"] == "refused"


def test_a_label_for_an_image_that_is_asked_about__is_answered_the_same_whatever_it_has(
    workspace, assets
):
    one, label_ids = assets[0], [class_id(workspace, name) for name in CLASSES]
    decisions.decide(workspace, [one.asset_id], "keep", actor=PEOPLE[0])
    drawing.draw(workspace, share=1, actor=PEOPLE[0])
    ben = browsing.with_token(workspace, PEOPLE[1])
    named = {"asset_ids": [str(one.asset_id)]}
    shapes = [
        {"kind": "relabel", **named},
        {"kind": "relabel", **named, "expected_versions": {str(one.asset_id): 99}},
        {"kind": "relabel", "where": {"text": one.file_path}},
        {"kind": "decide", "question": "label", "answer": "choose", **named},
        {"kind": "decide", "question": "label", "answer": "accept", **named},
    ]
    for number, shape in enumerate(shapes):
        answers = set()
        before = ben.get("/revision").text
        for label_id in label_ids:
            operation = {"operation_id": f"blind-same-{number}", **shape, "label_id": label_id}
            answer = ben.post("/operations", json={"operations": [operation]})
            name = next(name for name in CLASSES if class_id(workspace, name) == label_id)
            answers.add(answer.text.replace(f'"wanted":"{name}"', '"wanted":"it"'))
        assert len(answers) == 1, shape
        assert '"status":"conflict"' in answers.pop()
        assert ben.get("/revision").text == before
    assert asset_list.get_asset(workspace, one.asset_id) == one
    data = workspace.store.read(one.file_path)
    with pytest.raises(InvalidInput, match="asked for a second opinion"):
        corrections.correct(workspace, data, label_ids[0], name="x.png", actor=PEOPLE[1])


def test_an_operation_on_an_image_that_is_asked_about__tells_nothing_of_its_label(
    workspace, assets
):
    one = assets[0]
    decisions.decide(workspace, [one.asset_id], "keep", actor=PEOPLE[0])
    drawing.draw(workspace, share=1, actor=PEOPLE[0])

    def move(person, split):
        operation = {
            "operation_id": f"{person.name}-to-{split}",
            "kind": "set_split",
            "split": split,
            "asset_ids": [str(one.asset_id)],
            "expected_versions": {str(one.asset_id): one.row_version},
        }
        browser = browsing.with_token(workspace, person)
        answer = browser.post("/operations", json={"operations": [operation]})
        return answer.json()["results"][0], answer.text

    told, _ = move(PEOPLE[0], "train")
    assert told["assets"][0]["label_name"] == one.label_name  # who decided it sees it
    stale, text = move(PEOPLE[1], "val")
    assert stale["conflicts"][0]["message"].startswith("You are asked for a second opinion")
    assert str(one.label_name) not in text
    _, text = move(PEOPLE[1], "train")
    assert str(one.label_name) not in text
    assert f'"label_id":{one.label_id}' not in text
