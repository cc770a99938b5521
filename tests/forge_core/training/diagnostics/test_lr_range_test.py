"""The search for a learning rate sees the fall and the burst, and leaves nothing behind."""

import math
from pathlib import Path

import pytest
import torch

from forge_core.errors import InvalidInput
from forge_core.progress import Cancelled
from forge_core.training.config import TrainConfig
from forge_core.training.diagnostics import lr_range_test
from forge_core.training.diagnostics.lr_range_test import RateCurve
from forge_core.training.inputs.image_sets import ImageSet
from tests.forge_core.training.arrange import Drawer, Listener, make_config, make_setup, run_fit


def search(folder: Path, config: TrainConfig, **choices: object) -> RateCurve:
    values = {"reporter": Listener(), **choices}
    return lr_range_test.find_rate(make_setup(folder, config), **values)  # type: ignore[arg-type]


def test_rates__grow_by_one_factor_from_the_lowest_to_the_highest() -> None:
    found = lr_range_test.rates(9)  # 1e-7 to 10 are eight powers of ten
    assert found == pytest.approx([10.0**power for power in range(-7, 2)])


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        # falls from the 2nd to the 8th value (7 long), two thirds of the 6 steps are 4: the 6th
        ([2.0, 2.1, 2.0, 1.8, 1.5, 1.2, 1.0, 0.9, 3.0, 9.0], 1e-2),
        ([1.0, 2.0, 3.0], None),
        ([1.0], None),
        ([], None),
    ],
)
def test_suggest__two_thirds_into_the_longest_fall(
    losses: list[float], expected: float | None
) -> None:
    rates = [10.0**power for power in range(-7, -7 + len(losses))]
    assert lr_range_test.suggest(list(zip(rates, losses, strict=True))) == expected


def test_find_rate__leaves_out_what_cannot_be_used(tmp_path: Path) -> None:
    drawer, listener = Drawer(), Listener()
    images = drawer.make("train")
    broken = drawer.add("train/broken.png", b"no image", 0)
    curve = lr_range_test.find_rate(
        make_setup(
            tmp_path / "search",
            make_config(),
            drawer,
            train=ImageSet((broken, *images.images), drawer.read),
        ),
        listener,
        steps=9,
    )
    assert len(curve.points) > 2
    assert [text.split(":")[0] for text in listener.messages if "Left out" in text] == [
        "Left out train/broken.png"
    ]


@pytest.mark.slow
def test_find_rate__of_a_network_from_scratch(tmp_path: Path) -> None:
    listener = Listener()
    config = make_config(batch_size=8)
    curve = search(tmp_path / "search", config, reporter=listener)
    assert (curve.stage, curve.field, curve.current) == ("scratch", "scratch_lr", config.scratch_lr)
    assert curve.suggested is not None
    assert 1e-5 < curve.suggested < 1.0
    assert curve.changes == {"scratch_lr": curve.suggested}
    rates = [point.rate for point in curve.points]
    assert rates == sorted(rates)
    assert min(p.smoothed_loss for p in curve.points) < curve.points[0].smoothed_loss * 0.8
    assert ("scratch", 1, 100, 100) in listener.progress or len(curve.points) < 100
    assert not (tmp_path / "search").exists()

    # the suggestion trains: better than a rate a thousand times lower in the same epochs
    good = run_fit(tmp_path / "good", make_config(scratch_lr=curve.suggested, scratch_epochs=6))
    slow = run_fit(
        tmp_path / "slow",
        make_config(scratch_lr=curve.suggested / 1000, scratch_epochs=6, min_lr=0.0),
    )
    assert good.history[-1].train_loss < slow.history[-1].train_loss


def test_find_rate__is_a_function_of_the_seed_and_leaves_dropout_alone(tmp_path: Path) -> None:
    first, again = (search(tmp_path / name, make_config(), steps=12) for name in "ab")
    other = search(tmp_path / "c", make_config(seed=6), steps=12)
    assert first == again
    assert first.points != other.points


@pytest.mark.slow
@pytest.mark.usefixtures("real_weights")
def test_find_rate__of_a_transfer_keeps_the_backbone_s_share(tmp_path: Path) -> None:
    config = make_config(architecture="mobilenet_v2", pretrained=True, input_size=32)
    curve = search(tmp_path / "all", config, steps=40)
    assert (curve.stage, curve.field) == ("finetune", "head_lr")
    assert curve.suggested is not None
    assert curve.changes["backbone_lr"] == pytest.approx(curve.suggested / 10)
    head = search(tmp_path / "head", config, steps=40, stage="warmup")
    assert (head.stage, head.field, set(head.changes)) == ("warmup", "warmup_lr", {"warmup_lr"})


def test_find_rate__a_stage_that_the_run_has_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no stage finetune"):
        search(tmp_path / "search", make_config(), stage="finetune")


def test_find_rate__ends_when_asked(tmp_path: Path) -> None:
    listener = Listener(stop_when=lambda told: told.asked >= 5)
    with pytest.raises(Cancelled):
        search(tmp_path / "search", make_config(), reporter=listener)


def test_find_rate__ends_at_numbers_that_are_not_finite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([1.0, 0.9, math.nan, 0.5])
    monkeypatch.setattr(
        lr_range_test.StepRecovery,
        "step",
        lambda *_: (torch.tensor(next(losses)), torch.tensor(0)),
    )
    curve = search(tmp_path / "search", make_config(), steps=10)
    assert [point.loss for point in curve.points] == pytest.approx([1.0, 0.9])
