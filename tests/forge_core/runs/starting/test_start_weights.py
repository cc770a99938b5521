"""A run goes on from another one, also when classes were added, renamed or merged since."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from forge_core.catalog.editing import class_merges, classes, label_edits
from forge_core.cli import opening
from forge_core.errors import CheckpointRejected, InvalidInput
from forge_core.models.checkpoints import checkpoint
from forge_core.runs import records
from forge_core.runs.files import checkpoints
from forge_core.runs.starting import config_choice, launch, start_weights
from forge_core.runs.starting.config_choice import Wish
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace
from tests import ending, trained
from tests.arrange import ACTOR
from tests.forge_core.handlers import running


@pytest.fixture
def finished(finished_run_folder: Path, tmp_path: Path, no_supervisor: None) -> Iterator[Workspace]:
    """A copy of the workspace whose run 1 knows square, stripe and circle."""
    opened = trained.open_copy(finished_run_folder, tmp_path / "copy")
    yield opened
    ending.end_jobs(opened)
    opened.database.dispose()


def choose(workspace: Workspace, **wish: object) -> TrainConfig:
    check = launch.check_data(workspace)
    return config_choice.choose(workspace, check, Wish(start=(1, "best"), **wish)).config


def test_same_classes__the_head_needs_no_epochs_and_all_layers_a_quarter(
    finished: Workspace,
) -> None:
    config = choose(finished)
    assert config.start_hash == checkpoints.find_best_hash(finished, 1)
    assert (config.pretrained, config.start_run, config.start_kind) == (True, 1, "best")
    assert (config.warmup_epochs, config.finetune_epochs) == (0, 1)  # of 4 from scratch
    assert TrainConfig.from_json(config.to_json()) == config
    assert choose(finished, epochs=7).finetune_epochs == 7
    with pytest.raises(InvalidInput, match="does not start from scratch"):
        choose(finished, pretrained=False)


def test_added_renamed_and_merged__each_class_starts_from_what_meant_it(
    finished: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    first = records.get_run(finished, 1)
    ids = dict(zip(first.class_names, first.label_ids, strict=True))
    classes.rename_class(finished, ids["square"], "box", actor=ACTOR)
    class_merges.merge_classes(finished, ids["stripe"], ids["circle"], actor=ACTOR)
    added = classes.create_class(finished, "new", actor=ACTOR)
    moved = [
        asset.asset_id
        for split in ("train", "val")
        for asset in launch.run_assets(finished, 1, split)
        if asset.label_id == ids["circle"]
    ][::2]
    label_edits.relabel(finished, moved, added.label_id, actor=ACTOR)
    config = choose(finished, epochs=1)
    assert config.warmup_epochs == start_weights.HEAD_EPOCHS
    check = launch.check_data(finished)
    start = start_weights.read(finished, config, check.label_ids, check.revision_id)
    place = {name: number for number, name in enumerate(first.class_names)}
    expected = {
        "box": (place["square"],),
        "circle": tuple(sorted((place["circle"], place["stripe"]))),
        "new": (),
    }
    assert dict(zip(check.class_names, start.outputs, strict=True)) == expected
    run = launch.start_run(finished, config, actor=ACTOR)
    with caplog.at_level(logging.INFO, "forge.worker"):
        running.run_here(finished, running.train_job(finished, run.run_id).job_id)
    done = records.get_run(finished, run.run_id)
    assert (done.status, done.config["start_run"]) == ("succeeded", 1)
    told = (
        "Starts from run 1, which knows 2 of the 3 classes; new to it: new; merged since: circle."
    )
    assert told in caplog.text


def test_no_epoch_that_changes_anything__gives_the_weights_that_it_started_from(
    finished: Workspace,
) -> None:
    still = choose(finished, values={"backbone_lr": 1e-12, "head_lr": 1e-12, "min_lr": 0.0})
    run = launch.start_run(finished, replace(still, weight_decay=0.0), actor=ACTOR)
    running.run_here(finished, running.train_job(finished, run.run_id).job_id)
    first, again = (
        checkpoint.load_checkpoint(checkpoints.checkpoint_path(finished, run_id)).model.state_dict()
        for run_id in (1, run.run_id)
    )
    for name, tensor in first.items():
        assert torch.allclose(again[name], tensor, atol=1e-6), name


def test_start__another_file_or_network_is_refused(finished: Workspace) -> None:
    config = choose(finished)
    check = launch.check_data(finished)
    asked = (check.label_ids, check.revision_id)
    with pytest.raises(CheckpointRejected, match="another best checkpoint since"):
        start_weights.read(finished, replace(config, start_hash="0" * 64), *asked)
    with pytest.raises(InvalidInput, match="is a forge_cnn, not a resnet18"):
        start_weights.read(finished, replace(config, architecture="resnet18"), *asked)
    with pytest.raises(InvalidInput, match="knows none of the classes"):
        start_weights.choose(finished, 1, "best", [999])
    assert opening.run_and_kind_of("1", finished, None) == (1, "best")
