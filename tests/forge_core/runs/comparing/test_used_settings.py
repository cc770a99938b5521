"""What runs really used: no key, no default that played no part, epochs that were trained."""

from db.boxes import RunEnvironment
from forge_core.runs import records
from forge_core.runs.comparing import class_moves, used_settings
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace
from tests.db import arrange
from tests.forge_core.runs.test_records import make_epoch


def add(workspace: Workspace, config: TrainConfig, *, num_epochs: int = 0) -> int:
    with workspace.database.write() as uow:
        run_id = arrange.add_run(
            uow, name="", config=config.to_dict(), revision_id=0, device="CPU", environment=None
        )
        for epoch in range(1, num_epochs + 1):
            uow.metrics.add(make_epoch(run_id, epoch))
    return run_id


def test_settings__what_was_used_differs_first_and_in_words(sqlite_workspace: Workspace) -> None:
    scratch = TrainConfig(architecture="forge_cnn", scratch_epochs=5, warmup_lr=0.5)
    tuned = TrainConfig(architecture="resnet18", pretrained=True, warmup_epochs=0, momentum=0.1)
    first = add(sqlite_workspace, scratch, num_epochs=3)
    second = add(sqlite_workspace, tuned)
    speed = {
        "number_format": "bfloat16",
        "memory_layout": "channels_last",
        "num_threads": 2,
        "parts": 2,
    }
    with sqlite_workspace.database.write() as uow:
        uow.runs.update_fields(second, environment=RunEnvironment(speed=speed))
    runs = [records.get_run(sqlite_workspace, number) for number in (first, second)]
    found = used_settings.list_settings(sqlite_workspace, runs)
    values = {setting.title: setting.values for setting in found}
    assert values["Input size, px"] == ("32", "224")
    assert values["Epochs from scratch"] == ("3 of 5", "–")
    assert values["Fine-tuning epochs"] == ("–", "0 of 10")
    assert values["Batch size"] == ("32", "32, in 2 parts")
    assert values["Computed with"] == ("–", "bfloat16, channels last, 2 threads")
    assert values["Device"] == ("CPU", "CPU")
    assert not {"Warm-up learning rate", "Warm-up epochs", "Momentum"} & set(values)
    assert not [title for title in values if "_" in title]
    differing = [setting.differs for setting in found]
    assert differing == sorted(differing, reverse=True)


def test_used_choices__a_rate_of_no_stage_is_no_difference() -> None:
    one = TrainConfig(architecture="forge_cnn", input_size=32, warmup_lr=0.5, momentum=0.1)
    two = TrainConfig(architecture="forge_cnn")
    assert used_settings.used_choices(one) == used_settings.used_choices(two)
    sgd = TrainConfig(architecture="forge_cnn", optimizer="sgd", momentum=0.1)
    assert used_settings.used_choices(sgd)["momentum"] == 0.1


def test_classes__of_several_runs_most_moved_first(sqlite_workspace: Workspace) -> None:
    runs = []
    for right in ((8, 3), (8, 1), (9, 4)):
        run_id = add(sqlite_workspace, TrainConfig(architecture="forge_cnn"))
        classes = [
            {"class_name": name, "precision": 1.0, "recall": hits / of, "f1": 1.0, "support": of}
            for name, hits, of in (("cat", right[0], 10), ("dog", right[1], 4))
        ]
        report = {
            "schema": 1,
            "num_images": 14,
            "class_names": ["cat", "dog"],
            "accuracy": 0.5,
            "accuracy_interval": [0.2, 0.8],
            "loss": 1.0,
            "macro_f1": 0.5,
            "confusion": [[1, 0], [0, 1]],
            "per_class": classes,
            "top5_accuracy": None,
        }
        with sqlite_workspace.database.write() as uow:
            uow.runs.update_fields(run_id, report={"val": report})
        runs.append(records.get_run(sqlite_workspace, run_id))
    split, found = class_moves.list_recalls(runs)
    assert split == "val"
    assert [(each.class_name, each.counts) for each in found] == [
        ("dog", ((3, 4), (1, 4), (4, 4))),
        ("cat", ((8, 10), (8, 10), (9, 10))),
    ]
    assert found[0].spread == 0.75
