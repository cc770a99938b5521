"""The forge command on real workspaces."""

import csv
import subprocess
import sys

import pytest

from forge_core.cli import demo_command
from forge_core.errors import JobFailed
from tests.arrange import draw_folder
from tests.databases import on_postgres
from tests.forge_core.cli.commands import forge, forge_json


def test_init__makes_a_workspace_and_can_be_repeated(tmp_path):
    folder = tmp_path / "new"
    made = forge_json("init", "--workspace", folder)
    assert made["workspace"] == str(folder)
    assert made["images"] == 0
    assert (folder / "forge.db").exists()
    assert "0 images" in forge("init", "-w", folder).stdout


def test_commands__without_a_workspace_make_none(tmp_path):
    result = forge("runs", "list", "-w", tmp_path / "absent")
    assert result.exit_code == 1
    assert "There is no workspace" in result.stderr
    assert "forge init" in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "absent").exists()


def test_import__says_what_it_found_and_a_second_time_adds_nothing(tmp_path):
    folder = draw_folder(tmp_path / "drawn", per_class=2)
    (folder / "circle" / "broken.png").write_bytes(b"not a picture")
    looked = forge_json("import", folder, "--dry-run", "-w", tmp_path / "w")
    assert looked["num_images"] == 7
    assert looked["classes"] == {"circle": 3, "square": 2, "stripe": 2}
    report = forge_json("import", folder, "-w", tmp_path / "w")
    assert (report["added"], report["already_present"]) == (6, 0)
    assert report["skipped"][0]["path"] == "circle/broken.png"
    again = forge("import", folder, "-w", tmp_path / "w")
    assert again.exit_code == 0
    assert "Added 0 images" in again.stdout
    assert "6 were there already" in again.stdout


def test_import__nothing_there(tmp_path):
    result = forge("import", tmp_path / "nowhere", "-w", tmp_path / "w")
    assert result.exit_code == 1
    assert "There is nothing at" in result.stderr


def test_split_and_export__what_is_written_is_read_back(tmp_path):
    forge_json("import", draw_folder(tmp_path / "drawn", per_class=10), "-w", tmp_path / "w")
    dry = forge_json(
        "split", "--train", 60, "--val", 20, "--test", 20, "--dry-run", "-w", tmp_path / "w"
    )
    assert dry["status"] == "dry_run"
    done = forge_json("split", "--train", 60, "--val", 20, "--test", 20, "-w", tmp_path / "w")
    assert done["status"] == "applied"
    assert done["counts"] == dry["counts"]
    assert done["counts"]["circle"] == {"train": 6, "val": 2, "test": 2, "held_out": 0, "none": 0}
    assert (
        "divided so already"
        in forge("split", "--train", 60, "--val", 20, "--test", 20, "-w", tmp_path / "w").stdout
    )
    table = tmp_path / "labels.csv"
    wrote = forge_json("export", table, "--label", "circle", "--split", "val", "-w", tmp_path / "w")
    assert wrote["num_images"] == 2
    assert {row["label_name"] for row in csv.DictReader(table.open())} == {"circle"}
    forge_json("export", tmp_path / "all.zip", "-w", tmp_path / "w")
    back = forge_json("import", tmp_path / "all.zip", "-w", tmp_path / "other")
    assert back["added"] == 30
    unknown = forge("export", table, "--label", "ghost", "-w", tmp_path / "w")
    assert unknown.exit_code == 1
    assert "no class 'ghost'" in unknown.stderr
    assert "circle" in unknown.stderr


def test_train__refused_with_the_next_step(tmp_path):
    forge_json("import", draw_folder(tmp_path / "drawn"), "-w", tmp_path / "w")
    result = forge("train", "-w", tmp_path / "w")
    assert result.exit_code == 1
    assert "0 images are in training" in result.stderr
    assert "Split 80/10/10 by class now?" in result.stderr
    assert forge_json("runs", "list", "-w", tmp_path / "w") == []


def test_database_that_does_not_answer__is_an_error_in_words(tmp_path, monkeypatch):
    monkeypatch.setenv("FORGE_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    result = forge("init", "-w", tmp_path / "w")
    assert result.exit_code == 1
    assert "does not answer" in result.stderr


def test_db_upgrade__on_an_empty_postgres(postgres_server, tmp_path, monkeypatch):
    with on_postgres.made(postgres_server) as url:
        monkeypatch.setenv("FORGE_DATABASE_URL", url.render_as_string(hide_password=False))
        refused = forge("init", "-w", tmp_path / "w")
        assert refused.exit_code == 1
        assert "forge db upgrade" in refused.stderr
        upgraded = forge_json("db", "upgrade")
        assert upgraded["before"] is None
        assert "already" in forge("db", "upgrade").stdout
        assert forge_json("init", "-w", tmp_path / "w")["images"] == 0


def test_demo__fails_below_the_floor(tmp_path):
    demo_command.require_accuracy(0.97, 0.97, 1, tmp_path)
    with pytest.raises(JobFailed, match=r"0\.9600; at least 0\.97"):
        demo_command.require_accuracy(0.96, demo_command.DIGITS_FLOOR, 1, tmp_path)


def test_help__names_every_command():
    words = forge("--help").stdout
    for command in (
        "init",
        "import",
        "export",
        "split",
        "train",
        "runs",
        "evaluate",
        "predict",
        "serve",
        "db",
        "doctor",
        "demo",
    ):
        assert command in words


@pytest.mark.slow
def test_light_commands_do_not_load_torch(tmp_path):
    code = (
        "import sys; from forge_core.cli.main import app; "
        f"app(['init', '-w', {str(tmp_path / 'w')!r}], standalone_mode=False); "
        "assert 'torch' not in sys.modules; assert 'streamlit' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
