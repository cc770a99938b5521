"""Exports kept in the cache."""

import csv
import os
import zipfile
from pathlib import Path

import pytest

from db.records import AssetFilter
from forge_core.catalog.export import kept_exports
from forge_core.errors import InvalidInput
from forge_core.progress import Progress
from forge_core.workspace import Workspace
from tests import arrange

EVERYTHING = AssetFilter()


@pytest.fixture(autouse=True)
def _catalog(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=2, val=1, test=0)


def test_make_export__writes_the_table(sqlite_workspace: Workspace):
    kept = kept_exports.make_export(sqlite_workspace, AssetFilter(split="val"), "csv")
    with kept.path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label_name"] for row in rows] == ["circle", "square", "stripe"]


def test_make_export__tells_progress_and_is_found_again(sqlite_workspace: Workspace):
    told: list[tuple[int, int]] = []
    kept = kept_exports.make_export(
        sqlite_workspace,
        EVERYTHING,
        "folders",
        progress=Progress(lambda now: told.append((now.done, now.total))),
    )
    assert told == [(number, 9) for number in range(1, 10)]
    found = kept_exports.find_export(sqlite_workspace, EVERYTHING, "folders")
    assert found is not None
    assert found.path == kept.path
    assert found.size_bytes == kept.path.stat().st_size
    assert len(zipfile.ZipFile(kept.path).namelist()) == 10


def test_find_export__a_changed_catalog_or_another_filter_is_not_found(
    sqlite_workspace: Workspace,
):
    kept_exports.make_export(sqlite_workspace, EVERYTHING, "csv")
    assert kept_exports.find_export(sqlite_workspace, AssetFilter(split="val"), "csv") is None
    assert kept_exports.find_export(sqlite_workspace, EVERYTHING, "folders") is None
    arrange.relabel_one(sqlite_workspace, arrange.list_all(sqlite_workspace)[0], "stripe")
    assert kept_exports.find_export(sqlite_workspace, EVERYTHING, "csv") is None


def test_make_export__one_that_misses_files_is_made_anew_each_time(sqlite_workspace: Workspace):
    gone = arrange.list_all(sqlite_workspace)[0].file_path
    (Path(sqlite_workspace.store.root) / gone).unlink()
    for _ in range(2):
        kept = kept_exports.make_export(sqlite_workspace, EVERYTHING, "folders")
        assert kept.report is not None
        assert kept.report.missing == [gone]


def test_make_export__removes_those_of_yesterday(sqlite_workspace: Workspace):
    old = kept_exports.make_export(sqlite_workspace, EVERYTHING, "csv").path
    before = old.stat().st_mtime - kept_exports.KEPT_SECONDS - 60
    os.utime(old, (before, before))
    kept_exports.make_export(sqlite_workspace, AssetFilter(split="val"), "csv")
    assert not old.exists()


def test_make_export__nothing_matches(sqlite_workspace: Workspace):
    with pytest.raises(InvalidInput, match="No image matches"):
        kept_exports.make_export(sqlite_workspace, AssetFilter(split="test"), "folders")
