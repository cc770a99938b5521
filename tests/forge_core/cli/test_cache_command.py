"""`forge cache` shows what can be made again, and clears it."""

import json

from typer.testing import CliRunner

from forge_core.cli.main import app
from forge_core.training.pixels import kept
from forge_core.workspace import Workspace
from tests.forge_core.training.pixels.test_kept import write_shard


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["cache", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_cache__shows_packs_and_thumbnails(sqlite_workspace: Workspace) -> None:
    root = sqlite_workspace.cache_folder / kept.FOLDER
    write_shard(root / "short256-bilinear", 1, used_at=1.0, num_images=2)
    words = run()
    assert "short256-bilinear" in words
    assert "of a budget of 21,474.8 MB" in words
    document = json.loads(run("--json"))
    (pack,) = document["packs"]
    assert (pack["num_images"], pack["num_used_shards"]) == (2, 0)
    assert document["folders"]["pack"] == pack["num_bytes"]


def test_cache__clears_what_was_named(sqlite_workspace: Workspace) -> None:
    root = sqlite_workspace.cache_folder / kept.FOLDER
    write_shard(root / "short256-bilinear", 1, used_at=1.0)
    write_shard(root / "short128-bilinear", 1, used_at=1.0)
    thumbnails = sqlite_workspace.cache_folder / "thumbnails"
    thumbnails.mkdir()
    (thumbnails / "old").write_bytes(bytes(50))
    run("--clear", "pack", "--pack", "short128-bilinear")
    assert [pack.name for pack in kept.list_packs(root)] == ["short256-bilinear"]
    document = json.loads(run("--clear", "all", "--json"))
    assert document["packs"] == []
    assert document["freed_bytes"] > 350
    assert not thumbnails.exists()


def test_cache__clears_copies_of_checkpoints_and_no_run_s_own(sqlite_workspace: Workspace) -> None:
    own = sqlite_workspace.folder / "runs" / "run-1" / "best.safetensors"
    copied = sqlite_workspace.runs.copies / ("0" * 64) / "best.safetensors"
    for path in (own, copied):
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(50))
    assert json.loads(run("--clear", "checkpoints", "--json"))["freed_bytes"] == 50
    assert (own.exists(), copied.exists()) == (True, False)


def test_cache__a_pack_that_is_not_there_is_refused(sqlite_workspace: Workspace) -> None:
    result = CliRunner().invoke(app, ["cache", "--clear", "pack", "--pack", "short1-bilinear"])
    assert result.exit_code == 1
    assert "There is no pack 'short1-bilinear'" in result.output
    assert CliRunner().invoke(app, ["cache", "--pack", "x"]).exit_code == 1
