"""What single persons said comes in beside the label, whichever of it becomes the label."""

import json
from itertools import islice
from pathlib import Path

import pytest

from forge_core.catalog.editing import contested
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions
from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.importing.run_import import ImportReport
from forge_core.catalog.opinions import answering
from forge_core.catalog.revisions import history
from forge_core.people import voters
from forge_core.predictions.labelling import agreement
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, draw_image, list_all


def draw_photos(folder: Path, number: int = 3) -> Path:
    folder.mkdir(parents=True)
    for seed in range(number):
        draw_image("circle", seed).save(folder / f"{seed}.png")
    return folder


def take_in(workspace: Workspace, folder: Path, votes: str | None = None) -> ImportReport:
    plan = import_plan.prepare(workspace, folder, options=ReadOptions(votes=votes))
    return run_import.run_import(workspace, plan, actor=ACTOR)


def labels_and_states(workspace: Workspace) -> dict[str, tuple[str | None, str | None]]:
    return {Path(a.file_path).stem: (a.label_name, a.review_state) for a in list_all(workspace)}


def list_votes(workspace: Workspace) -> dict[str, list[tuple[str, str]]]:
    """Author and class of every vote, by the name of the image."""
    assets = {asset.asset_id: Path(asset.file_path).stem for asset in list_all(workspace)}
    with workspace.database.read() as uow:
        names = {label.label_id: label.name for label in uow.labels.list_all()}
        found = uow.label_votes.list_of_assets(list(assets))
    return {
        assets[asset_id]: [(vote.author, names[vote.label_id]) for vote in votes]
        for asset_id, votes in found.items()
    }


def task(name: str, *completions: tuple[object, str, str | None]) -> dict[str, object]:
    return {
        "data": {"image": f"/data/upload/1/{name}"},
        "annotations": [
            {
                "completed_by": who,
                "created_at": when,
                "result": [{"from_name": "choice", "value": {"choices": [label]}}],
            }
            for who, label, when in completions
        ],
    }


@pytest.mark.parametrize(
    ("votes", "of_two_to_one"),
    [("majority", ("cat", None)), ("agreement", (None, "contested")), ("all", (None, "contested"))],
)
def test_label_studio__keeps_every_completion_whatever_becomes_the_label(
    workspace: Workspace, tmp_path, votes: str, of_two_to_one: tuple[str | None, str | None]
) -> None:
    photos = draw_photos(tmp_path / "photos")
    ben = {"id": 7, "email": "ben@site"}
    tasks = [
        task("0.png", (1, "cat", None), (ben, "cat", None), ("cleo", "dog", None)),
        task("1.png", (1, "dog", "2026-01-02T03:04:05Z"), (1, "cat", "2026-01-01T00:00:00Z")),
        task("2.png", (None, "cat", None), (None, "dog", None)),
    ]
    (photos / "tasks.json").write_text(json.dumps(tasks))
    report = take_in(workspace, photos, votes)
    assert labels_and_states(workspace) == {
        "0": of_two_to_one,
        "1": ("dog", None),  # a person's later answer replaces the earlier one
        "2": (None, "contested"),
    }
    assert list_votes(workspace) == {
        "0": [("1", "cat"), ("ben@site", "cat"), ("cleo", "dog")],
        "1": [("1", "dog")],
        "2": [("anonymous 1", "cat"), ("anonymous 2", "dog")],
    }
    assert report.votes.sentences() == ["6 votes of single persons kept beside the labels."]
    said = {
        Path(one.asset.file_path).stem: one.voters for one in contested.list_contested(workspace)
    }
    assert said["2"] == "anonymous 1: cat, anonymous 2: dog"
    assert answering.list_people(workspace) == ["1", "ben@site", "cleo"]
    told = agreement.measure_agreement(workspace)
    assert (told.num_people, told.num_images) == (3, 1)  # who has no name compares nobody


def test_votes_of_a_table__come_to_images_that_are_there__and_go_with_the_undo(
    workspace: Workspace, tmp_path
) -> None:
    photos = draw_photos(tmp_path / "photos", 1)
    (photos / "labels.csv").write_text("image,label\n0.png,cat\n")
    take_in(workspace, photos)
    assert list_votes(workspace) == {}
    table = tmp_path / "votes.csv"
    table.write_text("image,label,annotator\n0.png,cat,ana\n0.png,cat,ben\n")
    report = take_in(workspace, table)
    assert report.votes.num_written == 2
    assert list_votes(workspace) == {"0": [("ana", "cat"), ("ben", "cat")]}
    again = take_in(workspace, table)
    assert (again.votes.num_written, again.revision_id) == (0, None)
    assert report.revision_id is not None
    history.undo(workspace, report.revision_id, actor=ACTOR)
    assert list_votes(workspace) == {}
    assert labels_and_states(workspace) == {"0": ("cat", None)}


def test_cvat__of_two_assignees_are_votes(workspace: Workspace, tmp_path) -> None:
    photos = draw_photos(tmp_path / "photos", 1)
    for who, label in (("ana", "cat"), ("ben", "dog")):
        (photos / f"{who}.xml").write_text(
            f"<annotations><version>1.1</version><meta><task><id>3</id><owner><username>boss"
            f"</username></owner><assignee><username>{who}</username></assignee></task></meta>"
            f'<image id="0" name="0.png"><tag label="{label}"/></image></annotations>'
        )
    take_in(workspace, photos)
    assert list_votes(workspace) == {"0": [("ana", "cat"), ("ben", "dog")]}
    assert labels_and_states(workspace) == {"0": (None, "contested")}


def test_votes_without_a_name__of_one_source_replace_its_own_and_leave_those_of_another() -> None:
    there = [("ben", "a"), (voters.anonymous(1), "a"), (voters.anonymous(2), "b")]
    assert list(islice(voters.numbered(there, "a"), 3)) == [
        "anonymous 1",
        "anonymous 3",
        "anonymous 4",
    ]
    assert list(islice(voters.numbered(there, "b"), 2)) == ["anonymous 2", "anonymous 3"]
