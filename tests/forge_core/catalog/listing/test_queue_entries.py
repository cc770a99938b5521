"""`forge queue`: what it lists is the gallery's queue, in its order."""

import csv
import io

import pytest

from db.repositories.label_issues import LabelIssue
from forge_core.catalog.editing import review_flags
from forge_core.catalog.listing import asset_list, queues
from tests.arrange import ACTOR, class_id, list_all, make_catalog
from tests.forge_core.cli.commands import forge, forge_json


@pytest.fixture
def judged(sqlite_workspace, tmp_path):
    """30 images with scores; the third looks like a square most of all."""
    assets = make_catalog(sqlite_workspace, tmp_path / "images")
    square, circle = class_id(sqlite_workspace, "square"), class_id(sqlite_workspace, "circle")
    with sqlite_workspace.database.write() as uow:
        uow.label_issues.add(
            [
                LabelIssue(
                    asset_id=asset.asset_id,
                    score=(place * 7) % 30 / 30,
                    suggested_label_id=square if asset.label_id != square else circle,
                    label_id=asset.label_id,
                    content_hash=asset.content_hash,
                    network="run:1",
                    revision_id=1,
                )
                for place, asset in enumerate(assets)
            ]
        )
    return sqlite_workspace


def test_entries__are_the_gallery_s_queue_in_its_order_whatever_the_pages(judged, monkeypatch):
    queue = queues.QUEUES["wrong_labels"]
    page = asset_list.list_assets(judged, queue.filter(), sort=queue.sort)
    monkeypatch.setattr(queues, "MAX_PAGE", 4)
    entries = list(queues.list_entries(judged, queue))
    assert [entry.asset_id for entry in entries] == [asset.asset_id for asset in page.assets]
    assert [entry.rank for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[0].score == pytest.approx(29 / 30)
    assert [entry.score for entry in entries] == sorted((e.score for e in entries), reverse=True)
    assert all(entry.suggestion in ("square", "circle") != entry.label for entry in entries)
    assert len(list(queues.list_entries(judged, queue, limit=6))) == 6


def test_queue_commands__list_show_and_export(judged):
    first = list_all(judged)[0]
    review_flags.flag(judged, [first.asset_id], actor=ACTOR)
    named = ("-w", judged.folder)
    counts = {each["name"]: each["num_images"] for each in forge_json("queue", "list", *named)}
    assert (counts["wrong_labels"], counts["flagged"], counts["disagrees"]) == (15, 1, 0)
    assert "No network has scored" in forge("queue", "list", *named).stdout
    shown = forge_json("queue", "show", "wrong_labels", "--limit", 3, *named)
    assert [entry["rank"] for entry in shown] == [1, 2, 3]
    told = forge("queue", "show", "flagged", *named).stdout
    assert first.file_path in told
    rows = list(
        csv.DictReader(io.StringIO(forge("queue", "export", "wrong_labels", *named).stdout))
    )
    assert len(rows) == 15
    assert [rows[0][name] for name in ("rank", "path", "suggestion")] == [
        "1",
        shown[0]["path"],
        shown[0]["suggestion"],
    ]
    assert forge("queue", "show", "contested", *named).stdout == "The queue is empty.\n"
    refused = forge("queue", "show", "disagrees", *named)
    assert refused.exit_code == 1
    assert "none has scored" in refused.stderr
    assert "no queue" in forge("queue", "show", "nonsense", *named).stderr
