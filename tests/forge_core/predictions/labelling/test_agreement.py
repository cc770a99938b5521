"""Agreement counts answers that were given blind, and gold errors against certain labels."""

import csv
import io

import pytest

from db.repositories.label_votes import LabelVote
from forge_core.catalog.editing import decisions, label_edits
from forge_core.catalog.opinions import answering, drawing
from forge_core.people.actor import Actor
from forge_core.predictions.labelling import agreement
from tests.arrange import class_id, make_catalog
from tests.forge_core.cli.commands import forge, forge_json

ANNA, BEN, CEM = Actor("anna"), Actor("ben"), Actor("cem")


@pytest.fixture
def answered(sqlite_workspace, tmp_path):
    """Anna kept 30 labels; Ben says circle where she says square, and else the same as she."""
    assets = make_catalog(sqlite_workspace, tmp_path / "drawn")
    decisions.decide(sqlite_workspace, [a.asset_id for a in assets], "keep", actor=ANNA)
    drawing.draw(sqlite_workspace, share=1, gold=12, confirmed_by=1, actor=ANNA)
    circle, square = class_id(sqlite_workspace, "circle"), class_id(sqlite_workspace, "square")
    for label_id in {asset.label_id for asset in assets}:
        says = circle if label_id == square else label_id
        named = [asset.asset_id for asset in assets if asset.label_id == label_id]
        answering.answer(sqlite_workspace, named, says, actor=BEN)
    return sqlite_workspace, assets


def test_agreement__is_of_the_first_answers_whatever_is_decided_later(answered):
    workspace, assets = answered
    before = agreement.measure_agreement(workspace)
    # 20 of 30 agree; Anna says each class 10 times, Ben circle 20 and stripe 10: chance 1/3.
    (pair,) = before.pairs
    assert (pair.first, pair.second, pair.agreement.num_images) == ("anna", "ben", 30)
    assert pair.agreement.observed == pytest.approx(2 / 3)
    assert pair.agreement.kappa == pytest.approx(0.5)
    by_class = {one.label_name: one.agreement for one in before.classes}
    assert by_class["stripe"].kappa == 1.0
    of_pair = {one.label_name: one.agreement for one in pair.classes}
    # Circle: Anna says it 10 times, Ben 20; 20 of 30 agree, by chance 2/9 + 2/9.
    assert of_pair["circle"].kappa == pytest.approx((2 / 3 - 4 / 9) / (1 - 4 / 9))
    assert (of_pair["stripe"].kappa, of_pair["square"].kappa) == (1.0, pytest.approx(0.0))
    # Square: 10 of 60 answers, chance 1 - 2/6 * 5/6 = 26/36; 20 of 30 agree.
    assert by_class["square"].kappa == pytest.approx((2 / 3 - 26 / 36) / (1 - 26 / 36))
    assert before.classes[-1].label_name == "stripe", "the least agreed first"
    squares = [a.asset_id for a in assets if a.label_name == "square"]
    label_edits.relabel(workspace, squares, class_id(workspace, "circle"), actor=CEM)
    assert agreement.measure_agreement(workspace).pairs == before.pairs


def test_agreement__counts_that_no_one_class_is_right_as_an_answer(answered):
    workspace, assets = answered
    squares = [a.asset_id for a in assets if a.label_name == "square"]
    answering.answer(workspace, squares, None, is_ambiguous=True, actor=BEN)
    found = agreement.measure_agreement(workspace)
    (pair,) = found.pairs
    assert pair.agreement.observed == pytest.approx(2 / 3)
    # Three classes of Anna's, circle, stripe and none of Ben's, 10 times each: chance 2/9.
    assert pair.agreement.kappa == pytest.approx((2 / 3 - 2 / 9) / (1 - 2 / 9))
    told = {row.who: row.value for row in agreement.tabulate(found) if row.kind != "class"}
    assert told["anna and ben: ambiguous"] == pytest.approx(0.0)
    with workspace.database.read() as uow:
        gold = {one.asset_id for one in uow.opinion_requests.list_all() if one.kind == "gold"}
    (ben,) = found.people
    assert ben.error.num_wrong == len(gold & set(squares)), "no class is not the certain one"


def test_gold_errors__are_told_with_their_count_or_that_they_are_too_few(answered):
    workspace, assets = answered
    with workspace.database.read() as uow:
        gold = {one.asset_id for one in uow.opinion_requests.list_all() if one.kind == "gold"}
    wrong = sum(asset.asset_id in gold and asset.label_name == "square" for asset in assets)
    (ben,) = agreement.measure_agreement(workspace).people
    assert (ben.person, ben.error.num_answers, ben.error.num_wrong) == ("ben", 12, wrong)
    assert ben.error.rate == pytest.approx(wrong / 12)
    with workspace.database.write() as uow:  # as an import brings them
        uow.label_votes.add(
            LabelVote(asset_id=each, author="tool", label_id=1) for each in list(gold)[:3]
        )
    tool = agreement.measure_agreement(workspace).people[-1]
    assert (tool.person, tool.error.rate) == ("tool", None)
    assert "3 gold questions are answered" in tool.error.reason


def test_opinion_commands__draw_mark_and_tell(answered):
    workspace, assets = answered
    named = ("-w", workspace.folder)
    told = forge("opinions", "gold", "--where", f"text={assets[0].file_path}", *named).stdout
    assert "1 images are marked as gold" in told
    drawn = forge_json("opinions", "draw", "--share", "50%", "--gold", 1, *named)
    assert (drawn["num_decided"], drawn["num_gold"], drawn["num_new"]) == (30, 1, 0)
    assert "no share" in forge("opinions", "draw", "--share", "many", *named).stderr
    assert "Which images" in forge("opinions", "gold", *named).stderr
    document = forge_json("opinions", "agreement", *named)
    assert document["pairs"][0]["agreement"]["kappa"] == pytest.approx(0.5)
    rows = list(csv.DictReader(io.StringIO(forge("opinions", "agreement", "--csv", *named).stdout)))
    assert {row["kind"] for row in rows} == {
        "everybody",
        "class",
        "pair",
        "class of pair",
        "gold errors",
    }
    assert "anna and ben" in forge("opinions", "agreement", *named).stdout
    shown = forge_json("queue", "show", "opinions_differ", *named)
    assert len(shown) == 10
    assert {(one["label"], one["suggestion"]) for one in shown} == {("square", "circle")}


def test_the_queue_of_blind_questions__tells_no_label_on_the_command_line(
    sqlite_workspace, tmp_path
):
    assets = make_catalog(sqlite_workspace, tmp_path / "drawn", train=2, val=0, test=0)
    decisions.decide(sqlite_workspace, [a.asset_id for a in assets], "keep", actor=ANNA)
    drawing.draw(sqlite_workspace, share=1, actor=ANNA)
    told = forge("queue", "export", "second_opinions", "-w", sqlite_workspace.folder).stdout
    assert len(told.splitlines()) == 7
    assert not [name for name in ("circle", "square", "stripe") if name in told]
