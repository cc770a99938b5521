"""A batch is cut before the first step where the memory that is free would not suffice."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from forge_core.models import chunking, devices
from forge_core.models.networks import construction
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.training import stages
from forge_core.training.compute import memory_plan
from forge_core.training.config import TrainConfig
from forge_core.training.steps import optimizers
from forge_core.training.steps.precision import Precision
from forge_core.training.steps.train_step import train_step
from tests.forge_core.training.arrange import Listener, make_config, run_fit

CPU = devices.choose("cpu")


def build() -> ImageClassifier:
    model = construction.build_model("forge_cnn", 3, pretrained=False, input_size=32)
    assert isinstance(model, ImageClassifier)
    return model


def parts(free_bytes: int, config: TrainConfig) -> int:
    device = replace(CPU, free_bytes=free_bytes)
    plan = stages.plan_stages(config)
    return memory_plan.micro_batches_needed(
        config.batch_size, device, build(), plan, Precision(CPU), 32
    )


def test_measure_step__counts_what_autograd_keeps_and_changes_nothing() -> None:
    model, stage = build(), stages.plan_stages(make_config())[0]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    fixed, small = memory_plan.measure_step(model, stage, Precision(CPU), CPU, 32)
    _, large = memory_plan.measure_step(model, stage, Precision(CPU), CPU, 64)
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert fixed == 3 * sum(value.nbytes for value in model.parameters())
    assert 3.5 < large / small < 4.5, "four times the pixels"


def test_micro_batches_needed__the_fewest_that_fit() -> None:
    config = make_config(batch_size=64)
    stage = stages.plan_stages(config)[0]
    fixed, image = memory_plan.measure_step(build(), stage, Precision(CPU), CPU, 32)

    def room_for(num_images: int) -> int:
        return int((fixed + memory_plan.MARGIN * image * num_images) / memory_plan.FREE_SHARE) + 100

    assert parts(room_for(64), config) == 1
    assert parts(room_for(63), config) == 2
    assert parts(room_for(17), config) == 4
    assert parts(0, config) == 32, "never below two images"


def test_step_bytes__is_what_the_parts_were_counted_with() -> None:
    config = make_config(batch_size=64)
    stage = stages.plan_stages(config)[0]
    found = memory_plan.step_bytes(32, CPU, build(), stage, Precision(CPU), 32)
    assert parts(int(found / memory_plan.FREE_SHARE) + 100, config) == 2
    assert parts(int(found / memory_plan.FREE_SHARE) - 100, config) == 4


def test_micro_batches_needed__a_head_alone_always_fits() -> None:
    config = make_config(
        architecture="mobilenet_v2", pretrained=True, warmup_epochs=1, finetune_epochs=0
    )
    assert parts(0, config) == 1


def test_fit__parts_are_kept_with_the_run_and_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Listener()
    monkeypatch.setattr(memory_plan, "micro_batches_needed", lambda *_: 2)
    first = run_fit(tmp_path / "first", make_config(), listener=listener)
    assert first.compute_plan is not None
    assert first.compute_plan.micro_batches == 2
    assert any("go through in 2 parts" in text for text in listener.messages)
    monkeypatch.setattr(memory_plan, "micro_batches_needed", lambda *_: 1)
    again = run_fit(tmp_path / "again", make_config(), reference_plan=first.compute_plan.choice())
    plain = run_fit(tmp_path / "plain", make_config())
    losses = [[entry.train_loss for entry in run.history] for run in (first, again, plain)]
    assert losses[0] == losses[1] != losses[2]


def test_images_at_once__a_power_of_two_that_keeps_memory_small() -> None:
    found = {side: chunking.images_at_once("cpu", side) for side in (16, 64, 128, 224, 288, 1024)}
    assert found == {16: 64, 64: 64, 128: 32, 224: 16, 288: 8, 1024: 1}
    assert chunking.images_at_once("cuda", 224) == 64


def test_train_step__parts_with_kept_statistics_are_the_whole_batch() -> None:
    torch.manual_seed(0)
    inputs, labels = torch.randn(16, 3, 32, 32), torch.arange(16) % 3
    plan = stages.plan_stages(TrainConfig(architecture="mobilenet_v2", pretrained=True))
    found = []
    for number in (1, 4):
        torch.manual_seed(1)
        model = construction.build_model("mobilenet_v2", 3, pretrained=False, input_size=32)
        assert isinstance(model, ImageClassifier)
        optimizer = optimizers.build_optimizer(plan[1], model)
        model.train()
        for layer in model.modules():
            if isinstance(layer, torch.nn.Dropout):
                layer.p = 0.0
        loss, right = train_step(
            model, inputs, labels, optimizer, Precision(CPU), micro_batches=number
        )
        gradients = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
        found.append((float(loss), float(right), gradients, dict(model.named_buffers())))
    (loss, right, whole, buffers), (loss_of_parts, right_of_parts, parted, others) = found
    assert (loss, right) == (pytest.approx(loss_of_parts, abs=1e-6), right_of_parts)
    assert len(whole) == len(parted) > 100
    for name, gradient in whole.items():
        torch.testing.assert_close(parted[name], gradient, rtol=1e-3, atol=1e-6)
    assert all(torch.equal(buffers[name], others[name]) for name in buffers)
