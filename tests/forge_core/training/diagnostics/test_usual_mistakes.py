"""Each usual mistake is provoked, and named."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from db.records import EpochMetrics
from forge_core.augmentation.presets import AugmentationParameters
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.errors import InvalidInput, TrainingFailed
from forge_core.evaluation import metrics
from forge_core.models.networks import construction
from forge_core.models.networks.forge_cnn import ForgeCNN
from forge_core.training.diagnostics import usual_mistakes
from forge_core.training.inputs.image_sets import ImageSet, TrainingImage, check_images
from tests.forge_core.training.arrange import CLASS_NAMES, Drawer, Listener, make_config, run_fit


def test_wrong_flattened_size__names_both_sizes() -> None:
    # two poolings of a 16 px image leave 4 x 4 of 8 channels: 128, not 200
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(200, 3)
    )
    with pytest.raises(
        InvalidInput, match=r"3 x 16 x 16 image: a linear layer takes 200 .* gets 128"
    ):
        construction.check_forward(network, 3, input_size=16)


def test_label_out_of_range__is_refused_before_any_step() -> None:
    drawer = Drawer()
    train = drawer.make("train")
    wrong = TrainingImage(train.images[0].content_hash, train.images[0].source, 7)
    with pytest.raises(InvalidInput, match="Labels must be 0 to 2 for 3 classes; found 0 to 7"):
        check_images(ImageSet((*train.images, wrong), drawer.read), train, CLASS_NAMES)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (torch.rand(4, 3, 8, 8) * 255, "they are not normalised"),
        (torch.rand(4, 3, 8, 8), "scaled and not normalised"),
        (torch.randn(4, 3, 8, 8), ""),
    ],
)
def test_unnormalised_input__is_told(inputs: torch.Tensor, expected: str) -> None:
    words = usual_mistakes.describe_inputs(inputs)
    assert expected in words
    assert bool(words) == bool(expected)


def test_unnormalised_input__is_told_once_in_the_log_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = TrainTransform.__call__
    monkeypatch.setattr(TrainTransform, "__call__", lambda *values: call(*values).clamp(0, 1))
    listener = Listener()
    run_fit(tmp_path / "run", make_config(), listener=listener)
    assert sum("scaled and not normalised" in text for text in listener.messages) == 1


def test_modes__are_looked_at_by_every_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = ForgeCNN.train

    def forget(self: ForgeCNN, mode: bool = True) -> ForgeCNN:
        train(self, mode)
        self.head[2].train(not mode)
        return self

    monkeypatch.setattr(ForgeCNN, "train", forget)
    with pytest.raises(TrainingFailed, match=r"head\.2 is in eval mode and should be in training"):
        run_fit(tmp_path / "run", make_config())


def test_bad_learning_rate__the_batch_is_named(tmp_path: Path) -> None:
    config = make_config(
        batch_size=3, optimizer="sgd", scratch_lr=10.0, lr_warmup_steps=0, momentum=0.99
    )
    with pytest.raises(TrainingFailed, match=r"no longer a finite number.*at step \d+") as caught:
        run_fit(tmp_path / "run", config)
    assert "learning rate ten times lower" in caught.value.next_step
    assert caught.value.detail.count("train/") == 3


def test_dead_relus__are_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = construction.build_model

    def build_dead(*arguments: object, **choices: object) -> nn.Module:
        model = build(*arguments, **choices)  # type: ignore[arg-type]
        with torch.no_grad():
            model.head[0].bias.fill_(-100.0)
        return model

    monkeypatch.setattr(construction, "build_model", build_dead)
    listener = Listener()
    run_fit(tmp_path / "run", make_config(scratch_epochs=4), listener=listener)
    told = [text for text in listener.messages if "dead ReLUs" in text]
    assert told == [
        "100% of the units of head.1 answer to no image any more (dead ReLUs). Start again with a "
        "lower learning rate."
    ]
    assert any("Every validation image is said to be" in text for text in listener.messages)


def test_dead_relus__a_healthy_network_has_none(tmp_path: Path) -> None:
    listener = Listener()
    config = make_config(scratch_epochs=4, scratch_lr=3e-3)
    run_fit(tmp_path / "run", config, listener=listener)
    assert not any("dead" in text or "Every validation" in text for text in listener.messages)


def test_dead_relus__small_batches_are_looked_at_together() -> None:
    layers = nn.Sequential(nn.Linear(2, 4), nn.ReLU())
    with torch.no_grad():
        layers[0].weight.copy_(torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]))
        layers[0].bias.copy_(torch.tensor([0.0, 0.0, -1.0, 1.0]))
    with usual_mistakes.watch_relus(layers) as watch:
        layers(torch.tensor([[1.0, 0.0]]).expand(8, 2))
        assert watch.worst() is None, "8 images are too few"
        layers(torch.tensor([[-1.0, 0.0]]).expand(8, 2))
        layers(torch.full((8, 2), torch.nan))  # enough was seen before
    assert watch.worst() == ("1", 0.25)


def test_dead_relus__a_layer_that_is_called_twice_is_looked_at_twice() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu = nn.ReLU()

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            woken: torch.Tensor = self.relu(inputs)
            return self.relu(woken - 10.0)

    network = Twice()
    with usual_mistakes.watch_relus(network) as watch:
        for _ in range(2):
            network(torch.ones(16, 3))
    assert watch.worst() == ("relu", 1.0)


def report(labels: list[int], answers: list[int]) -> metrics.EvaluationReport:
    logits = nn.functional.one_hot(torch.tensor(answers), 3).float()
    return metrics.evaluate_logits(logits, torch.tensor(labels), CLASS_NAMES)


def test_one_class__needs_several_classes_and_enough_images() -> None:
    assert usual_mistakes.find_only_answer(report([0, 1, 2] * 4, [1] * 12)) == 1
    assert usual_mistakes.find_only_answer(report([0, 1, 2] * 4, [1] * 11 + [0])) is None
    assert usual_mistakes.find_only_answer(report([1] * 12, [1] * 12)) is None, "they are all of it"
    assert usual_mistakes.find_only_answer(report([0, 1, 2], [1, 1, 1])) is None


FAIR = report([0, 1, 2] * 4, [0, 1, 2] * 4)


def losses(*pairs: tuple[float, float]) -> list[EpochMetrics]:
    return [
        EpochMetrics(
            epoch=number,
            stage="scratch",
            train_loss=train,
            train_accuracy=0.5,
            val_loss=val,
            val_accuracy=0.5,
            learning_rates={},
            duration_seconds=1.0,
            images_per_second=1.0,
        )
        for number, (train, val) in enumerate(pairs, start=1)
    ]


def test_overfitting__is_told_once_when_validation_loss_rises_while_training_loss_falls() -> None:
    findings = usual_mistakes.Findings()
    history = losses((1.0, 1.0), (0.8, 0.9), (0.6, 0.95), (0.4, 1.0), (0.2, 1.2), (0.1, 1.4))
    told = [findings.of_history(history[:number], FAIR) for number in range(1, 7)]
    assert told[:4] == [[], [], [], []]
    assert "best, 0.900 after epoch 2, for 3 epochs" in told[4][0]
    assert "training loss fell from 0.800 to 0.200" in told[4][0]
    assert told[5] == [], "once"
    both_rise = losses((0.8, 0.9), (0.9, 1.0), (0.9, 1.0), (0.9, 1.2), (1.0, 1.4))
    assert usual_mistakes.Findings().of_history(both_rise, FAIR) == []
    hardly = losses((0.8, 0.9), (0.6, 0.91), (0.4, 0.92), (0.2, 0.93))
    assert usual_mistakes.Findings().of_history(hardly, FAIR) == []


@pytest.mark.parametrize(
    ("train_accuracy", "answers", "is_told"),
    [
        (1.0, [1, 2, 0], True),  # each class is called by the name of the next
        (0.5, [1, 2, 0], False),  # nothing is understood yet
        (1.0, [0, 0, 0], False),  # as good as guessing: images may be learned by heart
        (1.0, [0, 1, 2], False),
    ],
)
def test_labels_of_two_splits_that_contradict__are_no_overfitting(
    train_accuracy: float, answers: list[int], is_told: bool
) -> None:
    history = losses((1.0, 1.0), (0.8, 0.9), (0.6, 2.95), (0.4, 3.0), (0.2, 4.2))
    history[-1] = replace(history[-1], train_accuracy=train_accuracy)
    told = usual_mistakes.Findings().of_history(history, report([0, 1, 2] * 12, answers * 12))
    assert len(told) == 1
    assert ("the labels of the two splits do not mean the same" in told[0]) == is_told
    assert ("overfitting" in told[0]) != is_told


@pytest.mark.slow
def test_overfitting__a_run_on_wrong_labels_is_told(tmp_path: Path) -> None:
    """Training labels that say nothing can only be learned by heart."""
    drawer, listener = Drawer(), Listener()
    images = drawer.make("train").images
    mixed = [
        TrainingImage(image.content_hash, image.source, number % 3)
        for number, image in enumerate(sorted(images, key=lambda image: image.content_hash))
    ]
    config = make_config(scratch_epochs=25, scratch_lr=5e-3, augmentation=AugmentationParameters())
    train = ImageSet(tuple(mixed), drawer.read)
    run_fit(tmp_path / "run", config, drawer, listener=listener, train=train)
    assert sum("by heart (overfitting)" in text for text in listener.messages) == 1


def test_gradients__that_vanish_or_burst_are_told_once() -> None:
    def told(*lengths: float) -> list[str]:
        findings = usual_mistakes.Findings()
        norms = [torch.tensor(length) for length in lengths]
        first = findings.of_gradients(norms, 2)
        assert findings.of_gradients(norms, 3) == []
        return first

    assert told(1.0, 2.0, 3.0, 99.0, float("inf")) == []
    (burst,) = told(1.0, 2.0, 3.0, 250.0)
    assert "A gradient of epoch 3 was 250.0 long where half are shorter than 2.00" in burst
    assert "clip gradients at 20" in burst
    (vanished,) = told(1e-9, 1e-9, 1.0)
    assert "have all but vanished" in vanished
    assert told(float("nan")) == told() == []


def test_gradients__of_a_network_that_answers_nothing_have_vanished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = ForgeCNN.forward
    monkeypatch.setattr(ForgeCNN, "forward", lambda *values: forward(*values) * 1e-12)
    listener = Listener()
    run_fit(tmp_path / "run", make_config(), listener=listener)
    assert sum("gradients of epoch 1 have all but vanished" in t for t in listener.messages) == 1


def test_modes__a_layer_in_the_wrong_mode_is_named() -> None:
    model = ForgeCNN(3, input_size=16)
    model.train()
    usual_mistakes.check_modes(model, training=True)
    model.head[2].eval()
    with pytest.raises(TrainingFailed, match=r"head\.2 is in eval mode and should be in training"):
        usual_mistakes.check_modes(model, training=True)
    model.eval()
    usual_mistakes.check_modes(model, training=False)
    model.backbone[0][1].train()
    with pytest.raises(TrainingFailed, match=r"backbone\.0\.1 is in training mode .* measured"):
        usual_mistakes.check_modes(model, training=False)


def test_modes__a_frozen_backbone_stays_in_eval_mode() -> None:
    model = ForgeCNN(3, input_size=16)
    model.set_backbone_frozen(True)
    model.train()
    usual_mistakes.check_modes(model, training=True)
    model.backbone.train()
    with pytest.raises(TrainingFailed, match="should be in eval mode"):
        usual_mistakes.check_modes(model, training=True)


def test_leaking_split__the_same_bytes_are_named(tmp_path: Path) -> None:
    drawer, listener = Drawer(), Listener()
    train, val = drawer.make("train"), drawer.make("val", offset=100)
    leak = TrainingImage(train.images[3].content_hash, "val/copy.png", train.images[3].label)
    drawer.files["val/copy.png"] = drawer.files[train.images[3].source]
    val = ImageSet((*val.images, leak), drawer.read)
    run_fit(tmp_path / "run", make_config(), drawer, listener=listener, train=train, val=val)
    assert any(
        text.startswith("1 validation images are also in training") and "val/copy.png" in text
        for text in listener.messages
    )
