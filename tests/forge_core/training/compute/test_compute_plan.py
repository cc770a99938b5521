"""The fastest way to compute is found once, kept, and never found out again by a resumed run."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from forge_core.models import devices
from forge_core.models.networks import construction
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.training import stages
from forge_core.training.compute import compute_plan
from forge_core.training.compute.compute_plan import ComputePlan
from forge_core.training.config import TrainConfig
from forge_core.training.steps import precision
from tests.forge_core.training.arrange import Listener, make_config, run_fit

CPU = devices.choose("cpu")
MANY = 1_000_000


def choose(config: TrainConfig, num_images: int = MANY) -> ComputePlan:
    torch.manual_seed(0)
    model = construction.build_model("forge_cnn", 3, pretrained=False, input_size=16)
    assert isinstance(model, ImageClassifier)
    return compute_plan.choose_plan(
        config, CPU, model, stages.plan_stages(config), num_images=num_images, input_size=16
    )


def fake_seconds(monkeypatch: pytest.MonkeyPatch, seconds: dict[str, float]) -> list[str]:
    """Steps that take so long by "format layout", with both formats; returns what is measured."""
    monkeypatch.setattr(compute_plan, "formats_to_try", lambda _: ["bfloat16", "float32"])
    measured: list[str] = []

    def measure(speed: ComputePlan, *_: object) -> tuple[float, float]:
        measured.append(f"{speed.number_format} {speed.memory_layout}")
        return seconds[measured[-1]], seconds[measured[-1]]

    monkeypatch.setattr(compute_plan, "_step_seconds", measure)
    return measured


def test_choose_speed__tries_all_and_keeps_the_fastest(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {
        "float32 channels_last": 2.0,
        "float32 channels_first": 4.0,
        "bfloat16 channels_last": 0.8,
        "bfloat16 channels_first": 1.0,
    }
    measured = fake_seconds(monkeypatch, seconds)
    speed = choose(make_config(batch_size=8))
    assert sorted(measured) == sorted(seconds)
    assert (speed.number_format, speed.memory_layout) == ("bfloat16", "channels_last")
    assert speed.images_per_second is not None
    assert speed.images_per_second["bfloat16 channels_last"] == 5.0


def test_choose_speed__no_bfloat16_on_a_processor_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = {"float32 channels_last": 2.0, "float32 channels_first": 4.0}
    measured = fake_seconds(monkeypatch, seconds)
    monkeypatch.setattr(compute_plan, "formats_to_try", precision.formats_to_try)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert choose(make_config()).number_format == "float32"
    assert sorted(measured) == sorted(seconds)
    gpu = replace(CPU, kind="cuda")
    assert precision.formats_to_try(gpu) == ["bfloat16", "float32"]


def test_choose_speed__begins_no_candidate_when_the_time_is_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured = fake_seconds(monkeypatch, {"float32 channels_last": 1.0})
    monkeypatch.setattr(compute_plan, "MAX_SECONDS", -1.0)
    speed = choose(make_config())
    assert measured == ["float32 channels_last"]
    assert (speed.number_format, speed.memory_layout) == ("float32", "channels_last")


def test_choose_speed__noise_does_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {
        f"{form} {layout}": 1.0
        for form in ("float32", "bfloat16")
        for layout in compute_plan.LAYOUTS
    }
    fake_seconds(monkeypatch, {**seconds, "bfloat16 channels_last": 0.96})
    speed = choose(make_config())
    assert (speed.number_format, speed.memory_layout) == ("float32", "channels_last")


def test_choose_speed__what_the_config_sets_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {"float32 channels_last": 2.0, "float32 channels_first": 1.0}
    measured = fake_seconds(monkeypatch, seconds)
    speed = choose(make_config(number_format="float32"))
    assert sorted(measured) == sorted(seconds)
    assert speed.memory_layout == "channels_first"
    measured.clear()
    config = make_config(number_format="bfloat16", memory_layout="channels_first", num_threads=2)
    assert choose(config) == ComputePlan(
        number_format="bfloat16", memory_layout="channels_first", num_threads=2, device_kind="cpu"
    )
    assert measured == []


def test_choose_speed__not_where_it_would_not_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = fake_seconds(monkeypatch, {})
    # 4 candidates of 3 steps of 4 images are 48; a hundredth of 1,599 images in 3 epochs is 47
    assert choose(make_config(), num_images=1_599).images_per_second is None
    assert measured == []


def test_choose_speed__really_measures_and_leaves_network_and_stream_alone() -> None:
    model = construction.build_model("forge_cnn", 3, pretrained=False, input_size=16)
    assert isinstance(model, ImageClassifier)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    config = make_config()
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    speed = compute_plan.choose_plan(
        config, CPU, model, stages.plan_stages(config), num_images=MANY, input_size=16
    )
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert speed.images_per_second is not None
    assert "float32 channels_last" in speed.images_per_second
    assert all(rate > 0 for rate in speed.images_per_second.values())


@pytest.mark.parametrize(
    ("num_images", "step_seconds", "first_seconds", "expected"),
    [
        (60_000, 0.05, 30.0, True),  # 600 s become 300 s for 30 s of compiling
        (60_000, 0.05, 400.0, False),  # compiling takes longer than it saves
        (60_000, 0.2, 1.0, False),  # slower than before
        (59_900, 0.05, 30.0, False),  # too short a run: not even tried
    ],
)
def test_compiled_where_it_pays(
    num_images: int, step_seconds: float, first_seconds: float, expected: bool
) -> None:
    best = ComputePlan(
        number_format="bfloat16",
        memory_layout="channels_last",
        num_threads=1,
        device_kind="cuda",
        images_per_second={"bfloat16 channels_last": 100.0},  # a step of ten takes 0.1 s
    )
    tried: list[ComputePlan] = []

    def measure(speed: ComputePlan, limit_seconds: float) -> tuple[float, float]:
        tried.append(speed)
        return step_seconds, first_seconds

    found = compute_plan.compiled_where_it_pays(best, measure, 10, num_images)
    assert found.compiled == expected
    assert len(tried) == (num_images >= 60_000)
    if tried:
        assert found.images_per_second is not None
        assert "bfloat16 channels_last compiled" in found.images_per_second


def test_compiled_where_it_pays__a_network_that_cannot_be_compiled_is_not() -> None:
    best = ComputePlan(
        number_format="float32",
        memory_layout="channels_last",
        num_threads=1,
        device_kind="cuda",
        images_per_second={"float32 channels_last": 1.0},
    )

    def fail(speed: ComputePlan, limit_seconds: float) -> tuple[float, float]:
        raise torch._dynamo.exc.TorchDynamoException("no compiler")

    assert compute_plan.compiled_where_it_pays(best, fail, 10, 10**6) == best


@pytest.mark.slow
def test_fit__compiled_steps_give_the_losses_of_plain_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Traced as a compiler would, run by torch itself: no compiler is needed for that."""
    monkeypatch.setattr(compute_plan, "COMPILE_BACKEND", "aot_eager")
    plain = run_fit(tmp_path / "plain", make_config())
    assert plain.compute_plan is not None
    compiled = ComputePlan.from_dict({**plain.compute_plan.choice(), "compiled": True})
    monkeypatch.setattr(compute_plan, "choose_plan", lambda *_, **__: compiled)
    found = run_fit(tmp_path / "compiled", make_config())
    assert found.compute_plan is not None
    assert "compiled" in found.compute_plan.title
    expected = [entry.train_loss for entry in plain.history]
    assert [entry.train_loss for entry in found.history] == pytest.approx(expected, abs=1e-4)


def test_resume__computes_as_it_began_without_a_probe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ComputePlan(
        number_format="bfloat16",
        memory_layout="channels_first",
        num_threads=1,
        device_kind="cpu",
        images_per_second={"bfloat16 channels_first": 9.0},
    )
    monkeypatch.setattr(compute_plan, "choose_plan", lambda *_, **__: found)
    whole = run_fit(tmp_path / "whole", make_config())
    assert whole.compute_plan == found
    stopper = Listener(stop_when=lambda told: told.asked >= 6)
    assert run_fit(tmp_path / "run", make_config(), listener=stopper).stopped

    def refuse(*_: object, **__: object) -> ComputePlan:
        raise AssertionError("a resumed run must not probe")

    monkeypatch.setattr(compute_plan, "choose_plan", refuse)
    listener = Listener()
    resumed = run_fit(tmp_path / "run", make_config(), listener=listener, resume=True)
    assert resumed.compute_plan == found
    assert any("Computing as before: bfloat16, channels first" in t for t in listener.messages)
    assert [e.train_loss for e in resumed.history] == [e.train_loss for e in whole.history]
    assert [e.val_loss for e in resumed.history] == [e.val_loss for e in whole.history]


def test_fit__like_an_earlier_run_computes_as_it_did_without_a_probe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ComputePlan(
        number_format="bfloat16", memory_layout="channels_first", num_threads=1, device_kind="cpu"
    )
    monkeypatch.setattr(compute_plan, "choose_plan", lambda *_, **__: found)
    first = run_fit(tmp_path / "first", make_config())
    monkeypatch.undo()
    assert first.compute_plan is not None
    again = run_fit(tmp_path / "again", make_config(), reference_plan=first.compute_plan.choice())
    other = run_fit(tmp_path / "other", make_config())
    losses = [[e.train_loss for e in run.history] for run in (first, again, other)]
    assert losses[0] == losses[1]
    assert losses[0] != losses[2], "float32 is usual"


def test_speed_of__what_the_config_sets_comes_first() -> None:
    choice = ComputePlan(
        number_format="bfloat16", memory_layout="channels_first", num_threads=3, device_kind="cpu"
    ).choice()
    config = make_config(number_format="float32", num_threads=2)
    assert compute_plan.plan_of(config, CPU, choice) == ComputePlan(
        number_format="float32", memory_layout="channels_first", num_threads=2, device_kind="cpu"
    )
    assert compute_plan.plan_of(config, CPU, {**choice, "device_kind": "cuda"}) is None


def test_threads__are_put_back() -> None:
    before = torch.get_num_threads()
    with compute_plan.threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_compute_plan__is_kept_under_the_names_that_earlier_runs_have() -> None:
    plan = ComputePlan(
        number_format="float32",
        memory_layout="channels_last",
        num_threads=2,
        device_kind="cpu",
        micro_batches=4,
    )
    assert plan.choice()["parts"] == 4
    assert ComputePlan.from_dict(plan.choice()) == plan
    assert ComputePlan.from_dict(plan.to_dict()) == plan
    earlier = {name: value for name, value in plan.choice().items() if name != "parts"}
    assert ComputePlan.from_dict(earlier).micro_batches == 1
