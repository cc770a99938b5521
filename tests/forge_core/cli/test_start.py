"""Where `forge` begins, and `forge web`: what the server is started with."""

import os
import socket
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import forge_core
import forge_core.cli
from forge_core.cli import start, web_command
from forge_core.cli.main import app
from forge_core.serving import http
from tests.journeys.servers import free_port

ROOT = Path(__file__).parents[3]


class Became(Exception):
    """Instead of becoming another program."""


@pytest.fixture
def forge_web(monkeypatch: pytest.MonkeyPatch):
    """Runs `forge web` up to where it becomes the server; gives its words, command, variables."""

    def become(path, command, environment):
        assert path == command[0]
        raise Became(command, environment)

    monkeypatch.setattr(os, "execve", become)

    def call(*arguments):
        result = CliRunner().invoke(app, ["web", *arguments])
        assert isinstance(result.exception, Became), result.output
        return result.stderr, *result.exception.args

    return call


def test_start__on_windows_ends_with_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit, match="WSL") as ended:
        start.main()
    assert str(ended.value) == start.NOT_ON_WINDOWS
    assert start.NOT_ON_WINDOWS.count(". ") == 0


def test_web__becomes_the_server_of_this_checkout(forge_web, tmp_path: Path) -> None:
    words, command, variables = forge_web()
    assert command == [
        *(sys.executable, "-P", "-m", "streamlit", "run"),
        str(ROOT / "app.py"),
    ]
    assert variables["MALLOC_ARENA_MAX"] == "2"
    assert variables["FORGE_WORKSPACE"] == str(tmp_path / "workspace")
    assert (tmp_path / "workspace" / "forge.db").is_file()
    assert str(tmp_path / "workspace") in words


def test_web__hands_on_port_host_and_workspace(
    forge_web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "4")
    monkeypatch.chdir(tmp_path)
    port = str(free_port())
    words, command, variables = forge_web("--port", port, "--host", "0.0.0.0", "-w", "mine")
    assert command[-4:] == ["--server.port", port, "--server.address", "0.0.0.0"]
    assert variables["FORGE_WORKSPACE"] == str(tmp_path / "mine")
    assert variables["MALLOC_ARENA_MAX"] == "4"  # whoever sets it knows why
    assert "FORGE_ALLOWED_HOSTS" in words  # else it would listen and refuse everybody


def test_web__a_port_that_is_taken_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(app, ["web", "--port", port, "-w", str(tmp_path / "new")])
    assert result.exit_code == 1
    assert f"Another program listens on port {port}" in result.stderr
    assert not (tmp_path / "new").exists()


def test_web__an_address_of_another_machine_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["web", "--port", "8501", "--host", "192.0.2.1"])
    assert result.exit_code == 1
    assert "No server can listen on port 8501 of 192.0.2.1" in result.stderr


def test_web__says_nothing_of_hosts_when_it_stays_on_this_machine(forge_web) -> None:
    words, _, _ = forge_web("--host", "localhost")
    assert "FORGE_ALLOWED_HOSTS" not in words


def test_web__without_pages_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forge_core, "__file__", str(tmp_path / "forge_core" / "__init__.py"))
    result = CliRunner().invoke(app, ["web"])
    assert result.exit_code == 1
    assert "Install the whole package" in result.stderr


def test_find_app__takes_the_installed_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forge_core, "__file__", str(tmp_path / "forge_core" / "__init__.py"))
    for folder in (tmp_path, tmp_path / web_command.APP_FOLDER):  # another's `pages` beside it
        (folder / "pages").mkdir(parents=True)
        (folder / "pages" / "shell.py").touch()
    assert web_command.find_app() == tmp_path / web_command.APP_FOLDER / "app.py"


def test_start__without_the_other_packages_serves_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "forge_core.cli.main", None)  # as where typer is missing
    monkeypatch.delattr(forge_core.cli, "main")
    asked: list[list[str]] = []
    monkeypatch.setattr(http, "main", asked.append)
    monkeypatch.setattr(sys, "argv", ["forge", "serve", "nails.onnx", "--port", "0"])
    start.main()
    assert asked == [["--checkpoint", "nails.onnx", "--port", "0"]]
    monkeypatch.setattr(sys, "argv", ["forge", "train"])
    with pytest.raises(SystemExit, match=r"Only `forge serve FILE\.onnx` works here"):
        start.main()
