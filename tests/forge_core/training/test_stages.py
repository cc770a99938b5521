"""Which layers learn in which stage, and how fast."""

import pytest
from torch import nn

from forge_core.models import building
from forge_core.training import stages
from forge_core.training.config import TrainConfig


def count_trainable(model: nn.Module) -> int:
    return sum(value.numel() for value in model.parameters() if value.requires_grad)


def make_transfer_config(**choices: object) -> TrainConfig:
    return TrainConfig(architecture="resnet18", pretrained=True, **choices)  # type: ignore[arg-type]


def test_plan_stages__pretrained_warms_up_and_fine_tunes() -> None:
    plan = stages.plan_stages(make_transfer_config(warmup_epochs=5, finetune_epochs=10))
    assert [(stage.name, stage.epochs) for stage in plan] == [("warmup", 5), ("finetune", 10)]
    assert plan[0].learning_rates == {"head": 1e-3}
    assert plan[0].optimizer == "adam"
    assert plan[1].learning_rates == {"head": 1e-4, "backbone": 1e-5}


def test_plan_stages__train_all_layers_has_no_warm_up_and_one_rate() -> None:
    plan = stages.plan_stages(make_transfer_config(train_all_layers=True))
    assert [stage.name for stage in plan] == ["finetune"]
    assert set(plan[0].learning_rates.values()) == {1e-4}


def test_plan_stages__without_weights_is_one_scratch_stage() -> None:
    plan = stages.plan_stages(TrainConfig(architecture="resnet18", scratch_epochs=4))
    assert [(stage.name, stage.epochs) for stage in plan] == [("scratch", 4)]
    assert plan[0].learning_rates == {"all": 1e-3}


def test_plan_stages__stages_of_0_epochs_are_left_out() -> None:
    plan = stages.plan_stages(make_transfer_config(warmup_epochs=0))
    assert [stage.name for stage in plan] == ["finetune"]


def test_rates_at__cosine_goes_from_the_highest_to_min_lr() -> None:
    # half way a cosine stands at the mean: (1e-4 + 1e-7) / 2 = 5.005e-5
    finetune = stages.plan_stages(make_transfer_config())[1]
    assert finetune.rates_at(0.0) == {"head": pytest.approx(1e-4), "backbone": pytest.approx(1e-5)}
    assert finetune.rates_at(0.5)["head"] == pytest.approx(5.005e-5)
    assert finetune.rates_at(1.0) == {"head": pytest.approx(1e-7), "backbone": pytest.approx(1e-7)}


def test_rates_at__warm_up_is_constant() -> None:
    warmup = stages.plan_stages(make_transfer_config())[0]
    assert warmup.rates_at(0.0) == warmup.rates_at(0.99) == {"head": 1e-3}


def test_rates_at__scratch_rises_first() -> None:
    scratch = stages.plan_stages(TrainConfig(scratch_lr=1e-3))[0]
    assert scratch.rates_at(0.0)["all"] == pytest.approx(1e-7)
    assert scratch.rates_at(stages.SCRATCH_RISE)["all"] == pytest.approx(1e-3)
    assert scratch.rates_at(1.0)["all"] == pytest.approx(1e-7)


def test_stage_of_epoch() -> None:
    plan = stages.plan_stages(make_transfer_config(warmup_epochs=2, finetune_epochs=3))
    found = [stages.stage_of_epoch(plan, epoch) for epoch in range(5)]
    assert [(stage.name, place) for stage, place in found] == [
        ("warmup", 0),
        ("warmup", 1),
        ("finetune", 0),
        ("finetune", 1),
        ("finetune", 2),
    ]
    with pytest.raises(IndexError):
        stages.stage_of_epoch(plan, 5)


def test_build_optimizer__resnet18_trains_the_promised_parameters() -> None:
    model = building.build_model("resnet18", 10, pretrained=False, input_size=64)
    warmup, finetune = stages.plan_stages(make_transfer_config())

    optimizer = stages.build_optimizer(warmup, model)
    assert count_trainable(model) == 133_898
    assert sum(value.numel() for value in optimizer.param_groups[0]["params"]) == 133_898
    model.train()
    assert not model.backbone.training
    assert model.head.training

    optimizer = stages.build_optimizer(finetune, model)
    assert count_trainable(model) == 11_310_410
    assert [group["name"] for group in optimizer.param_groups] == ["head", "backbone"]
    assert [group["lr"] for group in optimizer.param_groups] == [1e-4, 1e-5]
    assert model.backbone.training


def test_set_rates__by_name_of_the_group() -> None:
    model = building.build_model("forge_cnn", 3, pretrained=False, input_size=16)
    finetune = stages.plan_stages(make_transfer_config())[1]
    optimizer = stages.build_optimizer(finetune, model)
    stages.set_rates(optimizer, {"backbone": 0.5, "head": 0.25})
    assert {group["name"]: group["lr"] for group in optimizer.param_groups} == {
        "head": 0.25,
        "backbone": 0.5,
    }
