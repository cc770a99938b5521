"""A killed run goes on as if nothing had happened."""

import multiprocessing
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from forge_core.errors import InvalidInput, TrainingFailed
from forge_core.models import checkpoint
from forge_core.training.results import FitResult
from tests.forge_core.training.arrange import Drawer, Listener, make_config, run_and_die, run_fit

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


def make_stopper(epoch: int) -> Listener:
    return Listener(stop_when=lambda told: len(told.epochs) >= epoch)


@pytest.mark.parametrize("epoch", [3])
def test_resume__after_a_kill_gives_identical_losses_and_weights(
    tmp_path: Path, epoch: int
) -> None:
    config = make_config(scratch_epochs=5, balanced_sampling=True)
    whole = run_fit(tmp_path / "whole", config)

    child = multiprocessing.get_context("spawn").Process(
        target=run_and_die, args=(tmp_path / "killed", config, epoch, 1)
    )
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL

    listener = Listener()
    resumed = run_fit(tmp_path / "killed", config, listener=listener, resume=True)
    assert f"Going on after epoch {epoch - 1}." in listener.messages
    assert [entry.epoch for entry in listener.epochs] == list(range(epoch - 1, 6))
    assert_same(resumed, whole)


def test_resume__through_the_stages_of_a_transfer(
    tmp_path: Path, shared_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(shared_data("torch_home")))
    config = make_config(**TRANSFER)
    whole = run_fit(tmp_path / "whole", config)
    for epoch in (1, 3, 4):  # within the warm-up, between the stages, within the fine-tuning
        stopped = run_fit(tmp_path / "run", config, listener=make_stopper(epoch))
        assert (stopped.stopped, stopped.epochs_done) == (True, epoch)
        assert_same(run_fit(tmp_path / "run", config, resume=True), whole)


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
