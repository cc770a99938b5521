"""The report of a run: all of it in one file that loads nothing, and says nothing unescaped."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from db.enums import RunStatus
from forge_core.catalog.editing import classes
from forge_core.errors import InvalidInput
from forge_core.predictions.report import markup, run_report
from forge_core.runs import records
from forge_core.workspace import Workspace
from tests.arrange import ACTOR
from tests.forge_core.cli.commands import forge
from tests.trained import open_copy


class Reader(HTMLParser):
    """The tags and texts of a file."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.addresses: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "data")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture
def trained(finished_run_folder: Path, tmp_path: Path) -> Workspace:
    return open_copy(finished_run_folder, tmp_path / "copy")


def test_report__has_every_part_and_the_numbers_of_the_run(trained: Workspace) -> None:
    found = Reader(run_report.write_report(trained, 1))
    said = " ".join(found.texts)
    for part in ("Metrics", "Training", "Data and balance", "Issues", "Leaks", "How to repeat it"):
        assert part in said
    run = records.get_run(trained, 1)
    for report in records.reports_of(run).values():
        assert f"{100 * report.accuracy:.1f} %" in said
    assert f"data at revision {run.revision_id}" in said
    assert "72 images at revision" in said
    assert "forge train --like 1" in said
    assert "circle" in said
    assert "polyline" in found.tags


def test_report__loads_and_runs_nothing_and_escapes_what_people_wrote(trained: Workspace) -> None:
    with trained.database.write() as uow:
        uow.runs.update_fields(1, name="<img src=x onerror=alert(1)>", message="<b>&</b>")
    circle = next(each for each in classes.list_classes(trained) if each.name == "circle")
    classes.rename_class(trained, circle.label_id, "<script>", actor=ACTOR)
    text = run_report.write_report(trained, 1)
    found = Reader(text)
    assert not {"script", "img", "link", "iframe", "b"} & set(found.tags)
    assert found.addresses == []
    assert not re.search(r"https?://", text)
    assert "<img src=x onerror=alert(1)>" in "".join(found.texts)


def test_report__of_a_run_that_goes_on_is_refused(trained: Workspace) -> None:
    with trained.database.write() as uow:
        uow.runs.update_fields(1, status=RunStatus.RUNNING)
    with pytest.raises(InvalidInput, match="Wait until it is finished"):
        run_report.write_report(trained, 1)


def test_report_command__writes_the_file_or_says_why_not(
    trained: Workspace, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    said = forge("report", 1, "--out", out, "-w", trained.folder)
    assert said.exit_code == 0, said.output
    assert out.read_text().startswith("<!doctype html>")
    refused = forge("report", 1, "--out", tmp_path / "none" / "report.html", "-w", trained.folder)
    assert refused.exit_code == 1
    assert "Name a file in a folder that exists." in refused.stderr


def test_curves__of_one_epoch_are_no_drawing() -> None:
    assert markup.curves([("a", [0.5])]) == ""
    assert 'points="0.0,220.0 640.0,0.0"' in markup.curves([("a", [0.0, 1.0])])
