"""The five calls on Slurm through submitit: its own local executor, and what Slurm would say."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from forge_core.errors import InvalidInput, JobFailed
from forge_core.jobs.clusters import slurm_executor
from forge_core.jobs.clusters.cluster import Cluster
from forge_core.jobs.clusters.slurm_executor import RECORD, SlurmExecutor
from forge_core.jobs.executors import CommandState, JobCommand
from forge_core.settings import Settings
from forge_core.workspace import open_workspace
from tests.forge_core.jobs.supervising import wait_for


def command(code: str, **more: int) -> JobCommand:
    return JobCommand(
        job_id=12,
        arguments=["/bin/sh", "-c", code],
        environment={"FORGE_USER": "ann", "PATH": "/usr/bin:/bin"},
        **more,
    )


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SlurmExecutor:
    monkeypatch.setattr(slurm_executor, "SEEN_SECONDS", 0.0)
    return SlurmExecutor(tmp_path, {"time": 60, "partition": "gpu"})


def stand(slurm: SlurmExecutor, word: str, *, prints: str = "", status: int | None = None) -> str:
    """A job of which Slurm says this word; its log and its record as given. Returns its handle."""
    handle, folder = "12:777", slurm._folder_of(12)
    folder.mkdir(exist_ok=True)
    (folder / "777_submitted.pkl").touch()
    stdout = folder / "777_0_log.out"
    if prints:
        stdout.write_text(prints)
    if status is not None:
        (folder / RECORD).write_text(f"{status}\n")
    paths = SimpleNamespace(stdout=stdout)
    slurm._jobs[handle] = SimpleNamespace(state=word, paths=paths, get_info=lambda mode: {})
    return handle


def test_a_command_runs_with_its_variables_and_leaves_its_exit_status(tmp_path: Path) -> None:
    """Through submitit's own executor of this machine: the same files, no Slurm."""
    pytest.importorskip("submitit")
    executor = SlurmExecutor(tmp_path, {}, cluster="local")
    handle = executor.submit(command('echo "begun by $FORGE_USER"; exit 4'))
    wait_for(lambda: executor.state(handle).state.is_over(), what="it ends")
    standing = executor.state(handle)
    assert (standing.state, standing.exit_status) == (CommandState.FAILED, 4)
    text, offset = executor.logs(handle, 0)
    assert "begun by ann\n" in text
    assert executor.logs(handle, offset) == ("", offset)
    again = SlurmExecutor(tmp_path, {}, cluster="local")  # another supervisor
    assert again.state(handle) == standing
    assert again.adopt() == []


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("PENDING", CommandState.QUEUED),
        ("RUNNING", CommandState.RUNNING),
        ("COMPLETING", CommandState.RUNNING),
        ("CANCELLED by 1000", CommandState.CANCELLED),
        ("NODE_FAIL", CommandState.LOST),
        ("TIMEOUT", CommandState.LOST),
        ("OUT_OF_MEMORY", CommandState.LOST),
        ("UNKNOWN", CommandState.QUEUED),  # it keeps no accounts, and nothing was printed
    ],
)
def test_state__in_the_words_of_all_executors(
    slurm: SlurmExecutor, word: str, state: CommandState
) -> None:
    standing = slurm.state(stand(slurm, word))
    assert (standing.state, standing.exit_status) == (state, None)
    assert (word.split()[0] in standing.detail) == state.is_over()


def test_state__the_record_of_the_command_is_believed_before_slurm(slurm: SlurmExecutor) -> None:
    assert slurm.state(stand(slurm, "UNKNOWN", prints="x")).state == CommandState.RUNNING
    handle = stand(slurm, "RUNNING", status=0)
    assert slurm.state(handle).state == CommandState.SUCCEEDED
    assert slurm.state(stand(slurm, "NODE_FAIL")).state == CommandState.SUCCEEDED


def test_adopt__those_that_are_not_over(slurm: SlurmExecutor) -> None:
    handle = stand(slurm, "RUNNING")
    assert slurm.adopt() == [handle]
    stand(slurm, "RUNNING", status=1)
    assert slurm.adopt() == []


def test_a_folder_goes_once_its_job_is_over_and_its_end_is_told(
    slurm: SlurmExecutor, tmp_path: Path
) -> None:
    workspace = open_workspace(Settings(_env_file=None, workspace=tmp_path / "workspace"))
    of_slurm = Cluster(workspace, slurm, environment={}, shares_files=True)
    handle = stand(slurm, "COMPLETED", prints="epoch 1\n", status=0)
    of_slurm.leave(handle, is_told=False)  # its exit status may still be asked for
    assert slurm.state(handle).exit_status == 0
    of_slurm.leave(handle, is_told=True)
    assert list(tmp_path.glob("job-*")) == []
    assert (workspace.logs_folder / "job-12.log").read_text() == "epoch 1\n"
    workspace.database.dispose()


def test_cancel__slurm_is_told_after_the_grace_or_before_it_has_begun(
    slurm: SlurmExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, told = stand(slurm, "RUNNING"), []
    job = slurm._jobs[handle]
    job.cancel = lambda check: told.append(job.state)
    slurm.cancel(handle, grace_seconds=60)  # its worker reads it in the row, and saves
    assert told == []
    slurm.cancel(handle, grace_seconds=-1)
    job.state = "PENDING"
    slurm.cancel(handle, grace_seconds=60)
    assert told == ["RUNNING", "PENDING"]


def test_parameters__what_is_reserved_beside_what_the_settings_ask(slurm: SlurmExecutor) -> None:
    asked = slurm._parameters(command("true", processors=2, gpus=1))
    assert asked["slurm_partition"] == "gpu"
    assert asked["slurm_time"] == 60
    assert (asked["slurm_cpus_per_task"], asked["slurm_gpus_per_node"]) == (2, 1)
    own = SlurmExecutor(slurm._folder, {"time": 60, "gres": "gpu:a100:1"})
    assert "slurm_gpus_per_node" not in own._parameters(command("true", gpus=1))


@pytest.mark.skipif(sys.platform == "win32", reason="a search path of this system")
def test_submit__without_slurm_is_told_in_words(
    slurm: SlurmExecutor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JobFailed, match="Slurm did not take the job"):
        slurm.submit(command("true"))


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("time=90", {"time": 90}),
        ("mem_gb=16 time=4:00:00", {"mem_gb": 16, "time": 240}),
        ("time=1-12 gres=gpu:a100:1", {"time": 2160, "gres": "gpu:a100:1"}),
        ("time=30:30", {"time": 31}),
    ],
)
def test_options__are_those_of_sbatch(text: str, options: dict[str, str | int]) -> None:
    assert slurm_executor.read_options(text) == options


@pytest.mark.parametrize(
    ("text", "words"),
    [("partition=gpu", "how long"), ("time=soon", "'soon'"), ("--gres=gpu:1", "--gres=gpu:1")],
)
def test_options__that_sbatch_would_not_take_are_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        slurm_executor.read_options(text)
