"""Images that cannot be used are found out, named and left out, whenever they are met."""

import shutil
from pathlib import Path

import pytest

from forge_core.errors import ImageRejected, InvalidInput
from forge_core.imaging import hashing
from forge_core.training.inputs.image_sets import ImageSet, TrainingImage
from tests.forge_core.training.arrange import (
    Drawer,
    Listener,
    make_config,
    run_fit,
)


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
