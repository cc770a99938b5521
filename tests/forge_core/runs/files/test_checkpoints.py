"""A checkpoint is used only while it is the file that its run recorded."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors import safe_open

from db.enums import RunStatus
from db.run_records import CheckpointFile
from forge_core import file_hashes
from forge_core.augmentation.presets import AugmentationParameters
from forge_core.cli import opening
from forge_core.errors import CheckpointRejected, NotFound
from forge_core.models.checkpoints import checkpoint
from forge_core.predictions import augmentation_check, evaluation, scoring
from forge_core.runs import records
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace
from tests import trained

USES: dict[str, Callable[[Workspace], object]] = {
    "score": lambda opened: scoring.score_run(opened, 1, device="cpu"),
    "evaluate": lambda opened: evaluation.measure_run(opened, 1, "val", device="cpu").report,
    "risk": lambda opened: augmentation_check.check_run(
        opened, 1, AugmentationParameters(), device="cpu"
    ),
    "predict and serve": lambda opened: opening.checkpoint_of("1", opened.folder, "best"),
}


@pytest.fixture
def finished(finished_run_folder: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of the workspace whose run 1 has succeeded."""
    opened = trained.open_copy(finished_run_folder, tmp_path / "copy")
    yield opened
    opened.database.dispose()


def file_of(workspace: Workspace, kind: str = "best", run_id: int = 1) -> Path:
    return workspace.folder / "runs" / f"run-{run_id}" / f"{kind}.safetensors"


def save_changed(source: Path, target: Path, **changes: object) -> None:
    """Save the same network with other weights and another card, whole and in order."""
    loaded = checkpoint.load_checkpoint(source)
    for parameter in loaded.model.parameters():
        parameter.data *= 1.01
    for name, value in changes.items():
        object.__setattr__(loaded.card, name, value)
    target.parent.mkdir(exist_ok=True)
    checkpoint.save_checkpoint(target, loaded.model, loaded.card)


def add_second_run(workspace: Workspace) -> Path:
    first, path = records.get_run(workspace, 1), file_of(workspace, run_id=2)
    save_changed(file_of(workspace), path, run_id=2)
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            name="",
            status=RunStatus.SUCCEEDED,
            author="tester",
            config=first.config,
            revision_id=first.revision_id,
            class_names=first.class_names,
            label_ids=first.label_ids,
        )
        uow.checkpoints.add(
            CheckpointFile(
                run_id=run_id,
                kind="best",
                file_path="run-2/best.safetensors",
                content_hash=file_hashes.hash_file(path),
                size_bytes=path.stat().st_size,
                epoch=1,
                val_accuracy=0.5,
            )
        )
    return path


@pytest.mark.parametrize("use", USES)
def test_every_use__takes_the_recorded_file_and_refuses_that_of_another_run(
    finished: Workspace, use: str
) -> None:
    USES[use](finished)
    shutil.copy(add_second_run(finished), file_of(finished))
    with pytest.raises(CheckpointRejected, match=r"another file .* the best checkpoint of run 2"):
        USES[use](finished)


def flip_in_place(path: Path) -> None:
    """Other bytes, the same size, inode and time of the last write."""
    found = path.stat()
    with path.open("r+b") as file:
        file.seek(-100, 2)
        file.write(bytes(100))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "emptied": (lambda path: path.write_bytes(b""), "is empty"),
    "cut off": (
        lambda path: path.write_bytes(path.read_bytes()[:-1000]),
        r"is cut off: it has [\d,]+ of [\d,]+ bytes",
    ),
    "cut off in its card": (lambda path: path.write_bytes(path.read_bytes()[:50]), "is cut off"),
    "some bytes changed": (flip_in_place, "other bytes .* says that it is from run 1, epoch"),
    "no checkpoint": (
        lambda path: path.write_bytes(b"x" * path.stat().st_size),
        "does not say which run it is from",
    ),
    "of an unknown run": (
        lambda path: save_changed(path, path, run_id=99),
        "says that it is from run 99",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_not_the_recorded_one_says_what_it_is(
    finished: Workspace, damage: str
) -> None:
    path = checkpoints.checkpoint_path(finished, 1)
    change, words = DAMAGES[damage]
    change(path)
    with pytest.raises(CheckpointRejected, match=words) as caught:
        checkpoints.checkpoint_path(finished, 1)
    assert "run-1/best.safetensors" in caught.value.message
    assert "Put the run's own file back" in caught.value.next_step
    assert file_hashes.hash_file(path) in caught.value.detail


def test_last_in_place_of_best__is_named_as_such(finished: Workspace) -> None:
    save_changed(file_of(finished), file_of(finished, "last"))
    with finished.database.write() as uow:
        last = next(f for f in uow.checkpoints.list_of_run(1) if f.kind == "last")
        content_hash = file_hashes.hash_file(file_of(finished, "last"))
        uow.checkpoints.add(replace(last, content_hash=content_hash))
    shutil.copy(file_of(finished, "last"), file_of(finished))
    with pytest.raises(CheckpointRejected, match="the last checkpoint of run 1"):
        checkpoints.checkpoint_path(finished, 1)


def test_a_file_that_is_gone_is_not_found(finished: Workspace) -> None:
    file_of(finished).unlink()
    for ask in (checkpoints.checkpoint_path, checkpoints.find_checkpoint):
        with pytest.raises(NotFound, match="best checkpoint of run 1 is not in the runs"):
            ask(finished, 1)
    assert checkpoints.find_checkpoint(finished, 1, "last").kind == "last"


def test_an_epoch_that_was_saved_but_not_recorded_says_resume(finished: Workspace) -> None:
    epoch = checkpoints.find_checkpoint(finished, 1, "last").epoch
    save_changed(file_of(finished, "last"), file_of(finished, "last"), epoch=epoch + 1)
    with pytest.raises(CheckpointRejected, match=f"is of epoch {epoch + 1}") as caught:
        checkpoints.checkpoint_path(finished, 1, "last")
    assert caught.value.next_step.startswith("Resume the run")
    folder = file_of(finished).parent
    assert checkpoints.check_resumable(finished, 1, folder) == [file_of(finished, "last")]


def test_a_training_that_has_not_recorded_its_new_file_yet_is_waited_for(
    finished: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file_of(finished, "last")
    recorded = checkpoints.find_checkpoint(finished, 1, "last")
    with finished.database.write() as uow:
        uow.runs.update_fields(1, status=RunStatus.RUNNING)
    save_changed(path, path, epoch=recorded.epoch + 1)

    def record(_: float) -> None:
        with finished.database.write() as uow:
            content_hash = file_hashes.hash_file(path)
            uow.checkpoints.add(
                replace(recorded, content_hash=content_hash, epoch=recorded.epoch + 1)
            )

    monkeypatch.setattr(checkpoints.time, "sleep", record)
    assert checkpoints.checkpoint_path(finished, 1, "last") == path


def test_a_card_is_read_without_torch_as_with_it(finished: Workspace) -> None:
    card = checkpoint.read_card(file_of(finished))
    assert checkpoints.describe_file(file_of(finished)) == (card.run_id, card.epoch)
    with safe_open(file_of(finished), framework="pt") as file:
        assert file.metadata()
    other = file_of(finished).with_name("other")
    other.write_bytes((2**62).to_bytes(8, "little") + b"{}")  # says that it is huge
    assert checkpoints.describe_file(other) == (None, None)
