"""`forge assign`, `forge views`, and `--where` and `--view` wherever images are chosen."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forge_core.catalog.editing import classes
from forge_core.catalog.listing import saved_views
from forge_core.cli.main import app
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import class_id, draw_folder, import_folder


def forge(*arguments, exit_code: int = 0):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == exit_code, result.output
    return result


def forge_json(*arguments):
    return json.loads(forge(*arguments, "--json").stdout)


@pytest.fixture
def drawn(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """12 images, 4 of each of 3 classes, and a saved view of the circles."""
    import_folder(sqlite_workspace, draw_folder(tmp_path / "drawn"))
    saved_views.save_view(
        sqlite_workspace, "Circles", {"text": "circle_", "sort": "path"}, actor=Actor("Ana")
    )
    return sqlite_workspace


def test_assign__divides_says_so_and_takes_back(drawn: Workspace):
    assert "Nobody has images" in forge("assign").stdout
    said = forge("assign", "Ana", "Ben", "--where", "label=square", "--dry-run").stdout
    assert said == "Ana would get 2 images.\nBen would get 2 images.\n"
    assert forge_json("assign") == []
    shares = forge_json("assign", "Ana", "Ben", "Cem", "--where", "label=square")
    assert [(s["person"], s["num_images"]) for s in shares] == [("Ana", 2), ("Ben", 1), ("Cem", 1)]
    assert forge("assign", "Cem", "--view", "circles").stdout == "Cem got 4 images.\n"
    table = forge("assign").stdout
    assert [line.split() for line in table.splitlines()][1:] == [
        ["Ana", "2", "0"],
        ["Ben", "1", "0"],
        ["Cem", "5", "0"],
    ]
    taken = forge_json("assign", "--nobody", "--where", "assigned=Cem", "--where", "text=circle_")
    assert taken == {"num_images": 4}
    assert [c["num_images"] for c in forge_json("assign")] == [2, 1, 1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["assign", "--where", "label=none"], "To whom?"),
        (["assign", "Ana", "--nobody"], "not to both"),
        (["assign", "Ana", "--where", "label"], "is not NAME=VALUE"),
        (["assign", "Ana", "--where", "colour=red"], "has no field 'colour'"),
        (["assign", "Ana", "--where", "label=ghost"], "no class 'ghost'"),
        (["assign", "Ana", "--where", "disagrees=yes"], "names no run"),
        (["assign", "Ana", "--where", "disagrees=yes", "--where", "run=9"], "no run 9"),
        (["assign", "Ana", "--view", "Dogs"], "no view 'Dogs'"),
        (["assign", "none"], "stands for nobody"),
    ],
)
def test_assign__refuses_in_words(drawn: Workspace, arguments: list[str], words: str):
    assert words in forge(*arguments, exit_code=1).output


def test_views__are_listed_and_used(drawn: Workspace, tmp_path: Path):
    assert "Circles" in forge("views").stdout
    (view,) = forge_json("views")
    assert (view["name"], view["query"]["text"], view["author"]) == ("Circles", "circle_", "Ana")
    table = tmp_path / "labels.csv"
    assert forge_json("export", table, "--view", "circles")["num_images"] == 4
    with table.open(newline="") as file:
        assert all("circle" in str(row) for row in csv.DictReader(file))
    chosen = ["--where", "side_min=20", "--where", "changed_since=0", "--label", "stripe"]
    assert forge_json("export", table, *chosen)["num_images"] == 4
    assert (
        "nothing to export" in forge("export", table, "--where", "side_max=5", exit_code=1).output
    )


def test_a_class__is_found_by_its_name_first_then_by_its_number(drawn: Workspace, tmp_path: Path):
    square = class_id(drawn, "square")
    classes.rename_class(drawn, class_id(drawn, "circle"), str(square), actor=Actor("Ana"))
    table = tmp_path / "labels.csv"
    forge("export", table, "--label", square)
    assert "circle_" in table.read_text()
    assert "square_" not in table.read_text()
    forge("export", table, "--where", f"label={class_id(drawn, 'stripe')}")
    assert "stripe_" in table.read_text()
