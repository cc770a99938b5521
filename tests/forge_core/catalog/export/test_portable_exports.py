"""Exports that survive disks which ignore case, Windows' reserved names, and spreadsheets."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_core import spreadsheet_cells
from forge_core.catalog.export import exports, portable_names
from forge_core.catalog.export.exports import EXPORTS
from forge_core.catalog.importing import import_plan
from forge_core.workspace import Workspace
from tests import arrange

LABELS = ("Cat", "cat", "CON", "nul.txt", "dot.", "dot", "a/b", "a_b", "unlabelled", "COM1", "-1")


@pytest.fixture
def catalog(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    folder = tmp_path / "made"
    folder.mkdir()
    names = ["aux.png", "IMG.png", "img.png", "con.final.png", "trail .png"]
    rows = []
    for number, label in enumerate(LABELS):
        name = names[number] if number < len(names) else f"{number}.png"
        arrange.draw_image("circle", number).save(folder / name)
        rows.append([name, label, ("train", "val")[number % 2]])
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["file_path", "label_name", "split_type"], *rows])
    assert arrange.import_folder(sqlite_workspace, folder).added == len(LABELS)
    return sqlite_workspace


def windows_takes(path: Path) -> bool:
    return all(portable_names.is_portable(part) for part in path.parts)


@pytest.mark.parametrize("name", [n for n, c in EXPORTS.items() if c.folder_of is not None])
def test_export__has_no_names_that_a_disk_takes_for_one_or_refuses(
    name: str, catalog: Workspace, tmp_path: Path
):
    out = tmp_path / "out"
    exports.export(catalog, out, format_name=name)
    paths = [path.relative_to(out) for path in out.rglob("*")]
    folded = Counter(str(path).casefold() for path in paths)
    assert set(folded.values()) == {1}
    assert all(windows_takes(path) for path in paths)
    plan = import_plan.prepare(catalog, out)
    assert sorted(file.label_name or "" for file in plan.files) == sorted(LABELS)


def test_export__a_class_has_one_folder_in_every_split(catalog: Workspace, tmp_path: Path):
    with catalog.database.read() as uow:
        assert uow.labels.list_all()
    folders = portable_names.class_folders(LABELS, taken=["unlabelled"])
    assert folders["Cat"] == "Cat"
    assert folders["cat"] == "cat (2)"
    assert (folders["CON"], folders["nul.txt"]) == ("_CON", "_nul.txt")
    assert folders["unlabelled"] == "unlabelled (2)"
    assert {folders["a/b"], folders["a_b"]} == {"a_b", "a_b (2)"}
    exports.export(catalog, tmp_path / "out")
    made = {path.name for path in (tmp_path / "out").glob("*/*") if path.is_dir()}
    assert made == set(folders.values())


@given(st.lists(st.text("aA.'_ oOnNuUlLcC/éÉ", min_size=1, max_size=6), max_size=8))
def test_class_folders__are_always_different_and_portable(labels: list[str]):
    folders = portable_names.class_folders(labels)
    assert len({folder.casefold() for folder in folders.values()}) == len(set(labels))
    assert all(portable_names.is_portable(folder) for folder in folders.values())


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "'=1", "''-1", "'tis", "plain", "", "x=1"]
)
def test_cells__that_a_spreadsheet_would_run_come_back_as_they_were(text: str):
    cell = spreadsheet_cells.escape(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert spreadsheet_cells.unescape(cell) == text


@given(st.text("'=+-@\t\rab"))
def test_cells__any_text_comes_back(text: str):
    assert spreadsheet_cells.unescape(spreadsheet_cells.escape(text)) == text


def test_export__labels_csv_holds_no_formula(catalog: Workspace, tmp_path: Path):
    exports.export(catalog, tmp_path / "labels.csv", format_name="csv")
    with (tmp_path / "labels.csv").open(newline="", encoding="utf-8") as file:
        labels = [row["label_name"] for row in csv.DictReader(file)]
    assert "'-1" in labels
    assert not any(label.startswith(("=", "+", "-", "@")) for label in labels)
