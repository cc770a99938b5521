"""The loop learns, tells, stops and fails as it promises."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from forge_core.augmentation.presets import AugmentationParameters
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.errors import ImageRejected, InvalidInput, TrainingFailed
from forge_core.evaluation import metrics
from forge_core.imaging import hashing
from forge_core.inference.predictor import Predictor
from forge_core.models import devices
from forge_core.models.checkpoints import checkpoint
from forge_core.models.networks import construction
from forge_core.training import epochs, loop, stages, validation
from forge_core.training.compute.ranks import ALONE
from forge_core.training.diagnostics import failures
from forge_core.training.epochs import RunningTotals
from forge_core.training.inputs.batches import Batch, PixelSource
from forge_core.training.inputs.image_sets import ImageSet, TrainingImage
from forge_core.training.pixels.pack import PixelPack
from forge_core.training.reporting import ProgressMeter
from forge_core.training.steps.learner import Learner
from forge_core.training.steps.precision import MEMORY_FORMAT, Precision
from forge_core.training.steps.train_step import train_step
from tests.forge_core.training.arrange import (
    CLASS_NAMES,
    LABEL_IDS,
    Drawer,
    Listener,
    make_config,
    run_fit,
)

CPU_PRECISION = Precision(devices.choose("cpu"))
PLAIN = AugmentationParameters()


def test_fit__learns_and_tells(tmp_path: Path) -> None:
    listener = Listener()
    config = make_config(scratch_epochs=12, scratch_lr=3e-3, augmentation=PLAIN)
    result = run_fit(tmp_path / "run", config, listener=listener)

    assert result.epochs_done == 12
    assert not result.stopped
    assert result.best_metric is not None
    assert result.best_metric >= 0.9, "three shapes of three colours"
    assert result.history == tuple(listener.epochs)
    assert [entry.epoch for entry in listener.epochs] == list(range(1, 13))
    assert listener.epochs[-1].train_loss < listener.epochs[0].train_loss / 2
    best = max(listener.epochs, key=lambda entry: (entry.val_accuracy, -entry.val_loss))
    assert (result.best_epoch, result.best_metric) == (best.epoch, best.val_accuracy)
    assert result.report is not None
    assert result.report.loss == best.val_loss
    assert result.report.num_images == 21
    assert any("21 training and 21 validation images" in text for text in listener.messages)
    assert re.fullmatch(
        r"Most memory at once: \d+\.\d GiB of this process\.", listener.messages[-1]
    ), listener.messages[-1]
    assert listener.progress[0] == ("scratch", 1, 1, 3), "images are decoded beside the first epoch"
    assert ("scratch", 12, 3, 3) in listener.progress
    assert listener.epochs[-1].learning_rates["all"] < 1e-4


def test_fit__padded_images_are_padded_wherever_the_checkpoint_is_used(tmp_path: Path) -> None:
    result = run_fit(tmp_path / "run", make_config(fit="pad", scratch_epochs=1))
    assert result.best_path is not None
    transform = checkpoint.read_card(result.best_path).eval_transform
    assert (transform.fit, transform.resize) == ("pad", transform.crop)
    (folder,) = (tmp_path / "pack").iterdir()
    assert folder.name.startswith(f"long{transform.crop}-bilinear-")


def test_fit__checkpoints_carry_their_card(tmp_path: Path) -> None:
    result = run_fit(tmp_path / "run", make_config())
    assert result.last_path is not None
    assert result.best_path is not None
    card = checkpoint.read_card(result.last_path)
    assert (card.class_names, card.label_ids) == (CLASS_NAMES, LABEL_IDS)
    assert (card.run_id, card.revision_id, card.seed) == (47, 9, 5)
    assert (card.stage, card.epoch) == ("scratch", 3)
    assert card.metrics["val_accuracy"] == result.history[-1].val_accuracy
    assert checkpoint.read_card(result.best_path).epoch == result.best_epoch
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "best.safetensors",
        "last.safetensors",
        "state.pt",
    ]


@pytest.mark.parametrize("number_format", ["float32", "bfloat16"])
def test_fit__validation_equals_the_predictor(tmp_path: Path, number_format: str) -> None:
    drawer = Drawer()
    # odd shapes, so that resize and crop matter
    sizes = [(61, 33), (24, 90), (16, 16), (7, 5), (200, 31)]
    val = ImageSet(
        tuple(
            drawer.add(f"odd/{number}.png", draw_gradient(size), number % 3)
            for number, size in enumerate(sizes)
        ),
        drawer.read,
    )
    config = make_config(scratch_lr=1e-2, number_format=number_format)
    result = run_fit(tmp_path / "run", config, drawer, val=val)
    assert result.best_path is not None
    assert result.report is not None

    predictor = Predictor.load(result.best_path, device="cpu")
    images = [Image.open(BytesIO(drawer.files[image.source])) for image in val.images]
    logits = predictor.logits(images)
    assert logits.std() > 0.01

    source = make_source(tmp_path / "pack", predictor, val)
    with torch.inference_mode():
        by_training = torch.cat([source.network(inputs) for inputs, _ in source.val_batches()])
    assert torch.allclose(logits, by_training, rtol=1e-5, atol=1e-5)
    assert torch.equal(logits.argmax(dim=1), by_training.argmax(dim=1))

    measured = metrics.evaluate_logits(logits, val.labels, CLASS_NAMES)
    assert measured.confusion == result.report.confusion
    assert measured.loss == pytest.approx(result.report.loss, rel=1e-5)


@pytest.mark.usefixtures("real_weights")
def test_fit__two_stages_of_a_pretrained_network(
    tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    train, val = (
        make_photos(shared_data("tiny_ci_imagenette96"), part) for part in ("train", "val")
    )
    names = sorted({image.source.split("/")[-2] for image in train.images})
    listener = Listener()
    result = loop.fit(
        make_config(
            architecture="mobilenet_v2",
            pretrained=True,
            input_size=96,
            warmup_epochs=4,
            finetune_epochs=1,
            batch_size=16,
        ),
        train,
        val,
        names,
        list(range(len(names))),
        reporter=listener,
        folder=tmp_path / "run",
        pack_folder=tmp_path / "pack",
    )
    assert [entry.stage for entry in result.history] == ["warmup"] * 4 + ["finetune"]
    assert set(result.history[0].learning_rates) == {"head"}
    assert set(result.history[-1].learning_rates) == {"head", "backbone"}
    assert result.best_metric is not None
    assert result.best_metric >= 0.7, "chance is 0.1"
    assert any("features of 2 augmented views" in text for text in listener.messages)


@pytest.mark.usefixtures("real_weights")
def test_fit__warm_up_leaves_the_backbone_as_it_was(tmp_path: Path) -> None:
    config = make_config(
        architecture="mobilenet_v2",
        pretrained=True,
        input_size=32,
        warmup_epochs=2,
        finetune_epochs=0,
    )
    result = run_fit(tmp_path / "run", config)
    assert result.last_path is not None
    trained = checkpoint.load_checkpoint(result.last_path).model
    fresh = construction.build_model("mobilenet_v2", 3, pretrained=True, input_size=32)
    after = trained.backbone.state_dict()
    assert all(
        torch.equal(value, after[name]) for name, value in fresh.backbone.state_dict().items()
    )


def test_fit__the_same_seed_gives_the_same_losses(tmp_path: Path) -> None:
    first = run_fit(tmp_path / "a", make_config())
    second = run_fit(tmp_path / "b", make_config())
    other = run_fit(tmp_path / "c", make_config(seed=6))
    losses = [[entry.train_loss for entry in run.history] for run in (first, second, other)]
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


def test_fit__stops_within_a_step(tmp_path: Path) -> None:
    listener = Listener(stop_when=lambda told: ("scratch", 2, 1, 3) in told.progress)
    result = run_fit(tmp_path / "run", make_config(scratch_epochs=50), listener=listener)
    assert result.stopped
    assert result.epochs_done == 1
    assert result.last_path is not None
    assert checkpoint.read_card(result.last_path).epoch == 1
    assert listener.progress[-1] == ("scratch", 2, 1, 3)


def test_fit__stopped_before_the_first_epoch_has_no_checkpoint(tmp_path: Path) -> None:
    result = run_fit(
        tmp_path / "run", make_config(), listener=Listener(stop_when=lambda told: True)
    )
    assert result.stopped
    assert (result.best_path, result.last_path, result.best_metric) == (None, None, None)
    assert result.epochs_done == result.best_epoch == 0


def test_fit__early_stopping_ends_when_nothing_improves(tmp_path: Path) -> None:
    listener = Listener()
    config = make_config(scratch_epochs=50, scratch_lr=1e-9, min_lr=0.0, early_stopping_patience=2)
    result = run_fit(tmp_path / "run", config, listener=listener)
    assert result.ended_early
    assert not result.stopped
    assert result.epochs_done < 20
    assert any("2 epochs brought no better" in text for text in listener.messages)


def test_train_one_epoch__a_loss_that_is_not_finite_names_stage_epoch_and_step() -> None:
    source = FixedSource(num_batches=4, broken_step=2)
    (stage,) = stages.plan_stages(make_config())
    optimizer = torch.optim.SGD([{"params": source.network.parameters(), "name": "all"}], lr=1.0)
    with pytest.raises(TrainingFailed) as caught:
        epochs.train_one_epoch(
            source,
            Learner(model=source.network, optimizer=optimizer, precision=CPU_PRECISION),
            stage,
            RunningTotals(),
            seed=0,
            epoch=6,
            epoch_of_stage=1,
            meter=ProgressMeter(Listener()),
        )
    assert "stage scratch, epoch 7, at step 3" in caught.value.message
    assert "learning rate" in caught.value.next_step


def test_evaluate__a_network_that_is_not_finite_names_the_epoch() -> None:
    source = FixedSource(num_batches=3, broken_step=1)
    (stage,) = stages.plan_stages(make_config())
    with pytest.raises(TrainingFailed, match="stage scratch, epoch 2, after its last step"):
        validation.evaluate(
            source, CLASS_NAMES, epoch=1, stage=stage, meter=ProgressMeter(Listener())
        )


def test_memory_explained__names_device_and_a_smaller_batch() -> None:
    device = devices.choose("cpu")
    with (
        pytest.raises(TrainingFailed) as caught,
        failures.memory_explained(device, make_config(batch_size=8)),
    ):
        torch.empty(2**60, dtype=torch.uint8)
    assert "did not suffice for batches of 8" in caught.value.message
    assert "batch size of 4" in caught.value.next_step


def test_memory_explained__other_errors_pass() -> None:
    with (
        pytest.raises(RuntimeError, match="shapes cannot be multiplied"),
        failures.memory_explained(devices.choose("cpu"), make_config()),
    ):
        torch.ones(2, 3) @ torch.ones(2, 3)


def test_fit__damaged_images_are_left_out_and_named(tmp_path: Path) -> None:
    drawer, listener = Drawer(), Listener()
    train = drawer.make("train")
    damaged = train.images[4].source
    drawer.files[damaged] = drawer.files[damaged][:100]
    bad = TrainingImage(hashing.content_hash(drawer.files[damaged]), damaged, train.images[4].label)
    train = ImageSet((*train.images[:4], bad, *train.images[5:]), drawer.read)

    result = run_fit(tmp_path / "run", make_config(), drawer, listener=listener, train=train)

    assert [(image.source, image.reason) for image in result.rejected] == [(damaged, "truncated")]
    assert any(text.startswith(f"Left out {damaged}:") for text in listener.messages)
    assert any("20 training and 21 validation images" in text for text in listener.messages)


@pytest.mark.parametrize("balanced", [False, True])
def test_fit__a_cold_and_a_full_pack_give_the_same_run(tmp_path: Path, balanced: bool) -> None:
    """Also with a damaged image, which a cold pack meets only when the run has begun."""
    config = make_config(balanced_sampling=balanced, scratch_epochs=2)
    ends = []
    for name in ("cold", "full"):
        drawer, listener = Drawer(), Listener()
        train = drawer.make("train", (9, 5, 3))
        damaged = train.images[-1].source
        drawer.files[damaged] = drawer.files[damaged][:100]
        bad = TrainingImage(hashing.content_hash(drawer.files[damaged]), damaged, 0)
        train = ImageSet((*train.images[:-1], bad), drawer.read)
        pack_folder = tmp_path / "pack"  # full when the second run begins, but for the damaged one
        ends.append(run_fit(tmp_path / name, config, drawer, listener=listener, train=train))
        assert pack_folder.exists()
        assert [image.source for image in ends[-1].rejected] == [damaged]
        assert [entry.epoch for entry in listener.epochs] == [1, 2], "no epoch is told twice"
        assert "All images are decoded before the start now." in " ".join(listener.messages)
    cold, full = ends
    assert [entry.train_loss for entry in cold.history] == [e.train_loss for e in full.history]
    assert [entry.val_loss for entry in cold.history] == [e.val_loss for e in full.history]


def test_fit__a_run_stopped_in_its_cold_epoch_goes_on_without_the_damaged_image(
    tmp_path: Path,
) -> None:
    drawer = Drawer()
    train, val = drawer.make("train"), drawer.make("val", offset=100)
    damaged = val.images[3].source  # met after the last step of the epoch
    drawer.files[damaged] = drawer.files[damaged][:100]
    bad = TrainingImage(hashing.content_hash(drawer.files[damaged]), damaged, 0)
    val = ImageSet((*val.images[:3], bad, *val.images[4:]), drawer.read)
    config = make_config()
    whole = run_fit(tmp_path / "whole", config, drawer, train=train, val=val)

    shutil.rmtree(tmp_path / "pack")
    folder = tmp_path / "run"
    stop = Listener(stop_when=lambda told: len(told.progress) == 2)
    stopped = run_fit(folder, config, drawer, listener=stop, train=train, val=val, save_seconds=0.0)
    assert stopped.stopped
    listener = Listener()
    ended = run_fit(folder, config, drawer, listener=listener, train=train, val=val, resume=True)
    assert any("begins again without them" in text for text in listener.messages)
    assert [image.source for image in ended.rejected] == [damaged]
    assert [e.val_loss for e in ended.history] == [e.val_loss for e in whole.history]


def test_fit__a_file_that_goes_while_it_runs_ends_the_run(tmp_path: Path) -> None:
    """With no room in the pack every epoch reads the files again."""
    drawer = Drawer()
    train, val = drawer.make("train"), drawer.make("val", offset=100)

    def lose(told: Listener) -> bool:
        if told.epochs:
            drawer.files.pop(train.images[0].source, None)
        return False

    with pytest.raises(ImageRejected, match=train.images[0].source):
        run_fit(
            tmp_path / "run",
            make_config(),
            drawer,
            listener=Listener(stop_when=lose),
            train=train,
            val=val,
            pack_budget_bytes=0,
        )


def test_fit__a_class_whose_images_are_all_damaged_is_refused(tmp_path: Path) -> None:
    drawer = Drawer()
    train = drawer.make("train", (4, 4, 1))
    del drawer.files["train/2_0.png"]
    with pytest.raises(InvalidInput, match="no training images: stripe"):
        run_fit(tmp_path / "run", make_config(), drawer, train=train)


def test_fit__refuses_before_any_work(tmp_path: Path) -> None:
    drawer = Drawer()
    with pytest.raises(InvalidInput, match="0 images are in validation"):
        run_fit(tmp_path / "run", make_config(), drawer, val=ImageSet((), drawer.read))
    assert drawer.reads == []
    assert not (tmp_path / "run").exists()
    with pytest.raises(InvalidInput, match="cuda:99"):
        run_fit(tmp_path / "run", make_config(device="cuda:99"), drawer)
    assert drawer.reads == []


def test_fit__a_class_without_validation_images_is_told(tmp_path: Path) -> None:
    drawer, listener = Drawer(), Listener()
    val = drawer.make("val", (3, 3, 0), offset=70)
    run_fit(tmp_path / "run", make_config(), drawer, listener=listener, val=val)
    assert any("Validation has no images of stripe" in text for text in listener.messages)


def test_fit__balanced_sampling_runs_and_is_told(tmp_path: Path) -> None:
    drawer, listener = Drawer(), Listener()
    train = drawer.make("train", (12, 3, 3))
    config = make_config(balanced_sampling=True)
    result = run_fit(tmp_path / "run", config, drawer, listener=listener, train=train)
    assert result.epochs_done == 3
    words = "about 6 images of each in an epoch, of square there are 3."
    assert any("equally often" in text and words in text for text in listener.messages)


def test_fit__balanced_loss_is_told_with_what_each_class_counts(tmp_path: Path) -> None:
    drawer, listener = Drawer(), Listener()
    train = drawer.make("train", (12, 3, 3))
    run_fit(
        tmp_path / "run",
        make_config(balanced_loss=True),
        drawer,
        listener=listener,
        train=train,
    )
    # 18 images, 3 classes: 6 each; 6/12 = 0.5 and 6/3 = 2
    words = "The loss counts each class like 6 images: circle 0.50, square 2.00, stripe 2.00."
    assert words in listener.messages


def test_fit__with_an_average_its_weights_are_measured_and_kept(tmp_path: Path) -> None:
    config = make_config(scratch_epochs=2, scratch_lr=1e-2)
    plain = run_fit(tmp_path / "plain", config)
    averaged = run_fit(tmp_path / "averaged", replace(config, ema_decay=0.9))
    losses = [[entry.train_loss for entry in run.history] for run in (plain, averaged)]
    assert losses[0] == losses[1], "what is trained stays the same"
    assert plain.history[-1].val_loss != averaged.history[-1].val_loss
    assert averaged.last_path is not None
    kept = checkpoint.load_checkpoint(averaged.last_path).model.state_dict()
    state = torch.load(tmp_path / "averaged" / "state.pt", weights_only=True)["learner"]
    name = "head.3.weight"
    assert torch.equal(kept[name], state["average"]["mean"][name])
    assert not torch.equal(kept[name], state["model"][name])


def test_train_step__lowers_the_loss_and_leaves_it_on_the_device() -> None:
    torch.manual_seed(0)
    network = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5)
    inputs, labels = torch.randn(16, 4), torch.arange(16) % 3
    losses = [train_step(network, inputs, labels, optimizer, CPU_PRECISION) for _ in range(20)]
    assert float(losses[-1][0]) < float(losses[0][0])
    assert not losses[0][0].requires_grad
    assert 0 <= int(losses[-1][1]) <= 16


def draw_gradient(size: tuple[int, int]) -> bytes:
    across = Image.linear_gradient("L").resize(size)
    down = Image.linear_gradient("L").rotate(90).resize(size)
    buffer = BytesIO()
    Image.merge("RGB", (across, down, across)).save(buffer, "PNG")
    return buffer.getvalue()


def make_photos(folder: Path, part: str) -> ImageSet:
    """Up to 6 photos a class of a split/class folder for training, 3 for validation."""
    classes = sorted(path.name for path in (folder / part).iterdir() if path.is_dir())
    limit = 6 if part == "train" else 3
    files = {
        path.relative_to(folder).as_posix(): label
        for label, name in enumerate(classes)
        for path in sorted((folder / part / name).iterdir())[:limit]
    }
    images = tuple(
        TrainingImage(hashing.content_hash((folder / source).read_bytes()), source, label)
        for source, label in files.items()
    )
    return ImageSet(images, lambda source: (folder / source).read_bytes())


def make_source(pack_folder: Path, predictor: Predictor, val: ImageSet) -> PixelSource:
    """The batches that training would validate the predictor's network on."""
    eval_transform = predictor.card.eval_transform
    return PixelSource(
        config=make_config(),
        model=predictor.loaded.model.to(memory_format=MEMORY_FORMAT),  # type: ignore[call-overload]
        train=val,
        val=val,
        pack=PixelPack(pack_folder, eval_transform),
        train_transform=TrainTransform(PLAIN, eval_transform),
        eval_transform=eval_transform,
        device=devices.choose("cpu"),
    )


class FixedSource:
    """Batches of numbers for a linear network, one of which is infinite."""

    def __init__(self, num_batches: int, broken_step: int) -> None:
        self.network: nn.Module = nn.Linear(4, 3)
        self.called, self.ranks = self.network, ALONE
        self._num_batches = num_batches
        self._broken_step = broken_step

    def num_preparing_steps(self, epoch: int) -> int:
        return 0

    def prepare(self, epoch: int, on_batch: Callable[[int], None]) -> None:
        return

    def num_train_batches(self) -> int:
        return self._num_batches

    def train_batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        for step in range(first, self._num_batches):
            inputs = torch.full((6, 4), torch.inf if step == self._broken_step else 0.5)
            yield inputs, torch.arange(6) % 3

    def num_val_batches(self) -> int:
        return self._num_batches

    def val_batches(self) -> Iterator[Batch]:
        return self.train_batches(0)
