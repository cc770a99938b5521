"""The loop learns, tells and stops as it promises."""

import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image

from forge_core.augmentation.presets import AugmentationParameters
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.evaluation import metrics
from forge_core.imaging import hashing
from forge_core.inference.predictor import Predictor
from forge_core.models import devices
from forge_core.models.checkpoints import checkpoint
from forge_core.models.networks import construction
from forge_core.training import usable_images
from forge_core.training.glimpses.first_batch import FirstBatch
from forge_core.training.glimpses.last_validation import LastValidation
from forge_core.training.inputs.batches import PixelSource
from forge_core.training.inputs.image_sets import ImageSet, TrainingImage
from forge_core.training.pixels.pack import PixelPack
from forge_core.training.steps.precision import MEMORY_FORMAT
from tests.forge_core.training.arrange import (
    CLASS_NAMES,
    LABEL_IDS,
    Drawer,
    Listener,
    make_config,
    make_setup,
    run_fit,
)

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
    for entry in listener.epochs:
        told = [losses for losses in listener.losses if losses.epoch == entry.epoch]
        assert (told[0].first, told[-1].last) == (0, 3)
        by_step = sum(losses.mean * (losses.last - losses.first) for losses in told) / 3
        assert by_step == pytest.approx(entry.train_loss, rel=0.2), "the last batch is smaller"
    assert max(told.learning_rate or 0.0 for told in listener.losses) == pytest.approx(
        3e-3, rel=0.05
    )
    norms = [told.gradient_norm for told in listener.losses if told.first == 0]
    assert all(norm is not None and 0.0 < norm < 100.0 for norm in norms), "the first of 4 steps"
    assert ("scratch", 12, 3, 3) in listener.progress
    seen = FirstBatch.from_json((tmp_path / "run" / "first_batch.json").read_bytes())
    assert (seen.stage, len(seen.labels)) == ("scratch", 7)
    assert {tile.size for tile in seen.tiles()} == {(16, 16)}
    last = LastValidation.from_json((tmp_path / "run" / "validation.json").read_bytes())
    assert (last.epoch, last.report.accuracy) == (12, listener.epochs[-1].val_accuracy)
    assert len(last.mistakes) == round((1 - last.report.accuracy) * 21)
    assert listener.epochs[-1].learning_rates["all"] < 1e-4


def test_fit__padded_images_are_padded_wherever_the_checkpoint_is_used(tmp_path: Path) -> None:
    result = run_fit(tmp_path / "run", make_config(fit="pad", scratch_epochs=1))
    assert result.best_path is not None
    transform = checkpoint.read_card(result.best_path).eval_transform
    assert (transform.aspect, transform.resize) == ("pad", transform.crop)
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
        "first_batch.json",
        "last.safetensors",
        "state.pt",
        "validation.json",
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


@pytest.mark.slow
@pytest.mark.usefixtures("real_weights")
def test_fit__two_stages_of_a_pretrained_network(
    tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    train, val = (
        make_photos(shared_data("tiny_ci_imagenette96"), part) for part in ("train", "val")
    )
    names = sorted({image.source.split("/")[-2] for image in train.images})
    listener = Listener()
    config = make_config(
        architecture="mobilenet_v2",
        pretrained=True,
        input_size=96,
        warmup_epochs=4,
        finetune_epochs=1,
        batch_size=16,
    )
    setup = make_setup(tmp_path / "run", config, train=train, val=val, class_names=names)
    result = usable_images.fit_usable(setup, listener)
    assert [entry.stage for entry in result.history] == ["warmup"] * 4 + ["finetune"]
    assert set(result.history[0].learning_rates) == {"head"}
    assert set(result.history[-1].learning_rates) == {"head", "backbone"}
    assert result.best_metric is not None
    assert result.best_metric >= 0.7, "chance is 0.1"
    assert any("features of 2 augmented views" in text for text in listener.messages)


@pytest.mark.slow
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
