"""The five calls on a Ray cluster, over HTTP to a head that stands as the test says."""

from collections.abc import Iterator

import pytest

from forge_core.errors import JobFailed
from forge_core.jobs.clusters import ray_executor
from forge_core.jobs.clusters.ray_executor import RayExecutor
from forge_core.jobs.executors import CommandState, JobCommand
from tests.forge_core.jobs.clusters import ray_head
from tests.forge_core.jobs.clusters.ray_head import RayHead

COMMAND = JobCommand(
    job_id=12,
    arguments=["python3", "-m", "forge_core", "worker", "--device", "it's"],
    environment={"FORGE_USER": "ann"},
    processors=2,
    gpus=1,
)


@pytest.fixture
def head(monkeypatch: pytest.MonkeyPatch) -> Iterator[RayHead]:
    monkeypatch.setattr(ray_executor, "SEEN_SECONDS", 0.0)
    with ray_head.started() as made:
        yield made


@pytest.fixture
def ray(head: RayHead) -> RayExecutor:
    return RayExecutor(head.address, token="", workspace_id="4f1c")


def test_submit__a_command_line_with_its_variables_and_what_it_needs(
    head: RayHead, ray: RayExecutor
) -> None:
    assert ray.submit(COMMAND) == "12:forge-4f1c-12"
    asked = head.jobs["forge-4f1c-12"]
    assert asked["entrypoint"] == "python3 -m forge_core worker --device 'it'\"'\"'s'"
    assert asked["runtime_env"] == {"env_vars": {"FORGE_USER": "ann"}}
    assert (asked["entrypoint_num_cpus"], asked["entrypoint_num_gpus"]) == (2, 1)


def test_submit__a_wrong_token_and_an_absent_head_are_told_in_words(
    head: RayHead, ray: RayExecutor
) -> None:
    head.token = "secret"
    with pytest.raises(JobFailed, match="FORGE_RAY_TOKEN") as refused:
        ray.submit(COMMAND)
    assert "Invalid authentication token" in refused.value.detail
    assert RayExecutor(head.address, token="secret", workspace_id="4f1c").submit(COMMAND)
    with pytest.raises(JobFailed, match="does not answer"):
        RayExecutor("http://127.0.0.1:9", token="", workspace_id="4f1c").submit(COMMAND)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("PENDING", CommandState.QUEUED),
        ("RUNNING", CommandState.RUNNING),
        ("SUCCEEDED", CommandState.SUCCEEDED),
        ("FAILED", CommandState.FAILED),
        ("STOPPED", CommandState.CANCELLED),
    ],
)
def test_state__in_the_words_of_all_executors(
    head: RayHead, ray: RayExecutor, status: str, state: CommandState
) -> None:
    handle = ray.submit(COMMAND)
    head.stand(status, message="the node died", driver_exit_code=4)
    standing = ray.state(handle)
    assert (standing.state, standing.exit_status) == (state, 4)
    assert standing.detail == ("the node died" if state.is_over() else "")


def test_state__of_a_job_that_the_head_forgot_is_lost_and_of_a_silent_head_as_it_was(
    head: RayHead, ray: RayExecutor
) -> None:
    handle = ray.submit(COMMAND)
    head.stand("RUNNING")
    assert ray.state(handle).state == CommandState.RUNNING
    known, head.jobs = head.jobs, {}
    head.token = "changed"  # whoever is refused knows nothing
    assert ray.state(handle).state == CommandState.RUNNING
    head.token = ""
    again = RayExecutor(head.address, token="", workspace_id="4f1c")
    assert again.state(handle).state == CommandState.LOST
    assert known


def test_logs__go_on_where_one_was_and_never_split_a_character(
    head: RayHead, ray: RayExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_executor, "LOG_BYTES", 5)
    handle = ray.submit(COMMAND)
    head.stand("RUNNING", logs="loss ½ done\n")
    text, offset = "", 0
    while True:
        part, offset = ray.logs(handle, offset)
        if not part:
            break
        text += part
    assert (text, offset) == ("loss ½ done\n", len("loss ½ done\n".encode()))


def test_cancel__the_cluster_is_told_after_the_grace_or_before_it_has_begun(
    head: RayHead, ray: RayExecutor
) -> None:
    handle = ray.submit(COMMAND)
    head.stand("RUNNING")
    ray.cancel(handle, grace_seconds=60)  # its worker reads it in the row, and saves
    assert head.stopped == []
    ray.cancel(handle, grace_seconds=-1)
    head.stand("PENDING")
    ray.cancel(handle, grace_seconds=60)
    assert head.stopped == ["forge-4f1c-12"] * 2


def test_adopt__ours_that_are_not_over(head: RayHead, ray: RayExecutor) -> None:
    handle = ray.submit(COMMAND)
    RayExecutor(head.address, token="", workspace_id="beef").submit(COMMAND)
    head.jobs["by-hand"] = {"status": "RUNNING", "submission_id": None}
    again = RayExecutor(head.address, token="", workspace_id="4f1c")
    assert again.adopt() == [handle]
    head.jobs["forge-4f1c-12"]["status"] = "SUCCEEDED"
    assert again.adopt() == []
