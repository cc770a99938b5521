"""A run keeps to its time budget, and a resumed one decides the same."""

from pathlib import Path

import pytest

from db.records import EpochMetrics
from forge_core.training import stages, time_budget
from forge_core.training.config import TrainConfig
from tests.forge_core.training.arrange import Drawer, Listener, make_config, run_fit


def make_history(*entries: tuple[str, float]) -> list[EpochMetrics]:
    return [
        EpochMetrics(
            epoch=number + 1,
            stage=stage,
            train_loss=1.0,
            train_accuracy=0.5,
            val_loss=1.0,
            val_accuracy=0.5,
            learning_rates={},
            duration_seconds=seconds,
            images_per_second=1.0,
        )
        for number, (stage, seconds) in enumerate(entries)
    ]


def epochs_of(plan: list[stages.Stage]) -> list[int]:
    return [stage.epochs for stage in plan]


def test_fit_plan__the_first_epochs_say_how_many_fit() -> None:
    plan = stages.plan_stages(TrainConfig(scratch_epochs=40))
    assert time_budget.plan_within(plan, make_history(("scratch", 10.0)), 0.0) == plan
    assert time_budget.plan_within(plan, [], 100.0) == plan
    assert epochs_of(time_budget.plan_within(plan, make_history(("scratch", 10.0)), 105.0)) == [10]
    # the first one decoded files: 95 s are left for epochs of 5 s
    faster = make_history(("scratch", 10.0), ("scratch", 5.0))
    assert epochs_of(time_budget.plan_within(plan, faster, 105.0)) == [20]
    slower = make_history(("scratch", 10.0), ("scratch", 30.0))
    assert epochs_of(time_budget.plan_within(plan, slower, 105.0)) == [4]
    later = make_history(("scratch", 10.0), ("scratch", 5.0), ("scratch", 30.0))
    assert epochs_of(time_budget.plan_within(plan, later, 105.0)) == [20], (
        "decided by the first two"
    )
    assert epochs_of(time_budget.plan_within(plan, make_history(("scratch", 200.0)), 105.0)) == [1]


def test_fit_plan__the_rate_falls_to_its_end() -> None:
    (stage,) = stages.plan_stages(TrainConfig(scratch_epochs=40, scratch_lr=1e-3))
    (fitted,) = time_budget.plan_within([stage], make_history(("scratch", 10.0)), 105.0)
    assert fitted.rates_at(1.0)["all"] == pytest.approx(1e-7)
    # the rise of 5 % of 40 epochs stays 2 epochs long
    assert fitted.rise == pytest.approx(0.2)


def test_fit_plan__a_warm_up_makes_room_after_half_of_the_budget() -> None:
    config = TrainConfig(architecture="resnet18", pretrained=True, warmup_epochs=5)
    plan = stages.plan_stages(config)
    early = make_history(("warmup", 20.0))
    assert epochs_of(time_budget.plan_within(plan, early, 60.0)) == [5, 10]
    half = make_history(("warmup", 20.0), ("warmup", 11.0))
    assert epochs_of(time_budget.plan_within(plan, half, 60.0)) == [2, 10]
    # 29 s are left for fine-tuning, 9 s an epoch
    tuned = [*half, *make_history(("finetune", 9.0))]
    assert epochs_of(time_budget.plan_within(plan, tuned, 60.0)) == [2, 3]


def test_is_spent__when_another_epoch_like_the_last_would_exceed_it() -> None:
    (stage,) = stages.plan_stages(TrainConfig())
    history = make_history(("scratch", 10.0), ("scratch", 20.0))
    assert not time_budget.is_spent(history, stage, 50.0)
    assert time_budget.is_spent(history, stage, 49.0)
    assert not time_budget.is_spent([], stage, 1.0), "the first one is tried"
    assert not time_budget.is_spent(history, stage, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("minutes", [0.02, 1e-6])
def test_fit__ends_within_its_budget_and_says_so(tmp_path: Path, minutes: float) -> None:
    listener = Listener()
    config = make_config(scratch_epochs=2000, time_budget_minutes=minutes)
    result = run_fit(tmp_path / "run", config, listener=listener)
    assert result.ended_early
    assert 1 <= result.epochs_done < 1000
    assert any("time budget" in text for text in listener.messages)
    again = run_fit(tmp_path / "run", config, Drawer(), resume=True)
    assert again.epochs_done == result.epochs_done, "it is over, not to be gone on with"
