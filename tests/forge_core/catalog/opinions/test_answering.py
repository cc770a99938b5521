"""A second opinion is blind, of another person, a vote, and can be undone. On both databases."""

import uuid

import pytest

from db.enums import Answer, Question
from db.records import Asset, AssetFilter
from db.repositories.opinions import DIFFER
from forge_core.catalog.editing import class_merges, decisions, label_edits
from forge_core.catalog.listing import asset_list, queues, suggestions
from forge_core.catalog.opinions import answering, drawing
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import class_id, make_catalog

ANNA, BEN, CEM = Actor("anna"), Actor("ben"), Actor("cem")
DIFFERING = queues.QUEUES["opinions_differ"].filter()


@pytest.fixture
def assets(workspace: Workspace, tmp_path) -> list[Asset]:
    """Nine images; Anna has decided the first six."""
    assets = make_catalog(workspace, tmp_path / "drawn", train=3, val=0, test=0)
    decisions.decide(workspace, ids_of(assets[:6]), "keep", actor=ANNA)
    return assets


def ids_of(assets: list[Asset]) -> list[uuid.UUID]:
    return [asset.asset_id for asset in assets]


def questions_of(workspace: Workspace, actor: Actor) -> set[uuid.UUID]:
    return set(asset_list.list_ids(workspace, AssetFilter(asked_of=actor.name)))


def votes_of(workspace: Workspace, asset: Asset) -> dict[str, int | None]:
    with workspace.database.read() as uow:
        votes = uow.label_votes.list_of_assets([asset.asset_id]).get(asset.asset_id, [])
    return {vote.author: vote.label_id for vote in votes}


def undo(workspace: Workspace, operation_id: str, actor: Actor) -> str:
    by = str(uuid.uuid4())
    history.undo_operation(workspace, operation_id, actor=actor, operation_id=by)
    return by


def test_a_draw_is_the_same_whoever_draws__and_a_larger_one_holds_a_smaller(workspace, assets):
    half = drawing.draw(workspace, share=0.5, actor=BEN)
    first = questions_of(workspace, CEM)
    assert (half.num_decided, half.num_second, half.num_new) == (6, len(first), len(first))
    assert first == {a.asset_id for a in assets[:6] if drawing.place_of(a.content_hash, 0) < 0.5}
    again = drawing.draw(workspace, share=0.5, actor=CEM)
    assert (again.num_second, again.num_new) == (half.num_second, 0)
    changed = next(asset for asset in assets[:6] if asset.asset_id in first)
    other = next(a.label_id for a in assets if a.label_id != changed.label_id)
    label_edits.relabel(workspace, [changed.asset_id], other, actor=ANNA)
    assert drawing.draw(workspace, share=0.5, actor=CEM).num_new == 1, "another first answer"
    drawing.draw(workspace, share=1, actor=CEM)
    assert first < questions_of(workspace, CEM) == set(ids_of(assets[:6]))
    assert questions_of(workspace, ANNA) == set(), "the first answers were hers"
    with pytest.raises(InvalidInput, match="between 0 and 100 %"):
        drawing.draw(workspace, share=1.5, actor=CEM)


def test_a_second_opinion__is_a_vote_of_one_other_person_and_is_undone(workspace, assets):
    drawing.draw(workspace, share=1, actor=ANNA)
    asked, square = assets[0], class_id(workspace, "square")
    given = answering.answer(workspace, [asked.asset_id], square, actor=BEN, operation_id="vote-1")
    answering.answer(workspace, [asked.asset_id], square, actor=BEN, operation_id="vote-1")
    assert (given.status, given.assets, given.revision_id) == ("applied", [], None)
    assert votes_of(workspace, asked) == {"ben": square}
    assert asset_list.get_asset(workspace, asked.asset_id) == asked
    assert asked.asset_id not in questions_of(workspace, BEN) | questions_of(workspace, CEM)
    undone = undo(workspace, "vote-1", BEN)
    assert votes_of(workspace, asked) == {}
    assert asked.asset_id in questions_of(workspace, BEN) & questions_of(workspace, CEM)
    undo(workspace, undone, BEN)
    assert votes_of(workspace, asked) == {"ben": square}
    answering.answer(workspace, [assets[1].asset_id], None, actor=BEN)
    assert assets[1].asset_id in questions_of(workspace, BEN), "skipped"
    for actor, one in ((ANNA, assets[2]), (BEN, assets[8])):
        with pytest.raises(InvalidInput, match="cannot give a second opinion of 1"):
            answering.answer(workspace, [one.asset_id], square, actor=actor)


def test_opinions_that_differ__are_decided_once_and_do_not_return(workspace, assets):
    drawing.draw(workspace, share=1, actor=ANNA)
    circle, square = class_id(workspace, "circle"), class_id(workspace, "square")
    circles = [asset for asset in assets[:6] if asset.label_id == circle]
    answering.answer(workspace, ids_of(circles), square, actor=BEN)
    squares = [asset for asset in assets[:6] if asset.label_id == square]
    answering.answer(workspace, ids_of(squares), square, actor=BEN)
    assert set(asset_list.list_ids(workspace, DIFFERING)) == set(ids_of(circles))
    said = suggestions.suggest(workspace, suggestions.OPINIONS, circles)[circles[0].asset_id]
    assert (said.label_name, said.confidence, said.voters) == ("square", 1.0, "ben: square")
    kept, changed = circles[0].asset_id, circles[1].asset_id
    decisions.decide(workspace, [kept], "keep", question=Question.DIFFERENCE, actor=CEM)
    decisions.decide(
        workspace,
        [changed],
        Answer.ACCEPT,
        question=Question.DIFFERENCE,
        label_id=square,
        actor=CEM,
        operation_id="accepted",
    )
    assert not set(asset_list.list_ids(workspace, DIFFERING)) & {kept, changed}
    label_edits.relabel(workspace, [kept], class_id(workspace, "stripe"), actor=CEM)
    assert kept in asset_list.list_ids(workspace, DIFFERING), "another label than was judged"
    undo(workspace, "accepted", CEM)
    assert changed in asset_list.list_ids(workspace, DIFFERING)
    class_merges.merge_classes(workspace, square, circle, actor=CEM)
    assert changed not in asset_list.list_ids(workspace, DIFFERING), "one class by now"
    assert asset_list.count_assets(workspace, AssetFilter(opinions=DIFFER)) == 1


def test_that_no_one_class_is_right__is_a_vote_and_leaves_the_image_as_it_is(workspace, assets):
    drawing.draw(workspace, share=1, actor=ANNA)
    asked = assets[0]
    vote = {"actor": BEN, "operation_id": "no-class"}
    answering.answer(workspace, [asked.asset_id], None, is_ambiguous=True, **vote)
    assert votes_of(workspace, asked) == {"ben": None}
    assert asset_list.get_asset(workspace, asked.asset_id) == asked
    assert asked.asset_id not in questions_of(workspace, BEN) | questions_of(workspace, CEM)
    assert asset_list.list_ids(workspace, DIFFERING) == [asked.asset_id]
    said = suggestions.suggest(workspace, suggestions.OPINIONS, [asked])[asked.asset_id]
    assert (said.label_id, said.voters) == (asked.label_id, "ben: ambiguous")
    undone = undo(workspace, "no-class", BEN)
    assert votes_of(workspace, asked) == {}
    undo(workspace, undone, BEN)
    assert votes_of(workspace, asked) == {"ben": None}
    aside = {"question": Question.DIFFERENCE, "actor": CEM}
    decisions.decide(workspace, [asked.asset_id], "ambiguous", **aside)
    assert asset_list.count_assets(workspace, AssetFilter(opinions=DIFFER)) == 0
    with pytest.raises(InvalidInput, match="not both"):
        answering.answer(workspace, [assets[1].asset_id], 1, is_ambiguous=True, actor=BEN)


def test_gold_questions__go_to_everybody_who_did_not_decide_them(workspace, assets):
    decisions.decide(workspace, ids_of(assets[:2]), "keep", actor=CEM)
    drawing.mark_gold(workspace, [assets[7].asset_id], actor=CEM, operation_id="marked")
    drawn = drawing.draw(workspace, share=0, gold=9, actor=ANNA)
    assert (drawn.num_second, drawn.num_certain, drawn.num_gold) == (0, 3, 3)
    assert questions_of(workspace, BEN) == {assets[i].asset_id for i in (0, 1, 7)}
    assert questions_of(workspace, ANNA) == {assets[7].asset_id}
    assert questions_of(workspace, CEM) == set()
    stripe = class_id(workspace, "stripe")
    answering.answer(workspace, ids_of(assets[:1]), stripe, actor=BEN)
    dora = questions_of(workspace, Actor("dora"))
    assert dora == {assets[i].asset_id for i in (0, 1, 7)}, "an answer of Ben is his alone"
    undo(workspace, "marked", CEM)
    assert drawing.draw(workspace, share=0, actor=ANNA).num_certain == 1, "Ben says otherwise"


def test_blind_questions__stand_alone(workspace, assets):
    for more in ({"label": 1}, {"split": "train"}, {"undecided": "label"}):
        with pytest.raises(InvalidInput, match="would tell what they must not know"):
            asset_list.list_assets(workspace, AssetFilter(asked_of="ben", **more))
    with pytest.raises(InvalidInput, match="would tell of the labels"):
        asset_list.list_assets(workspace, AssetFilter(asked_of="ben"), sort="path")
