"""What a shadow answered otherwise becomes a queue whose images measure nothing unmarked."""

from io import BytesIO

import pytest

from db.enums import RequestReason
from forge_core.catalog.editing import classes, corrections, label_edits
from forge_core.catalog.listing import asset_list, queues
from forge_core.catalog.splits import chosen_images, split_rule
from forge_core.drift import disagreements, kept_reports
from forge_core.errors import NotFound
from forge_core.workspace import Workspace
from tests import arrange
from tests.arrange import ACTOR
from tests.forge_core.cli.commands import forge_json
from tests.forge_core.drift import logged


def draw(number: int) -> list[bytes]:
    pictures = []
    for seed in range(number):
        buffer = BytesIO()
        arrange.draw_image("circle", 900 + seed).save(buffer, "PNG")
        pictures.append(buffer.getvalue())
    return pictures


def waiting_in_queue(workspace: Workspace) -> list[queues.QueueEntry]:
    return list(queues.list_entries(workspace, queues.find_queue("shadow")))


def test_disagreements__come_in_once_with_who_said_what_and_their_probability(
    workspace: Workspace,
) -> None:
    label_id = classes.create_class(workspace, "cat", actor=ACTOR).label_id
    pictures = draw(6)
    corrections.correct(workspace, pictures[0], label_id, name="known", actor=ACTOR)
    hashes = logged.disagree(kept_reports.standard_folder(workspace), pictures, kept=5)
    log = disagreements.read(workspace)
    assert (log.num_images, log.num_settled, log.num_without_picture) == (6, 1, 1)
    assert [each.image_sha256 for each, _ in log.waiting] == sorted(hashes[1:5])

    taken = forge_json("queue", "take-shadow", "--limit", 3, "-w", workspace.folder)
    assert taken == {"num_images": 3, "num_waiting": 4, "probability": 0.75}
    entries = waiting_in_queue(workspace)
    assert {(entry.label, entry.split) for entry in entries} == {(None, "train")}
    found = asset_list.list_assets(workspace, queues.find_queue("shadow").filter()).assets
    assert {asset.content_hash for asset in found} == set(sorted(hashes[1:5])[:3])
    assert {asset.source_dataset for asset in found} == {"shadow disagreement"}
    assert {asset.review_note for asset in found} == {
        "Answered cat (93 %, accepted); the shadow: dog (70 %, not sure)."
    }
    with workspace.database.read() as uow:
        rows = uow.session.connection().exec_driver_sql(
            "SELECT reason, probability FROM label_requests"
        )
        assert {tuple(row) for row in rows} == {(RequestReason.DISAGREEMENT.value, 0.75)}
        assert uow.chosen_images.list_drawn() == {}

    rest = disagreements.read(workspace)
    assert (len(rest.waiting), rest.num_settled) == (1, 4)
    disagreements.take_for_review(workspace, rest, actor=ACTOR)
    with pytest.raises(NotFound, match="keeps no picture"):
        disagreements.take_for_review(workspace, disagreements.read(workspace), actor=ACTOR)
    label_edits.relabel(workspace, [found[0].asset_id], label_id, actor=ACTOR)
    assert len(waiting_in_queue(workspace)) == 3


def test_disagreements__by_the_rule_are_marked_as_chosen(workspace: Workspace) -> None:
    split_rule.put(workspace, split_rule.parse("0/0/100"), actor=ACTOR)
    logged.disagree(kept_reports.standard_folder(workspace), draw(2))
    log = disagreements.read(workspace)
    disagreements.take_for_review(workspace, log, asks_rule=True, actor=ACTOR)
    assets = arrange.list_all(workspace)
    assert [asset.split_type for asset in assets] == ["test", "test"]
    with workspace.database.read() as uow:
        assert set(chosen_images.list_mined(uow)) == {asset.asset_id for asset in assets}
    where = queues.find_queue("shadow").filter()
    assert chosen_images.describe_list(where) == "because two networks disagree about them"
