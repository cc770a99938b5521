import pytest
from torchvision import datasets

from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.listing import balance
from forge_core.catalog.splits import split_plan
from forge_core.catalog.splits.split_plan import SplitRatios
from forge_core.demo import downloads
from forge_core.demo.downloads import DownloadFailed
from forge_core.errors import InvalidInput
from tests.arrange import ACTOR, draw_image


def test_write_rows__keeps_the_test_split_and_leaves_the_rest_to_be_divided(
    sqlite_workspace, tmp_path
):
    rows = [
        (draw_image(name, number), name, split)
        for split, count in (("", 10), ("test", 4))
        for name in ("circle", "square")
        for number in range(count * 10, count * 11)
    ]
    downloads.write_rows(tmp_path / "laid-out", rows)
    plan = import_plan.prepare(sqlite_workspace, tmp_path / "laid-out", source_dataset="drawn")
    report = run_import.run_import(sqlite_workspace, plan, actor=ACTOR)
    assert (report.added, report.skipped) == (28, [])
    ratios = SplitRatios(train=90, val=10, test=0)
    divided = split_plan.plan_split(sqlite_workspace, ratios, seed=0, only_unassigned=True)
    split_plan.apply_split(sqlite_workspace, divided, actor=ACTOR)
    found = balance.class_balance(sqlite_workspace)
    assert [found.split_total(split) for split in ("train", "val", "test")] == [18, 2, 8]


def test_prepare__without_a_network_says_so_at_once(sqlite_workspace, monkeypatch):
    monkeypatch.setattr(datasets.CIFAR10, "url", "http://127.0.0.1:9/cifar.tar.gz")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DownloadFailed) as failed:
        downloads.prepare(sqlite_workspace, "cifar10")
    assert "could not be downloaded" in failed.value.message
    assert "forge demo" in failed.value.next_step


def test_prepare__unknown_set(sqlite_workspace):
    with pytest.raises(InvalidInput, match="'imagenet'"):
        downloads.prepare(sqlite_workspace, "imagenet")
