"""Shortcuts of an evaluation, kept with it: by the job, the command and the report."""

from pathlib import Path

import pytest

from forge_core.errors import InvalidInput
from forge_core.evaluation.shortcuts import alarm
from forge_core.inference.predictor import Predictor
from forge_core.jobs import queue
from forge_core.predictions import evaluation, kept_evaluations
from forge_core.predictions.report import run_report
from forge_core.predictions.shortcuts import kept_shortcuts, looking
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, list_all, set_columns
from tests.forge_core.cli.commands import forge, forge_json
from tests.forge_core.handlers import running

RUN = 1


@pytest.fixture
def measured(finished: Workspace, monkeypatch: pytest.MonkeyPatch) -> int:
    """The evaluation of run 1 on val: 12 images of 3 classes, 3 of the 4 circles of a clinic."""
    monkeypatch.setattr(alarm, "MIN_IMAGES", 3)
    circle = class_id(finished, "circle")
    images = [asset for asset in list_all(finished) if asset.split_type == "val"]
    circles = [asset.asset_id for asset in images if asset.label_id == circle]
    with finished.database.write() as uow:
        set_columns(uow, [asset.asset_id for asset in images], source_dataset="home")
        set_columns(uow, circles[:3], source_dataset="clinic")
    number, _ = evaluation.evaluate_and_keep(finished, RUN, "val", device="cpu", actor=ACTOR)
    return number


def test_look__asks_about_cues_of_a_class_and_keeps_what_it_finds(
    finished: Workspace, measured: int
) -> None:
    assert kept_shortcuts.find(finished, measured) is None
    found = looking.look_for_shortcuts(finished, measured, "cpu")
    assert kept_shortcuts.find(finished, measured) == found
    assert (found.num_images, found.num_left_out, found.alarms) == (12, 0, [])
    assert found.lines()[0].startswith("No class is answered because of a cue that can be measured")
    circle = class_id(finished, "circle")
    clinic = next(each for each in found.shortcuts if each.cue == "the source clinic")
    numbers = (clinic.num_with, clinic.num_without, clinic.num_others_with)
    assert (clinic.label_id, numbers, clinic.given) == (circle, (3, 1, 0), None)
    swapped = [swap for each in found.shortcuts for swap in (each.given, each.taken) if swap]
    assert swapped
    assert all(3 <= swap.num_images <= 12 for swap in swapped)
    assert "Shortcuts" in run_report.write_report(finished, RUN)
    kept = kept_evaluations.get(finished, measured)
    assert kept.report.num_images == 12  # beside it nothing of the evaluation changed
    evaluation.evaluate_and_keep(finished, RUN, "val", device="cpu", actor=ACTOR)
    assert kept_shortcuts.find(finished, measured) is None
    assert "Shortcuts" not in run_report.write_report(finished, RUN)


def test_job__looks_and_removed_images_are_left_out(
    finished: Workspace, measured: int, no_supervisor: None
) -> None:
    from forge_core.catalog.editing import label_edits

    gone = next(asset for asset in list_all(finished) if asset.split_type == "val")
    label_edits.remove_assets(finished, [gone.asset_id], actor=ACTOR)
    job = kept_shortcuts.submit(finished, measured, actor=ACTOR)
    assert running.run_here(finished, job.job_id) == 0
    done = kept_shortcuts.find_job(finished, measured)
    assert done is not None
    assert queue.get_job(finished, job.job_id).result == {"num_alarms": 0, "num_images": 11}
    found = kept_shortcuts.find(finished, measured)
    assert found is not None
    assert "1 images are gone" in found.lines()[-1]


def test_other_weights_than_were_evaluated__are_refused(
    finished: Workspace, measured: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Predictor.load

    def other(path: Path, device: str) -> Predictor:
        found = load(path, device)
        object.__setattr__(found.loaded, "sha256", "0" * 64)
        return found

    monkeypatch.setattr(Predictor, "load", other)
    with pytest.raises(InvalidInput, match="weights of run 1 are others"):
        looking.look_for_shortcuts(finished, measured, "cpu")


def test_command__evaluates_first_and_says_what_it_found(finished: Workspace) -> None:
    if not finished.settings.resolved_database_url.startswith("sqlite"):
        pytest.skip("commands open the workspace by its folder")
    where = ("--split", "val", "--device", "cpu", "-w", finished.folder)
    said = forge("shortcuts", RUN, *where).stdout
    assert "No class is answered because of a cue that can be measured: 12 images" in said
    found = forge_json("shortcuts", RUN, *where)
    assert found["found"]["num_images"] == 12
    assert kept_shortcuts.find(finished, found["evaluation_id"]) is not None
