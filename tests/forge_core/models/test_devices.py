"""Devices as they are on this machine."""

import pytest
import torch

from forge_core.errors import InvalidInput
from forge_core.models import devices
from forge_core.models.devices import Device


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


def test_check_number__more_processes_than_gpus_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def have(number: int) -> None:
        gpus = [
            Device(id=f"cuda:{i}", name="GPU", kind="cuda", free_bytes=1, total_bytes=1)
            for i in range(number)
        ]
        monkeypatch.setattr(devices, "list_devices", lambda: gpus)

    have(2)
    devices.check_number("auto", 2)
    devices.check_number("cpu", 8)
    with pytest.raises(InvalidInput, match="3 GPUs were asked for; this machine has 2"):
        devices.check_number("auto", 3)
    have(0)
    devices.check_number("auto", 3)  # they share the processor
