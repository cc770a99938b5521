"""A killed run goes on as if nothing had happened."""

import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from forge_core.errors import InvalidInput, TrainingFailed
from forge_core.models.checkpoints import checkpoint
from forge_core.training import resume_state
from forge_core.training.config import TrainConfig
from forge_core.training.results import FitResult
from forge_core.training.resume_state import SaveClock
from forge_core.training.run_files import STATE_FILE
from tests.called import begin
from tests.forge_core.training.arrange import (
    Drawer,
    Listener,
    go_on,
    make_config,
    make_setup,
    run_and_die,
    run_fit,
)

TRANSFER = {
    "architecture": "mobilenet_v2",
    "input_size": 32,
    "pretrained": True,
    "warmup_epochs": 3,
    "finetune_epochs": 2,
    "batch_size": 8,
}


def weights_of(result: FitResult) -> dict[str, torch.Tensor]:
    assert result.last_path is not None
    return dict(checkpoint.load_checkpoint(result.last_path).model.state_dict())


def assert_same(resumed: FitResult, whole: FitResult) -> None:
    """Equal losses and accuracies of all epochs, and equal weights, to the last bit."""
    assert [
        (entry.train_loss, entry.val_loss, entry.val_accuracy) for entry in resumed.history
    ] == [(entry.train_loss, entry.val_loss, entry.val_accuracy) for entry in whole.history]
    assert (resumed.best_epoch, resumed.best_metric) == (whole.best_epoch, whole.best_metric)
    assert resumed.report == whole.report
    expected = weights_of(whole)
    assert all(torch.equal(value, expected[name]) for name, value in weights_of(resumed).items())


ASKED_BY_PACK = 43
"""How often a resumed run of 42 images asks whether to go on before its first epoch."""


def stop_at(asked: int) -> Listener:
    """Ends the run when it asks for the Nth time whether to go on."""
    return Listener(stop_when=lambda told: told.asked >= asked)


def run_in_pieces(
    folder: Path, config: TrainConfig, seed: int, longest: int
) -> tuple[FitResult, list[str]]:
    """A run that is stopped after every few steps and resumed, and what it said meanwhile."""
    random = np.random.default_rng(seed)
    said: list[str] = []
    for attempt in range(200):
        before = ASKED_BY_PACK if attempt else 0
        listener = stop_at(before + int(random.integers(2, longest)))
        result = run_fit(folder, config, listener=listener, resume=attempt > 0)
        said += listener.messages
        if not result.stopped:
            return result, said
    raise AssertionError("the run never came to its end")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_resume__stopped_at_random_steps_gives_identical_losses_and_weights(
    tmp_path: Path, seed: int
) -> None:
    config = make_config(scratch_epochs=4, batch_size=4, balanced_sampling=True, seed=seed)
    whole = run_fit(tmp_path / "whole", config)
    pieces, said = run_in_pieces(tmp_path / "pieces", config, seed, longest=9)
    assert sum("Going on in epoch" in text for text in said) >= 2, "some stops were in an epoch"
    assert_same(pieces, whole)


@pytest.mark.process
@pytest.mark.parametrize(
    ("asked", "save_seconds", "goes_on"),
    # an epoch asks once at its begin, after each of 3 steps and after its one validation batch
    [
        (2 * 5 + 3, 0.0, "Going on in epoch 3 after step 2."),
        (2 * 5 + 3, 1e9, "Going on after epoch 2."),
    ],
)
def test_resume__after_a_kill_gives_identical_losses_and_weights(
    tmp_path: Path, asked: int, save_seconds: float, goes_on: str
) -> None:
    config = make_config(scratch_epochs=5, balanced_sampling=True)
    whole = run_fit(tmp_path / "whole", config)

    log = tmp_path / "log"
    child = begin(log, run_and_die, tmp_path / "killed", config, asked, save_seconds)
    assert child.wait(120) == -signal.SIGKILL, log.read_text()

    listener = Listener()
    resumed = run_fit(tmp_path / "killed", config, listener=listener, resume=True)
    assert goes_on in listener.messages
    assert [entry.epoch for entry in listener.epochs] == list(range(2, 6))
    assert_same(resumed, whole)


@pytest.mark.process
def test_resume__killed_at_any_moment_even_while_it_writes(tmp_path: Path) -> None:
    config = make_config(scratch_epochs=20, batch_size=4, balanced_sampling=True)
    whole = run_fit(tmp_path / "whole", config)
    folder = tmp_path / "killed"
    state, clock = folder / STATE_FILE, random.SystemRandom()
    delays = [clock.uniform(0.0, 0.3) for _ in range(2)]
    for delay in delays:
        before = state.stat().st_mtime_ns if state.exists() else 0
        child = begin(tmp_path / "log", go_on, folder, config)
        deadline = time.monotonic() + 120
        while not state.exists() or state.stat().st_mtime_ns == before:
            assert child.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.002)
        time.sleep(delay)
        child.kill()
        child.wait(60)
    resumed = run_fit(folder, config, resume=True)
    assert len(resumed.history) == 20, delays
    assert_same(resumed, whole)


@pytest.mark.slow
@pytest.mark.usefixtures("real_weights")
def test_resume__through_the_stages_of_a_transfer(tmp_path: Path) -> None:
    config = make_config(**TRANSFER)
    whole = run_fit(tmp_path / "whole", config)
    pieces, said = run_in_pieces(tmp_path / "run", config, seed=4, longest=8)
    gone_on = {text.split(" after ")[0] for text in said if text.startswith("Going on in")}
    assert any(f"epoch {epoch}" in text for epoch in (1, 2, 3) for text in gone_on), "warm-up"
    assert any(f"epoch {epoch}" in text for epoch in (4, 5) for text in gone_on), "fine-tuning"
    assert_same(pieces, whole)


@pytest.mark.slow
def test_resume__with_every_option_on(tmp_path: Path) -> None:
    config = make_config(
        scratch_epochs=3,
        batch_size=4,
        optimizer="sgd",
        scratch_lr=0.02,
        schedule="one_cycle",
        clip_norm=1.0,
        mixup_alpha=0.3,
        cutmix_alpha=1.0,
        balanced_loss=True,
        label_smoothing=0.1,
        ema_decay=0.9,
        number_format="bfloat16",
    )
    whole = run_fit(tmp_path / "whole", config)
    pieces, said = run_in_pieces(tmp_path / "pieces", config, seed=1, longest=9)
    assert any("Going on in epoch" in text for text in said)
    assert_same(pieces, whole)


def test_resume__keeps_the_time_that_was_spent(tmp_path: Path) -> None:
    run_fit(tmp_path / "run", make_config(), listener=stop_at(3))
    path = tmp_path / "run" / "state.pt"
    values = torch.load(path, weights_only=True)
    values["begun"]["seconds"] = 500.0
    torch.save(values, path)
    result = run_fit(tmp_path / "run", make_config(), resume=True)
    assert 500.0 < result.history[0].duration_seconds < 560.0
    assert result.history[1].duration_seconds < 60.0


def test_resume__stopped_before_its_first_step_keeps_the_earlier_state(tmp_path: Path) -> None:
    config = make_config()
    run_fit(tmp_path / "run", config, listener=stop_at(3))
    before = (tmp_path / "run" / "state.pt").read_bytes()
    run_fit(tmp_path / "run", config, listener=stop_at(ASKED_BY_PACK + 1), resume=True)
    assert (tmp_path / "run" / "state.pt").read_bytes() == before


def test_resume__a_state_of_schema_1_goes_on_after_its_epoch(tmp_path: Path) -> None:
    config = make_config(scratch_epochs=3)
    whole = run_fit(tmp_path / "whole", config)
    listener = Listener(stop_when=lambda told: len(told.epochs) == 2)
    run_fit(tmp_path / "run", config, listener=listener)
    path = tmp_path / "run" / "state.pt"
    values = torch.load(path, weights_only=True)
    assert values.pop("begun") is None
    torch.save({**values, **values.pop("learner"), "schema": 1}, path)
    assert_same(run_fit(tmp_path / "run", config, resume=True), whole)


def test_resume__what_a_killed_save_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "state.pt1234.partial").write_bytes(b"half a state")
    run_fit(tmp_path / "run", make_config(scratch_epochs=1))
    assert not list((tmp_path / "run").glob("*.partial"))


def test_save_clock__a_slow_save_comes_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(resume_state.time, "monotonic", lambda: now[0])
    clock = SaveClock(60.0)
    assert not clock.is_due()
    now[0] = 60.0
    assert clock.is_due()
    clock.saved(took_seconds=0.1)
    now[0] = 119.0
    assert not clock.is_due()
    now[0] = 120.0
    assert clock.is_due()
    clock.saved(took_seconds=2.0)  # a hundredth of the time: 200 s between two of them
    now[0] = 319.0
    assert not clock.is_due()
    now[0] = 320.0
    assert clock.is_due()


def test_resume__a_finished_run_gives_its_result_again(tmp_path: Path) -> None:
    first = run_fit(tmp_path / "run", make_config())
    listener = Listener()
    again = run_fit(tmp_path / "run", make_config(), listener=listener, resume=True)
    assert_same(again, first)
    assert [entry.epoch for entry in listener.epochs] == [3]


def test_resume__without_a_saved_epoch_begins_with_the_first(tmp_path: Path) -> None:
    listener = Listener()
    result = run_fit(tmp_path / "run", make_config(), listener=listener, resume=True)
    assert result.epochs_done == 3
    assert any("beginning with the first" in text for text in listener.messages)


def test_fit__without_resume_begins_anew(tmp_path: Path) -> None:
    run_fit(tmp_path / "run", make_config(scratch_epochs=4))
    result = run_fit(tmp_path / "run", make_config(scratch_epochs=1))
    assert result.epochs_done == 1
    assert result.last_path is not None
    assert checkpoint.read_card(result.last_path).epoch == 1


def test_resume__refuses_another_config(tmp_path: Path) -> None:
    run_fit(tmp_path / "run", make_config())
    with pytest.raises(InvalidInput, match="its config have changed"):
        run_fit(tmp_path / "run", make_config(scratch_lr=5e-4), resume=True)


def test_resume__refuses_other_images(tmp_path: Path) -> None:
    drawer = Drawer()
    run_fit(tmp_path / "run", make_config(), drawer)
    with pytest.raises(InvalidInput, match="its training images have changed"):
        run_fit(
            tmp_path / "run",
            make_config(),
            drawer,
            train=drawer.make("train", (7, 7, 6)),
            resume=True,
        )


def test_resume__refuses_the_state_of_another_run(tmp_path: Path) -> None:
    run_fit(tmp_path / "run", make_config())
    ours = resume_state.fingerprint(make_setup(tmp_path / "run", make_config()))
    with pytest.raises(InvalidInput, match=f"is of run {ours['run']}, not of run 7"):
        resume_state.load_state(tmp_path / "run", {**ours, "run": "7"})
    assert not resume_state.is_state_of(tmp_path / "run", {**ours, "run": "7"})
    assert resume_state.load_state(tmp_path / "run", ours) is not None


def test_resume__takes_a_state_from_before_it_named_its_run(tmp_path: Path) -> None:
    run_fit(tmp_path / "run", make_config())
    ours = resume_state.fingerprint(make_setup(tmp_path / "run", make_config()))
    path = tmp_path / "run" / "state.pt"
    values = torch.load(path, weights_only=True)
    del values["identity"]["run"]
    torch.save(values, path)
    assert resume_state.load_state(tmp_path / "run", ours) is not None


def test_resume__the_device_may_change(tmp_path: Path) -> None:
    run_fit(tmp_path / "run", make_config(device="cpu"))
    result = run_fit(tmp_path / "run", make_config(device="auto"), resume=True)
    assert result.epochs_done == 3


def test_resume__a_damaged_state_is_named(tmp_path: Path) -> None:
    run_fit(tmp_path / "run", make_config())
    state = tmp_path / "run" / "state.pt"
    state.write_bytes(state.read_bytes()[:500])
    with pytest.raises(TrainingFailed, match=r"state\.pt of this run is damaged"):
        run_fit(tmp_path / "run", make_config(), resume=True)


def test_resume__a_state_with_code_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    torch.save({"schema": 1, "identity": Path("/")}, tmp_path / "run" / "state.pt")
    with pytest.raises(TrainingFailed, match="damaged or of another version"):
        run_fit(tmp_path / "run", make_config(), resume=True)
