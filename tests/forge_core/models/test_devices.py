"""Devices as they are on this machine."""

import sys

import pytest
import torch

from forge_core.errors import InvalidInput
from forge_core.models import devices


def test_list_devices__ends_with_the_cpu_and_its_memory() -> None:
    cpu = devices.list_devices()[-1]
    assert (cpu.id, cpu.kind) == ("cpu", "cpu")
    assert cpu.name
    assert 0 < cpu.free_bytes <= cpu.total_bytes


def test_choose__auto_takes_a_gpu_where_there_is_one() -> None:
    chosen = devices.choose("auto")
    assert (chosen.kind == "cuda") == torch.cuda.is_available()
    assert chosen.id == devices.list_devices()[0].id


def test_choose__names_what_there_is() -> None:
    assert devices.choose("cpu").id == "cpu"
    with pytest.raises(InvalidInput, match=r"cuda:99 was asked for; this machine has .*cpu"):
        devices.choose("cuda:99")


def test_choose_id__auto_is_the_gpu_with_most_free_memory_of_the_kinds_that_are_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = {"cuda:0": 5, "cuda:1": 9, "cuda:2": 7}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device_id: (free[device_id], 10))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert devices.list_ids() == ["cuda:1", "cuda:2", "cuda:0", "mps", "cpu"]
    assert devices.choose_id() == "cuda:1"
    assert devices.choose_id("cuda") == "cuda:0"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert devices.choose_id() == "mps"
    assert devices.choose_id(kinds=("cuda", "cpu")) == "cpu"


def test_choose_id__needs_no_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert devices.choose_id() in devices.list_ids()
    with pytest.raises(ImportError):
        devices.choose("cpu")


def test_check_number__more_processes_than_gpus_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def have(number: int) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: number > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: number)

    have(2)
    devices.check_number("auto", 2)
    devices.check_number("cpu", 8)
    with pytest.raises(InvalidInput, match="3 GPUs were asked for; this machine has 2"):
        devices.check_number("auto", 3)
    have(0)
    devices.check_number("auto", 3)  # they share the processor
