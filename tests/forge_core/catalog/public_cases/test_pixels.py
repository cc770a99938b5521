"""Pixels that an import does not use are told with the file's name; the image is taken in."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from forge_core.catalog.importing import import_plan, import_problems, reader_processes, run_import
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace


def told(workspace: Workspace, place: Path) -> dict[str, str]:
    """The reason that is told of each image that was taken in."""
    plan = import_plan.prepare(workspace, place)
    report = run_import.run_import(workspace, plan, actor=Actor("ada"))
    assert report.added == plan.num_images
    problems = [each for each in report.skipped if not import_problems.is_left_out(each)]
    return {problem.path: problem.reason for problem in problems}


@pytest.mark.parametrize("min_files", [1, 10_000])  # read by processes, and by threads
def test_twelve_bits_in_sixteen(
    sqlite_workspace: Workspace,
    case_folder: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    min_files: int,
):
    monkeypatch.setattr(reader_processes, "MIN_FILES", min_files)
    found = told(sqlite_workspace, case_folder("grey12_in_16"))
    assert set(found.values()) == {"nearly_black"}
    assert len(found) == 4


@pytest.mark.parametrize("min_files", [1, 10_000])
def test_decoders_that_warn__are_told_with_the_file_and_not_on_the_terminal(
    sqlite_workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    min_files: int,
):
    monkeypatch.setattr(reader_processes, "MIN_FILES", min_files)
    exif = b"Exif\0\0II*\0\x08\0\0\0\x09\0\x0f\x01"  # nine entries are announced, none is there
    for name in ("a.jpg", "b.jpg"):
        shade = Image.new("RGB", (9, 9), (50 * len(name), ord(name[0]), 0))
        shade.save(tmp_path / name, exif=exif)
    Image.new("RGB", (9, 9)).save(tmp_path / "whole.jpg")
    assert told(sqlite_workspace, tmp_path) == {"a.jpg": "decoder", "b.jpg": "decoder"}
    assert "EXIF" not in "".join(capfd.readouterr())


def test_tiff__what_libtiff_prints_is_told_with_the_file_however_few_there_are(
    sqlite_workspace: Workspace, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    fax = tmp_path / "fax.tif"
    Image.effect_noise((60, 60), 90).convert("1").save(fax, compression="group4")
    data = bytearray(fax.read_bytes())
    for place in range(40, 70):
        data[place] ^= 0xFF
    fax.write_bytes(data)
    Image.new("1", (60, 60)).save(tmp_path / "whole.tif", compression="group4")
    Image.new("L", (9, 9), 7).save(tmp_path / "plain.png")
    assert told(sqlite_workspace, tmp_path) == {"fax.tif": "decoder"}
    assert "Fax4" not in capfd.readouterr().err


def test_pages_and_frames(sqlite_workspace: Workspace, case_folder: Callable[[str], Path]):
    found = told(sqlite_workspace, case_folder("multipage"))
    assert set(found.values()) == {"first_frame"}
    assert len(found) == 3


def test_sixteen_bits_that_are_used__and_eight__are_not_worth_a_word(
    sqlite_workspace: Workspace, tmp_path: Path
):
    greys = np.linspace(0, 65_535, 1024, dtype=np.uint16).reshape(32, 32)
    Image.fromarray(greys).save(tmp_path / "whole.png")
    Image.fromarray((greys // 257 // 8).astype(np.uint8)).save(tmp_path / "dark.png")
    Image.fromarray((greys // 257).astype(np.uint8)).save(tmp_path / "one_page.tif")
    assert told(sqlite_workspace, tmp_path) == {}
