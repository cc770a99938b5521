"""`forge verify`, `relink`, `backup`, `restore` and `db copy` as a person types them."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forge_core import settings, workspace
from forge_core.cli.main import app
from tests.arrange import draw_folder, draw_image, list_all


def forge(*arguments: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


def forge_json(*arguments: str | Path, code: int = 0):
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The asset root of 12 imported images."""
    forge("import", draw_folder(tmp_path / "shapes"))
    return tmp_path / "workspace" / "assets"


def test_verify__of_a_whole_workspace(root: Path) -> None:
    assert "0 missing, 0 changed, 0 orphaned" in forge("verify", "--full")
    assert forge_json("verify")["report"]["num_images"] == 12


def test_verify__names_what_is_wrong_and_what_to_do(root: Path) -> None:
    (root / "shapes" / "circle" / "circle_0001.png").unlink()
    draw_image("circle", 99).save(root / "new.png")
    answer = forge("verify", code=1)
    assert "missing: shapes/circle/circle_0001.png" in answer
    assert "orphaned: new.png" in answer
    assert "forge relink" in answer
    assert "Removed 1 images" in forge("verify", "--repair", "remove-missing")
    assert "Added 1 images without labels" in forge("verify", "--repair", "import-orphans")
    assert forge_json("verify")["report"]["num_orphaned"] == 0


def test_verify__repairs_a_moved_folder_by_relinking(root: Path) -> None:
    (root / "shapes").rename(root / "moved")
    answer = forge_json("verify", "--repair", "relink")
    assert answer["repair"]["num_moved"] == 12
    assert answer["report"]["num_missing"] == 0


def test_relink__shows_before_it_does(root: Path) -> None:
    (root / "shapes" / "circle").rename(root / "shapes" / "round")
    assert "4 images would follow" in forge("relink", "--dry-run")
    answer = forge("relink", root / "shapes" / "round")
    assert "4 images follow their files (revision 2)" in answer
    assert "shapes/circle/circle_0001.png -> shapes/round/circle_0001.png" in answer
    assert "Every file is in its place" in forge("relink")
    forge("undo", "2")
    assert forge_json("verify", code=1)["report"]["num_missing"] == 4


def test_backup_and_restore__walk_through_with_bytes(root: Path, tmp_path: Path) -> None:
    answer = forge("backup", tmp_path / "backup", "--with-bytes")
    assert "Backup of revision 1" in answer
    assert "12 images, 12 files" in answer
    other = tmp_path / "other"
    assert "12 images" in forge("restore", tmp_path / "backup", "--workspace", other)
    assert "0 missing" in forge("verify", "--full", "--workspace", other)
    again = forge("restore", tmp_path / "backup", "--workspace", other, code=1)
    assert "holds something already" in again
    assert "There is something" in forge("backup", tmp_path / "backup", code=1)


@pytest.mark.slow
def test_backup__without_bytes_says_what_is_left_to_do(root: Path, tmp_path: Path) -> None:
    assert "It holds no files" in forge("backup", tmp_path / "backup")
    other = tmp_path / "other"
    assert "Put the asset root back" in forge("restore", tmp_path / "backup", "-w", other)
    shutil.copytree(root, other / "assets", dirs_exist_ok=True)
    forge("verify", "--full", "--workspace", other)


def test_db_copy__says_the_checksums(root: Path, tmp_path: Path) -> None:
    answer = forge("db", "copy", f"sqlite:///{tmp_path / 'copy.db'}")
    assert "vision_assets" in answer
    assert "hold the same" in answer


def test_import__can_link_or_insist_on_in_place(root: Path, tmp_path: Path) -> None:
    folder = draw_folder(tmp_path / "more", classes=["cross"])
    assert "does not lie under" in forge("import", folder, "--placement", "in_place", code=1)
    assert "Added 4 images" in forge("import", folder, "--placement", "link")
    opened = workspace.open_workspace(settings.current())
    linked = [asset for asset in list_all(opened) if asset.label_name == "cross"]
    assert all((root / asset.file_path).stat().st_nlink == 2 for asset in linked)
