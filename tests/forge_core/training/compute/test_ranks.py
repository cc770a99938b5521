"""Two processes train as one, by torchrun or by themselves: the same batches, the same losses."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from forge_core.errors import InvalidInput
from forge_core.training.compute import compute_plan
from forge_core.training.compute.compute_plan import ComputePlan
from forge_core.training.compute.ranks import ALONE, RENDEZVOUS, Ranks
from tests.forge_core.training.arrange import make_config, run_fit
from tests.forge_core.training.compute import ranks_entry

EVERYTHING = {
    "scratch_epochs": 3,
    "batch_size": 8,
    "mixup_alpha": 0.3,
    "cutmix_alpha": 1.0,
    "balanced_loss": True,
    "label_smoothing": 0.1,
    "clip_norm": 0.5,
    "ema_decay": 0.9,
}


SECONDS = 240


def run(
    folder: Path, case: dict[str, Any], processes: int, *, torchrun: bool = False
) -> dict[str, Any]:
    """The case in so many processes, and what came of it; they are started as a job does."""
    folder.mkdir(exist_ok=True)
    if processes == 1:
        return ranks_entry.train(folder, case)[0]
    (folder / "case.json").write_text(json.dumps(case))
    if torchrun:
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += [f"--nproc-per-node={processes}", "-m", ranks_entry.__name__, str(folder)]
        statuses = [start(command, folder, {}).wait(SECONDS)]
    else:
        meeting = folder / f"meeting-{uuid.uuid4().hex}"
        shared = {"WORLD_SIZE": str(processes), RENDEZVOUS: f"file://{meeting}"}
        started = [
            start(
                [sys.executable, "-m", ranks_entry.__name__, str(folder)],
                folder,
                {**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            )
            for rank in range(processes)
        ]
        statuses = [process.wait(SECONDS) for process in started]
    assert not any(statuses), (folder / "log").read_text()[-4000:]
    found: dict[str, Any] = json.loads((folder / "found.json").read_text())
    return found


def start(command: list[str], folder: Path, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
        )


def test_share__parts_of_a_batch_follow_each_other() -> None:
    for num_images in (8, 9, 10, 11):
        shares = [Ranks(rank=rank, size=4).share(num_images) for rank in range(4)]
        assert [place for share in shares for place in range(num_images)[share]] == list(
            range(num_images)
        )
        assert {share.stop - share.start for share in shares} <= {2, 3}
    assert ALONE.share(7) == slice(0, 7)


def test_rounds__are_as_many_for_everybody() -> None:
    batches = ["a", "b", "c", "d", "e"]
    rounds = [Ranks(rank=rank, size=2).shard_batches(batches) for rank in range(2)]
    assert rounds == [["a", "c", "e"], ["b", "d", "e"]]
    assert ALONE.shard_batches(batches) == batches
    assert Ranks(rank=0, size=2).shard_batches([]) == []


def test_alone__nothing_is_wrapped() -> None:
    network = nn.Linear(2, 2)
    assert ALONE.wrap_ddp(network) is network
    assert ALONE.with_shared_statistics(network, torch.device("cuda")) is network
    assert ALONE.broadcast("this") == "this"


def test_fit__statistics_are_shared_only_when_everybody_computes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first process probes alone: a layer that waits for the others would never return."""
    order = []
    choose = compute_plan.choose_plan

    def probe(*arguments: Any, **choices: Any) -> ComputePlan:
        order.append("probe")
        return choose(*arguments, **choices)

    def share(self: Ranks, network: nn.Module, device: torch.device) -> nn.Module:
        order.append("share")
        return network

    monkeypatch.setattr(compute_plan, "choose_plan", probe)
    monkeypatch.setattr(Ranks, "with_shared_statistics", share)
    run_fit(tmp_path / "run", make_config(scratch_epochs=1))
    assert order == ["probe", "share"]


def test_fit__refuses_batches_too_small_for_the_processes(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="7 images: too few for 4 processes"):
        run_fit(tmp_path / "run", make_config(batch_size=8), ranks=Ranks(rank=0, size=4))


@pytest.mark.process
def test_two_processes__equal_losses_with_every_option(tmp_path: Path) -> None:
    """With what must differ taken out: batch statistics and dropout."""
    case = {"config": EVERYTHING, "plain": True}
    one = run(tmp_path / "one", case, 1)
    two = run(tmp_path / "two", case, 2, torchrun=True)
    for name in ("losses", "accuracies", "val_losses"):
        assert two[name] == pytest.approx(one[name], abs=1e-5), name
    assert len(one["losses"]) == 3
    assert two["steps"][-1] == one["steps"][-1] == ["scratch", 3, 3, 3]


@pytest.mark.process
def test_two_processes__with_batch_statistics_and_dropout_learn_as_well(tmp_path: Path) -> None:
    """Each normalises its own half of a batch: other numbers, which is documented."""
    case = {"config": {"scratch_epochs": 8, "batch_size": 12}}
    one, two = run(tmp_path / "one", case, 1), run(tmp_path / "two", case, 2)
    assert two["losses"] != pytest.approx(one["losses"], abs=1e-5)
    assert two["losses"][-1] < two["losses"][0] * 0.6


@pytest.mark.process
def test_two_processes__transfer_warms_up_as_one_process(
    tmp_path: Path, shared_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(shared_data("torch_home").resolve()))
    config = {
        "architecture": "mobilenet_v2",
        "pretrained": True,
        "input_size": 32,
        "warmup_epochs": 3,
        "finetune_epochs": 2,
    }
    case = {"config": config, "plain": True}
    one, two = run(tmp_path / "one", case, 1), run(tmp_path / "two", case, 2)
    assert two["losses"] == pytest.approx(one["losses"], abs=1e-4)
    assert two["val_losses"] == pytest.approx(one["val_losses"], abs=1e-4)


@pytest.mark.process
def test_two_processes__stop_together_and_one_goes_on(tmp_path: Path) -> None:
    case = {"config": {**EVERYTHING, "number_format": "float32"}, "plain": True}
    whole = run(tmp_path / "whole", case, 1)
    # 43 while the first decodes; an epoch asks at its begin, after 3 steps and 1 validation batch
    stopped = run(tmp_path / "cut", {**case, "stop_after": 42 + 5 + 3}, 2)
    assert stopped["stopped"]
    assert len(stopped["losses"]) == 1
    ended = run(tmp_path / "cut", {**case, "resume": True}, 1)
    assert "Going on in epoch 2 after step 2." in ended["messages"]
    assert ended["losses"] == pytest.approx(whole["losses"], abs=1e-5)
