"""A step that ran out of memory is taken in parts, as if it had been from the first."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from forge_core.errors import TrainingFailed
from forge_core.models import devices
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.training.diagnostics import failures
from forge_core.training.reporting import ProgressMeter
from forge_core.training.steps.learner import Learner
from forge_core.training.steps.mixing import Mix
from forge_core.training.steps.precision import Precision
from forge_core.training.steps.recovery import ForwardRecovery, StepRecovery
from forge_core.training.steps.train_step import StepRules
from tests.forge_core.training.arrange import Listener, make_config, run_fit

LABELS = torch.tensor([0, 0, 0, 1, 1, 2, 0])


class Short(nn.Module):
    """A network on a device whose memory holds so many images."""

    def __init__(self, layers: nn.Module, room: int) -> None:
        super().__init__()
        self.layers = layers
        self.room = room

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.layers(inputs)  # the statistics and the streams move, then it fails
        if len(inputs) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return logits


def take_steps(
    layers: nn.Module, room: int, rules: StepRules, mix: Mix | None, micro_batches: int = 1
) -> tuple[list[Tensor], Learner, list[str]]:
    """Losses of three steps."""
    network = Short(layers, room)
    listener = Listener()
    learner = Learner(
        model=network,  # type: ignore[arg-type]
        optimizer=torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9),
        precision=Precision(devices.choose("cpu")),
        rules=rules,
        micro_batches=micro_batches,
    )
    recovery = StepRecovery(network)
    torch.manual_seed(7)
    batches = [torch.randn(7, 3, 2, 2) for _ in range(3)]
    meter = ProgressMeter(listener)
    losses = [recovery.step(learner, inputs, LABELS, mix, meter)[0] for inputs in batches]
    return losses, learner, listener.messages


def make_layers(*, with_norm: bool) -> nn.Module:
    torch.manual_seed(0)
    norm = nn.Sequential(nn.BatchNorm1d(12), nn.Dropout(0.5)) if with_norm else nn.Identity()
    return nn.Sequential(nn.Flatten(), norm, nn.Linear(12, 3))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("mix", [None, Mix(share=0.7, box=None)])
def test_step__in_parts_has_the_losses_of_the_whole(weighted: bool, mix: Mix | None) -> None:
    weights = torch.tensor([0.5, 1.0, 2.0]) if weighted else None
    rules = StepRules(label_smoothing=0.1, class_weights=weights, clip_norm=0.5)
    whole, learner, said = take_steps(make_layers(with_norm=False), 100, rules, mix)
    assert (learner.micro_batches, said) == (1, [])
    short, learner, said = take_steps(make_layers(with_norm=False), 4, rules, mix)
    assert learner.micro_batches == 2
    assert torch.allclose(torch.stack(whole), torch.stack(short), rtol=0, atol=1e-6)
    assert "did not suffice for 7 images at once: batches go on in 2 parts" in said[0]


def test_step__statistics_and_dropout_are_those_of_smaller_parts_from_the_first() -> None:
    recovered, layers = make_layers(with_norm=True), make_layers(with_norm=True)
    losses, learner, _ = take_steps(recovered, 4, StepRules(), None)
    assert learner.micro_batches == 2
    expected, _, said = take_steps(layers, 4, StepRules(), None, micro_batches=2)
    assert said == []
    assert torch.equal(torch.stack(losses), torch.stack(expected))
    for ours, theirs in zip(
        recovered.state_dict().values(), layers.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs)


def test_step__parts_of_one_image_are_not_tried() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        take_steps(make_layers(with_norm=False), 1, StepRules(), None)


def test_step__other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        take_steps(nn.Sequential(nn.Flatten(), nn.Linear(5, 3)), 9, StepRules(), None)


class ShortOfMoments(torch.optim.AdamW):
    """An optimiser that runs out of memory once, between a weight's step count and its moments."""

    is_short = True

    def step(self, closure: object = None) -> None:  # type: ignore[override]
        if self.is_short:
            self.is_short = False
            self.state[self.param_groups[0]["params"][0]]["step"] = torch.tensor(0.0)
            raise torch.OutOfMemoryError("CUDA out of memory.")
        super().step()


def test_step__moments_that_were_half_made_are_made_anew() -> None:
    layers = make_layers(with_norm=False)
    expected, twin = [], make_layers(with_norm=False)
    for network, optimizer_class, found in (
        (layers, ShortOfMoments, losses := []),
        (twin, torch.optim.AdamW, expected),
    ):
        learner = Learner(
            model=network,  # type: ignore[arg-type]
            optimizer=optimizer_class(network.parameters(), lr=0.1),
            precision=Precision(devices.choose("cpu")),
            micro_batches=1 if network is layers else 2,
        )
        recovery, meter = StepRecovery(network), ProgressMeter(Listener())
        torch.manual_seed(7)
        for _ in range(3):
            inputs = torch.randn(7, 3, 2, 2)
            found.append(recovery.step(learner, inputs, LABELS, None, meter)[0])
        assert learner.micro_batches == 2
    assert torch.equal(torch.stack(losses), torch.stack(expected))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("CUDA error: out of memory", True),
        ("MPS backend out of memory (MPS allocated: 3 GB)", True),
        ("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", True),
        ("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes", True),
        ("mat1 and mat2 shapes cannot be multiplied", False),
    ],
)
def test_is_out_of_memory__by_the_words_of_every_device(words: str, expected: bool) -> None:
    assert failures.is_out_of_memory(RuntimeError(words)) == expected


def test_forward__is_cut_where_memory_is_short_and_stays_cut() -> None:
    network, said = Short(make_layers(with_norm=True).eval(), room=3), list[str]()
    forward = ForwardRecovery(network, said.append)
    inputs = torch.randn(7, 3, 2, 2)
    for _ in range(2):
        torch.testing.assert_close(forward(inputs), network.layers(inputs))
    assert said == [
        "The memory did not suffice to measure 7 images at once: it goes on with 3.",
    ]
    with pytest.raises(torch.OutOfMemoryError):
        ForwardRecovery(Short(make_layers(with_norm=True).eval(), room=0), said.append)(inputs)


def test_fit__measuring_goes_on_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run_fit(tmp_path / "whole", make_config())
    forward = ImageClassifier.forward

    def fail(self: ImageClassifier, inputs: Tensor) -> Tensor:
        if not self.training and len(inputs) > 10:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(self, inputs)

    monkeypatch.setattr(ImageClassifier, "forward", fail)
    listener = Listener()
    short = run_fit(tmp_path / "short", make_config(), listener=listener)
    assert any("did not suffice to measure" in text for text in listener.messages)
    assert [e.train_loss for e in short.history] == [e.train_loss for e in whole.history]
    assert [e.val_loss for e in short.history] == pytest.approx(
        [e.val_loss for e in whole.history], abs=1e-6
    )


def shorten_memory(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Let every network fail in training on more images than `room`."""
    forward = ImageClassifier.forward

    def fail(self: ImageClassifier, inputs: Tensor) -> Tensor:
        logits = forward(self, inputs)
        if self.training and len(inputs) > room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return logits

    monkeypatch.setattr(ImageClassifier, "forward", fail)


def test_fit__goes_on_in_parts_also_when_it_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_memory(monkeypatch, room=4)
    listener = Listener()
    whole = run_fit(tmp_path / "whole", make_config(), listener=listener)
    assert sum("did not suffice" in text for text in listener.messages) == 1
    stopper = Listener(stop_when=lambda told: told.asked >= 6)
    assert run_fit(tmp_path / "run", make_config(), listener=stopper).stopped
    listener = Listener()
    resumed = run_fit(tmp_path / "run", make_config(), listener=listener, resume=True)
    assert not any("did not suffice" in text for text in listener.messages), "it knows already"
    assert [e.train_loss for e in resumed.history] == [e.train_loss for e in whole.history]


def test_fit__when_not_even_the_smallest_parts_fit_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_memory(monkeypatch, room=1)
    with pytest.raises(TrainingFailed, match="did not suffice for batches of 8 images"):
        run_fit(tmp_path / "run", make_config())
