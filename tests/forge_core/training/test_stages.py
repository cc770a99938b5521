"""Which layers learn in which stage, and how fast."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from forge_core.models.networks import construction
from forge_core.training import stages
from forge_core.training.config import TrainConfig
from forge_core.training.steps import optimizers


def count_trainable(model: nn.Module) -> int:
    return sum(value.numel() for value in model.parameters() if value.requires_grad)


def make_transfer_config(**choices: object) -> TrainConfig:
    return TrainConfig(architecture="resnet18", pretrained=True, **choices)  # type: ignore[arg-type]


def test_plan_stages__pretrained_warms_up_and_fine_tunes() -> None:
    plan = stages.plan_stages(make_transfer_config(warmup_epochs=5, finetune_epochs=10))
    assert [(stage.name, stage.epochs) for stage in plan] == [("warmup", 5), ("finetune", 10)]
    assert plan[0].learning_rates == {"head": 1e-3}
    assert plan[0].optimizer == "adam"
    assert plan[1].learning_rates == {"head": 1e-3, "backbone": 1e-4}


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
    # half way a cosine stands at the mean: (1e-3 + 1e-7) / 2 = 5.0005e-4
    finetune = stages.plan_stages(make_transfer_config())[1]
    assert finetune.rates_at(0.0) == {"head": pytest.approx(1e-3), "backbone": pytest.approx(1e-4)}
    assert finetune.rates_at(0.5)["head"] == pytest.approx(5.0005e-4)
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


def test_norm_and_bias__biases_by_every_name() -> None:
    network = nn.ModuleDict({"attention": nn.MultiheadAttention(4, 2), "norm": nn.LayerNorm(4)})
    found = {id(parameter) for parameter in optimizers.norm_and_bias(network)}
    names = {name for name, parameter in network.named_parameters() if id(parameter) in found}
    assert names == {
        "attention.in_proj_bias",
        "attention.out_proj.bias",
        "norm.weight",
        "norm.bias",
    }


def test_build_optimizer__resnet18_trains_the_promised_parameters() -> None:
    model = construction.build_model("resnet18", 10, pretrained=False, input_size=64)
    warmup, finetune = stages.plan_stages(make_transfer_config())

    optimizer = optimizers.build_optimizer(warmup, model)
    assert count_trainable(model) == 133_898
    assert sum(value.numel() for value in optimizer.param_groups[0]["params"]) == 133_898
    model.train()
    assert not model.backbone.training
    assert model.head.training

    optimizer = optimizers.build_optimizer(finetune, model)
    assert count_trainable(model) == 11_310_410
    assert [
        (group["name"], group["lr"], group["weight_decay"]) for group in optimizer.param_groups
    ] == [
        ("head", 1e-3, 1e-4),
        ("head", 1e-3, 0.0),
        ("backbone", 1e-4, 1e-4),
        ("backbone", 1e-4, 0.0),
    ]
    sizes = [sum(value.numel() for value in group["params"]) for group in optimizer.param_groups]
    assert sum(sizes) == 11_310_410
    # two biases of 256 and 10; 20 batch norms with 4,800 channels, a scale and an offset each
    assert (sizes[1], sizes[3]) == (266, 9_600)
    assert model.backbone.training


def test_build_optimizer__decays_everything_where_that_is_asked() -> None:
    model = construction.build_model("forge_cnn", 3, pretrained=False, input_size=16)
    (scratch,) = stages.plan_stages(TrainConfig(decay_norm_and_bias=True, weight_decay=0.5))
    (group,) = optimizers.build_optimizer(scratch, model).param_groups
    assert group["weight_decay"] == 0.5
    assert len(group["params"]) == len(list(model.parameters()))


def test_build_optimizer__sgd_steps_as_written_by_hand() -> None:
    model = construction.build_model("forge_cnn", 3, pretrained=False, input_size=16)
    config = TrainConfig(
        optimizer="sgd", momentum=0.5, nesterov=True, scratch_lr=0.1, weight_decay=0.0
    )
    (scratch,) = stages.plan_stages(config)
    optimizer = optimizers.build_optimizer(scratch, model)
    weight = model.head[3].bias
    before = weight.detach().clone()
    for _ in range(2):
        weight.grad = torch.ones_like(weight)
        optimizer.step()
    # velocity 1, then 1.5; nesterov adds half of it to the gradient: 1.5 + 1.75 = 3.25 steps
    assert torch.allclose(weight, before - 0.1 * 3.25)


def test_rates_at__one_cycle_rises_along_a_cosine() -> None:
    (stage,) = stages.plan_stages(TrainConfig(schedule="one_cycle", scratch_lr=1e-3))
    assert stage.rates_at(0.0)["all"] == pytest.approx(1e-3 / 25)
    # half of the rise is the mean of start and highest
    assert stage.rates_at(0.15)["all"] == pytest.approx((1e-3 + 4e-5) / 2)
    assert stage.rates_at(0.3)["all"] == pytest.approx(1e-3)
    assert stage.rates_at(1.0)["all"] == pytest.approx(1e-7)


def test_plan_stages__the_rise_takes_the_steps_that_were_asked_for() -> None:
    # 100 images in batches of 10 for 4 epochs are 40 steps; the rate is highest after 8 of them
    config = TrainConfig(lr_warmup_steps=8, batch_size=10, scratch_epochs=4)
    (stage,) = stages.plan_stages(config, num_images=100)
    rates = [stage.rates_at(step / 40)["all"] for step in range(40)]
    assert rates.index(max(rates)) == 8
    assert rates[4] == pytest.approx(5e-4, rel=1e-3)
    (never,) = stages.plan_stages(replace(config, lr_warmup_steps=0), num_images=100)
    assert never.rates_at(0.0)["all"] == 1e-3


def test_plan_stages__a_constant_rate_stays() -> None:
    config = TrainConfig(schedule="constant", lr_warmup_steps=0)
    (stage,) = stages.plan_stages(config, num_images=100)
    assert stage.rates_at(0.0) == stage.rates_at(1.0) == {"all": 1e-3}


def test_set_rates__by_name_of_the_group() -> None:
    model = construction.build_model("forge_cnn", 3, pretrained=False, input_size=16)
    finetune = stages.plan_stages(make_transfer_config())[1]
    optimizer = optimizers.build_optimizer(finetune, model)
    optimizers.set_rates(optimizer, {"backbone": 0.5, "head": 0.25})
    assert {group["name"]: group["lr"] for group in optimizer.param_groups} == {
        "head": 0.25,
        "backbone": 0.5,
    }


def test_build_optimizer__fine_tuning_keeps_the_statistics_and_trains_their_scales() -> None:
    model = construction.build_model("mobilenet_v3_small", 3, pretrained=False, input_size=32)
    plan = stages.plan_stages(make_transfer_config())
    optimizers.build_optimizer(plan[1], model)
    norms = [m for m in model.backbone.modules() if isinstance(m, nn.BatchNorm2d)]
    before = [norm.running_mean.clone() for norm in norms if norm.running_mean is not None]
    model.train()(torch.randn(4, 3, 32, 32)).sum().backward()
    assert model.head.training
    assert not any(norm.training for norm in norms)
    assert all(norm.weight.grad is not None for norm in norms)
    kept = [norm.running_mean for norm in norms if norm.running_mean is not None]
    assert all(torch.equal(a, b) for a, b in zip(before, kept, strict=True))

    moving = stages.plan_stages(make_transfer_config(keep_statistics=False))[1]
    optimizers.build_optimizer(moving, model)
    model.train()(torch.randn(4, 3, 32, 32))
    assert all(norm.training for norm in norms)
    assert not torch.equal(before[0], norms[0].running_mean)  # type: ignore[arg-type]


def test_plan_stages__all_layers_at_once_let_the_statistics_move() -> None:
    (stage,) = stages.plan_stages(make_transfer_config(train_all_layers=True))
    assert not stage.keeps_statistics
    assert not stages.plan_stages(TrainConfig())[0].keeps_statistics, "nor from scratch"


def test_plan_stages__extensions_are_cosines_of_their_own_behind_the_last_stage() -> None:
    config = make_transfer_config(warmup_epochs=5, finetune_epochs=10, extensions=(4, 2))
    plan = stages.plan_stages(config)
    assert [(stage.name, stage.epochs) for stage in plan] == [
        *(("warmup", 5), ("finetune", 10)),
        *(("extension", 4), ("extension2", 2)),
    ]
    assert [config.epochs_of(stage.name) for stage in plan] == [5, 10, 4, 2]
    assert config.total_epochs == 21
    assert TrainConfig.from_json(config.to_json()) == config
    assert plan[2].rates_at(0.0) == plan[1].rates_at(0.0)
    assert max(plan[2].rates_at(1.0).values()) == pytest.approx(config.min_lr)
