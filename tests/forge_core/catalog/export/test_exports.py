"""What is exported is read back whole: by our importer, and by the readers of others."""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db.records import AssetFilter
from forge_core import workspace as workspace_room
from forge_core.catalog.export import exports
from forge_core.catalog.export.exports import EXPORTS
from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.errors import Conflict, InvalidInput
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.workspace import Workspace
from tests import arrange

WITH_IMAGES = [name for name, chosen in EXPORTS.items() if chosen.folder_of is not None]
TABLES = [name for name in EXPORTS if name not in WITH_IMAGES]
AWKWARD = ("007", "a/b", "no, “never”", "NA", "<b>猫</b>", "train", "=1+1", "x" * 128)

Facts = set[tuple[object, ...]]


def facts(workspace: Workspace) -> Facts:
    """All that an export has to keep, by content."""
    return {
        (
            *(a.content_hash, a.label_name, a.split_type, a.source_dataset, a.group_key),
            *(a.is_augmented, a.review_note),
        )
        for a in arrange.list_all(workspace)
    }


@pytest.fixture
def catalog(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """Labels, splits, sources, groups and augmented copies of all kinds, and equal file names."""
    folder = tmp_path / "made"
    splits = ("train", "val", "test", "held_out", "")
    rows = []
    for number, label in enumerate((*AWKWARD, "", "plain", "plain")):
        path = f"{'abc'[number % 3]}/photo & {number // 3}.png"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        arrange.draw_image("circle", number).save(folder / path)
        group = f"patient {number // 2}" if number % 4 else ""
        note = f"=look; at {number}" if number % 3 else ""
        source = f"camera {number % 2}"
        rows.append([path, label, splits[number % 5], source, group, number == 9, note])
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        header = "file_path,label_name,split_type,source_dataset,group_key,is_augmented,note"
        csv.writer(file).writerows([header.split(","), *rows])
    report = arrange.import_folder(sqlite_workspace, folder)
    assert (report.added, report.skipped) == (11, [])
    return sqlite_workspace


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Workspace]:
    """A second, empty workspace."""
    opened = open_at(tmp_path / "other")
    yield opened
    opened.database.dispose()


@pytest.mark.parametrize("form", ["folder", "zip"])
@pytest.mark.parametrize("name", WITH_IMAGES)
def test_export__is_read_back_with_nothing_lost(
    name: str, form: str, catalog: Workspace, other: Workspace, tmp_path: Path
):
    destination = tmp_path / ("out.zip" if form == "zip" else "out")
    report = exports.export(catalog, destination, format_name=name)
    assert (report.num_images, report.missing) == (11, [])
    plan = import_plan.prepare(other, destination)
    assert plan.layout == {"folders": "vision_forge"}.get(name, name)
    assert plan.problems == []
    run_import.run_import(other, plan, actor=Actor("tester"))
    assert facts(other) == facts(catalog)
    assert arrange.import_folder(catalog, destination).added == 0


@pytest.mark.parametrize("name", TABLES)
def test_export__a_table_beside_the_images_is_read_back(
    name: str, catalog: Workspace, other: Workspace, tmp_path: Path
):
    root = catalog.store.local_root()
    assert root is not None
    laid = Path(shutil.copytree(root, tmp_path / "laid"))
    exports.export(catalog, laid / f"labels{EXPORTS[name].ending}", format_name=name)
    assert arrange.import_folder(other, laid).skipped == []
    assert facts(other) == facts(catalog)


@pytest.mark.parametrize("name", WITH_IMAGES)
def test_export__without_any_split_is_read_back(
    name: str, sqlite_workspace: Workspace, other: Workspace, tmp_path: Path
):
    arrange.import_folder(sqlite_workspace, arrange.draw_folder(tmp_path / "drawn"))
    exports.export(sqlite_workspace, tmp_path / "out", format_name=name)
    arrange.import_folder(other, tmp_path / "out")
    assert facts(other) == facts(sqlite_workspace)


@pytest.mark.parametrize("name", list(EXPORTS))
def test_export__only_what_matches(name: str, catalog: Workspace, tmp_path: Path):
    destination = tmp_path / f"out{EXPORTS[name].ending}"
    report = exports.export(catalog, destination, AssetFilter(split="val"), format_name=name)
    assert report.num_images == sum(1 for fact in facts(catalog) if fact[2] == "val")
    assert list(tmp_path.glob(".*")) == []


def test_export__names_missing_files_and_refuses_to_overwrite(catalog: Workspace, tmp_path: Path):
    asset = arrange.list_all(catalog)[0]
    path = catalog.store.local_path(asset.file_path)
    assert path is not None
    path.unlink()
    assert exports.export(catalog, tmp_path / "out").missing == [asset.file_path]
    for taken in (tmp_path / "out", tmp_path / "taken.zip"):
        (tmp_path / "taken.zip").touch()
        with pytest.raises(Conflict):
            exports.export(catalog, taken)
    nowhere = AssetFilter(source="another place")
    with pytest.raises(InvalidInput, match="nothing to export"):
        exports.export(catalog, tmp_path / "x.csv", nowhere, format_name="csv")
    with pytest.raises(InvalidInput, match="no format 'voc' to write"):
        exports.export(catalog, tmp_path / "x", format_name="voc")


def test_export__coco_is_read_by_its_own_library(catalog: Workspace, tmp_path: Path):
    from pycocotools import coco

    exports.export(catalog, tmp_path / "out", format_name="coco")
    found: Counter[tuple[str, str]] = Counter()
    for document in (tmp_path / "out" / "annotations").iterdir():
        opened = coco.COCO(document)
        for annotation in opened.loadAnns(opened.getAnnIds()):
            (image,) = opened.loadImgs([annotation["image_id"]])
            (category,) = opened.loadCats([annotation["category_id"]])
            assert (tmp_path / "out" / image["file_name"]).is_file()
            assert annotation["bbox"] == [0, 0, image["width"], image["height"]]
            found[document.stem.removeprefix("labels_"), category["name"]] += 1
    expected = Counter((f[2] or "unassigned", f[1]) for f in facts(catalog) if f[1] is not None)
    assert found == expected


def test_export__folders_are_read_by_torchvision(sqlite_workspace: Workspace, tmp_path: Path):
    from torchvision import datasets

    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=2, val=1, test=0)
    exports.export(sqlite_workspace, tmp_path / "out")
    read = datasets.ImageFolder(tmp_path / "out" / "train")
    assert read.class_to_idx == {"circle": 0, "square": 1, "stripe": 2}
    assert Counter(read.targets) == {0: 2, 1: 2, 2: 2}


def test_export__parquet_is_read_by_pandas(catalog: Workspace, tmp_path: Path):
    import pandas as pd

    exports.export(catalog, tmp_path / "labels.parquet", format_name="parquet")
    frame = pd.read_parquet(tmp_path / "labels.parquet")
    assert set(frame["label_name"].dropna()) == {*AWKWARD, "plain"}
    assert frame["is_augmented"].sum() == 1


# --- naughty strings ---------------------------------------------------------------------------


def open_at(folder: Path) -> Workspace:
    return workspace_room.open_workspace(
        Settings(workspace=folder, _env_file=None, database_url="", user="tester")
    )


@pytest.fixture(scope="module")
def naughty_strings(shared_data: Callable[[str], Path]) -> list[str]:
    text = (shared_data("bad_inputs") / "blns" / "blns.json").read_text(encoding="utf-8")
    return [line for line in json.loads(text) if line]


@pytest.fixture(scope="module")
def with_naughty_classes(
    naughty_strings: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    """A catalog with a class for each of the strings that can be one; only to read."""
    made = tmp_path_factory.mktemp("naughty_classes")
    (made / "drawn").mkdir()
    image = arrange.draw_image("circle", 1)
    for number in range(len(naughty_strings)):
        image.putpixel((0, 0), (number % 256, number // 256, 7))
        image.save(made / "drawn" / f"{number}.png")
    with (made / "drawn" / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        rows = ([f"{number}.png", line] for number, line in enumerate(naughty_strings))
        csv.writer(file).writerows([["file_path", "label_name"], *rows])
    opened = open_at(made / "workspace")
    report = arrange.import_folder(opened, made / "drawn")
    assert report.added + len(report.skipped) == len(naughty_strings)
    assert report.added > 0.9 * len(naughty_strings)
    assert {problem.reason for problem in report.skipped} == {"bad_class_name"}
    assert all(problem.message.isprintable() for problem in report.skipped)
    yield opened
    opened.database.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_IMAGES)
def test_naughty_strings__as_class_names_come_back_identically_or_are_named(
    name: str, with_naughty_classes: Workspace, other: Workspace, tmp_path: Path
):
    exports.export(with_naughty_classes, tmp_path / "out", format_name=name)
    assert arrange.import_folder(other, tmp_path / "out").skipped == []
    assert facts(other) == facts(with_naughty_classes)


@pytest.fixture(scope="module")
def with_naughty_files(
    naughty_strings: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    """A catalog of files and folders with each of the strings that a disk takes; only to read."""
    made = tmp_path_factory.mktemp("naughty_files")
    folder = made / "drawn"
    image = arrange.draw_image("circle", 1)
    written = 0
    for number, line in enumerate(naughty_strings):
        image.putpixel((0, 0), (number % 256, number // 256, 7))
        for place in (folder / line / f"{number}.png", folder / "file names" / f"{line}.png"):
            if ".." in place.parts or not place.is_relative_to(folder):
                continue
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                image.putpixel((1, 0), (written % 256, written // 256, 9))
                with place.open("xb") as file:
                    image.save(file, "PNG")
                written += 1
            except (OSError, ValueError):
                continue  # no name that this disk takes
    opened = open_at(made / "workspace")
    report = arrange.import_folder(opened, folder)
    assert report.added > 0.5 * written  # names with a backslash are refused
    hidden = sum(1 for p in folder.rglob("*.png") if any(q.startswith(".") for q in p.parts))
    assert report.added + hidden + inside(folder, report.skipped) >= written
    assert all(problem.message.isprintable() for problem in report.skipped)
    yield opened
    opened.database.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_IMAGES)
def test_naughty_strings__as_file_and_folder_names_come_back_or_are_named(
    name: str, with_naughty_files: Workspace, other: Workspace, tmp_path: Path
):
    exports.export(with_naughty_files, tmp_path / "out", format_name=name)
    assert arrange.import_folder(other, tmp_path / "out").skipped == []
    assert facts(other) == facts(with_naughty_files)


def inside(folder: Path, problems: list[ImportProblem]) -> int:
    """Images that the problems stand for: a file, or all of a folder that cannot be a class."""
    refused = {problem.path for problem in problems}
    found = 0
    for path in folder.rglob("*.png"):
        relative = path.relative_to(folder)
        found += any(printable(p.as_posix()) in refused for p in (relative, *relative.parents))
    return found
