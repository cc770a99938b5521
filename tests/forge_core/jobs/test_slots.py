from dataclasses import replace
from datetime import datetime

import pytest

from db.enums import EndRequest, JobStatus
from db.records import Job
from forge_core.jobs import kinds, slots

LISTING = """GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-aaaa)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-bbbb)
"""
DIVIDED = """GPU 0: NVIDIA A100 (UUID: GPU-aaaa)
  MIG 1g.5gb      Device  0: (UUID: MIG-1111)
  MIG 1g.5gb      Device  1: (UUID: MIG-2222)
"""


def make_job(kind="train", device="auto"):
    return Job(
        job_id=1,
        kind=kind,
        request_key=None,
        title="",
        payload={"device": device},
        status=JobStatus.QUEUED,
        author="",
        run_id=None,
        progress=None,
        result=None,
        error=None,
        log_path="",
        host="",
        pid=None,
        pid_started=None,
        end_requested=EndRequest.NONE,
        created_at=datetime(2026, 1, 1),
        started_at=None,
        heartbeat_at=None,
        finished_at=None,
        executor="local",
        handle=None,
    )


def test_list_slots__one_training_on_a_machine_without_gpu():
    found = slots.list_slots(gpus=[])
    assert [(slot.name, slot.kind) for slot in found] == [
        ("cpu", "training"),
        ("scoring", "scoring"),
        ("light-1", "light"),
        ("light-2", "light"),
    ]
    assert found[0].environment == {}


def test_list_slots__one_training_a_gpu_each_sees_only_its_own():
    found = {slot.name: slot for slot in slots.list_slots(gpus=["2", "5"])}
    assert found["cuda:0"].environment == {"CUDA_VISIBLE_DEVICES": "2"}
    assert found["cuda:1"].environment == {"CUDA_VISIBLE_DEVICES": "5"}
    assert found["cuda:1"].device == "cuda:0"  # its only one, as the job's process counts
    assert found["cpu"].environment == {"CUDA_VISIBLE_DEVICES": ""}


@pytest.mark.parametrize(
    ("device", "taken", "expected"),
    [
        ("auto", set(), "cuda:0"),
        ("auto", {"cuda:0"}, "cuda:1"),
        ("auto", {"cuda:0", "cuda:1"}, None),  # waits for a GPU, though the CPU is free
        ("cuda:1", set(), "cuda:1"),
        ("cuda:1", {"cuda:1"}, None),
        ("cuda", set(), "cuda:0"),
        ("cpu", {"cuda:0", "cuda:1"}, "cpu"),
        ("cuda:7", set(), "cpu"),  # the job itself says that there is no such GPU
        ("auto", {"scoring@cuda:0"}, "cuda:1"),  # alone, where that can be
        ("auto", {"cuda:1", "scoring@cuda:0"}, "cuda:0"),  # else beside what may share it
    ],
)
def test_find_slot__training(device, taken, expected):
    found = slots.find_slot(make_job(device=device), slots.list_slots(gpus=["0", "1"]), taken)
    assert (found.name if found else None) == expected


def test_find_slot__light_jobs_never_take_a_training_slot():
    all_slots = slots.list_slots(gpus=[])
    light = {"light-1", "light-2"}
    assert slots.find_slot(make_job("import"), all_slots, set()).name == "light-1"
    assert slots.find_slot(make_job("import"), all_slots, light) is None
    assert slots.find_slot(make_job("evaluate"), all_slots, {"light-1", "light-2@cpu"}) is None
    assert slots.find_slot(make_job("score"), all_slots, light).name == "scoring@cpu"
    assert slots.find_slot(make_job("score"), all_slots, {"scoring@cpu"}) is None
    assert slots.find_slot(make_job(), all_slots, {"scoring@cpu", *light}).name == "cpu"


COMPUTING = [kind.name for kind in kinds.KINDS.values() if kind.device == "shared"]


@pytest.mark.parametrize("kind", COMPUTING)
def test_find_slot__two_kinds_at_once_compute_on_two_devices(kind):
    pair = slots.list_slots(gpus=["2", "5"])
    training = slots.find_slot(make_job(), pair, set())
    beside = slots.find_slot(make_job(kind), pair, {training.name})
    assert training.environment == {"CUDA_VISIBLE_DEVICES": "2"}
    assert beside.environment == {"CUDA_VISIBLE_DEVICES": "5"}
    assert training.device == beside.device == "cuda:0"  # each sees one, which is its first
    assert beside.name.endswith("@cuda:1")
    # And the other way round: a training that comes later does not join it either.
    first = slots.find_slot(make_job(kind), pair, set())
    assert first.environment == {"CUDA_VISIBLE_DEVICES": "2"}
    assert slots.find_slot(make_job(), pair, {first.name}).name == "cuda:1"


def test_find_slot__what_may_share_a_device_never_waits_for_one():
    """A training holds the only GPU for hours; a person waits for the evaluation."""
    one = slots.list_slots(gpus=["0"])
    assert slots.find_slot(make_job("evaluate"), one, {"cuda:0"}).name == "light-1@cuda:0"
    pair = slots.list_slots(gpus=["0", "1"])
    held = {"cuda:0+cuda:1", "scoring@cuda:0"}
    assert slots.find_slot(make_job("evaluate"), pair, held).name == "light-1@cuda:1"


def test_find_slot__the_device_that_was_asked_for_is_shared_too():
    pair = slots.list_slots(gpus=["0", "1"])
    found = slots.find_slot(make_job("find_rate", device="cuda:1"), pair, {"cuda:1"})
    assert (found.name, found.device) == ("light-1@cuda:1", "cuda:0")
    on_cpu = slots.find_slot(make_job("find_rate", device="cpu"), pair, set())
    assert (on_cpu.name, on_cpu.device) == ("light-1@cpu", "")
    assert on_cpu.environment == {"CUDA_VISIBLE_DEVICES": ""}


@pytest.mark.parametrize("kind", ["import", "augment", "of_a_later_version"])
def test_find_slot__what_does_not_compute_on_a_device_sees_none(kind):
    found = slots.find_slot(make_job(kind), slots.list_slots(gpus=["0"]), set())
    assert (found.name, found.device) == ("light-1", "")
    assert found.environment == {"CUDA_VISIBLE_DEVICES": ""}
    assert slots.find_slot(make_job(kind), slots.list_slots(gpus=[]), set()).environment == {}


def test_find_next_training_slot__none_while_one_trains():
    pair = slots.list_slots(gpus=["0", "1"])
    assert slots.find_next_training_slot(pair, set()).name == "cuda:0"
    assert slots.find_next_training_slot(pair, {"scoring@cuda:0"}).name == "cuda:1"
    assert slots.find_next_training_slot(pair, {"cuda:1"}) is None
    assert slots.find_next_training_slot(slots.list_slots(gpus=[]), {"light-1"}).name == "cpu"


def test_is_known__a_slot_of_another_machine_is_not():
    pair = slots.list_slots(gpus=["0", "1"])
    assert slots.is_known("cuda:0+cuda:1", pair)
    assert slots.is_known("scoring@cuda:1", pair)
    assert not slots.is_known("cuda:7", pair)
    assert not slots.is_known("light-1@cuda:7", pair)


def test_parse_listing__whole_and_divided_gpus():
    assert slots.parse_listing(LISTING) == ["0", "1"]
    assert slots.parse_listing(DIVIDED) == ["MIG-1111", "MIG-2222"]
    assert slots.parse_listing("No devices were found\n") == []


@pytest.mark.parametrize(
    ("visible", "expected"), [("", []), ("-1", []), ("3", ["3"]), ("1,0,-1,2", ["1", "0"])]
)
def test_list_gpus__what_the_variable_allows(monkeypatch, visible, expected):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert slots.list_gpus() == expected


@pytest.mark.parametrize(
    ("gpus", "device", "taken", "expected"),
    [
        (["0", "1", "2"], "auto", set(), "cuda:0+cuda:1"),
        (["0", "1", "2"], "auto", {"cuda:1"}, "cuda:0+cuda:2"),
        (["0", "1", "2"], "auto", {"cuda:1+cuda:2"}, None),  # one is left, two are wanted
        (["0"], "auto", set(), "cpu"),  # fewer GPUs than processes: starting it was refused
        ([], "auto", set(), "cpu"),
        ([], "auto", {"cpu"}, None),
        (["0", "1"], "cpu", set(), "cpu"),
    ],
)
def test_find_slot__several_processes_take_as_many_gpus(gpus, device, taken, expected):
    job = replace(make_job(), payload={"device": device, "processes": 2})
    found = slots.find_slot(job, slots.list_slots(gpus=gpus), taken)
    assert (found.name if found else None) == expected
    if found and found.name != "cpu":
        visible = [gpus[int(name[-1])] for name in found.name.split("+")]
        assert found.environment == {"CUDA_VISIBLE_DEVICES": ",".join(visible)}
        assert found.device == "cuda"


def test_find_slot__a_gpu_of_a_joint_slot_is_taken():
    all_slots = slots.list_slots(gpus=["0", "1", "2"])
    assert slots.find_slot(make_job(), all_slots, {"cuda:0+cuda:1"}).name == "cuda:2"
