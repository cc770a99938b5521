"""How long a run will take, learned from one that was like it."""

import pytest

from db.enums import RunStatus
from db.records import EpochRow
from forge_core.runs.starting import forecast
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace

CONFIG = TrainConfig(architecture="forge_cnn", input_size=32, scratch_epochs=5, device="cpu")


def add_run(workspace: Workspace, config: TrainConfig, rates: list[float], device: str) -> int:
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            name="",
            status=RunStatus.SUCCEEDED,
            author="tester",
            config=config.to_dict(),
            revision_id=0,
            class_names=["a", "b"],
            label_ids=[1, 2],
            device=device,
        )
        for epoch, rate in enumerate(rates, start=1):
            uow.metrics.add(
                EpochRow(
                    run_id=run_id,
                    epoch=epoch,
                    stage="scratch",
                    train_loss=1.0,
                    train_accuracy=0.5,
                    val_loss=1.0,
                    val_accuracy=0.5,
                    learning_rates={"all": 1e-3},
                    duration_seconds=1.0,
                    images_per_second=rate,
                )
            )
    return run_id


def test_from_earlier_run__scales_by_images_and_epochs(sqlite_workspace: Workspace):
    run_id = add_run(sqlite_workspace, CONFIG, [50.0, 100.0], "cpu")
    found = forecast.from_earlier_run(sqlite_workspace, CONFIG, 1_000)
    assert found is not None
    # 1,000 images at 50 a second, then four epochs at 100, and a tenth more for validation:
    # (20 + 4 x 10) x 1.1 = 66.
    assert found.seconds == pytest.approx(66.0)
    assert found.run_id == run_id


@pytest.mark.parametrize(
    "other",
    [
        {"input_size": 64},
        {"batch_size": 16},
        {"architecture": "resnet18", "input_size": None},
    ],
)
def test_from_earlier_run__another_network_says_nothing(
    sqlite_workspace: Workspace, other: dict[str, object]
):
    add_run(sqlite_workspace, CONFIG, [50.0], "cpu")
    wanted = TrainConfig.from_dict(CONFIG.to_dict() | other)
    assert forecast.from_earlier_run(sqlite_workspace, wanted, 1_000) is None


def test_from_earlier_run__another_device_says_nothing(sqlite_workspace: Workspace):
    add_run(sqlite_workspace, CONFIG, [50.0], "NVIDIA H100")
    assert forecast.from_earlier_run(sqlite_workspace, CONFIG, 1_000) is None


def test_from_earlier_run__without_a_finished_epoch_says_nothing(sqlite_workspace: Workspace):
    add_run(sqlite_workspace, CONFIG, [], "cpu")
    assert forecast.from_earlier_run(sqlite_workspace, CONFIG, 1_000) is None


def test_measure__grows_with_the_images():
    few, many = (forecast.measure(CONFIG, number, 0, 10) for number in (100, 10_000))
    assert few.run_id is None
    assert few.seconds > 0
    # A hundred times the images; not exactly, because other work may slow either measurement.
    assert many.seconds > few.seconds
