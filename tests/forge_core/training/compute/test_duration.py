"""Estimates come from measured steps and grow with the work."""

import time
from pathlib import Path

import pytest
import torch

from forge_core.models import devices
from forge_core.training.compute import duration
from tests.forge_core.training.arrange import Drawer, Listener, make_config, run_fit


@pytest.mark.slow
def test_estimate__is_near_what_a_run_takes(tmp_path: Path) -> None:
    drawer = Drawer()
    train = drawer.make("train", (60, 60, 60))
    config = make_config(input_size=32, scratch_epochs=4, batch_size=16)
    listener = Listener()
    run_fit(tmp_path / "run", config, drawer, listener=listener, train=train)
    measured = sum(entry.duration_seconds for entry in listener.epochs)
    found = duration.estimate_duration(config, 180, devices.choose("cpu"), num_val_images=21)
    # other tests may use the same cores meanwhile, so only the order of magnitude is sure
    assert measured / 6 < found.seconds < measured * 6


def test_estimate__grows_with_images_epochs_and_batch() -> None:
    small = duration.estimate_duration(make_config(scratch_epochs=2), 1_000)
    large = duration.estimate_duration(make_config(scratch_epochs=20), 20_000)
    assert large.seconds > 20 * small.seconds
    wide = duration.estimate_duration(make_config(batch_size=64), 1_000)
    assert wide.memory_bytes > small.memory_bytes


def test_estimate__memory_of_forge_cnn_by_hand() -> None:
    # 407,619 parameters at K = 3 are 1.63 MB; with gradient and two moments 4 * 1.63 = 6.5 MB.
    # Activations of 8 images at 16 px: conv 16 * 16 * 16 and 8 * 8 * 32 floats, each kept by
    # convolution, norm, ReLU and pool: well under 2 MB
    found = duration.estimate_duration(make_config(), 100, num_classes=3)
    assert 6.5e6 < found.memory_bytes < 9e6


def test_estimate__cached_features_make_warm_up_epochs_cheap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(duration, "_median_seconds", lambda action, repeats: 0.01)
    choices = {
        "architecture": "mobilenet_v3_small",
        "pretrained": True,
        "input_size": 64,
        "finetune_epochs": 0,
    }
    two, ten = (
        duration.estimate_duration(make_config(**choices, warmup_epochs=epochs), 1_000)
        for epochs in (2, 10)
    )
    assert ten.seconds == two.seconds, "two views are computed, whatever the epochs"


@pytest.mark.slow
def test_estimate__is_quick_needs_no_weights_and_leaves_the_random_stream_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    began = time.perf_counter()
    duration.estimate_duration(
        make_config(architecture="resnet18", pretrained=True, input_size=64), 1_000
    )
    assert time.perf_counter() - began < 30
    assert torch.equal(torch.rand(2), expected)
