"""Run the command in a test, and read what it says."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import typer.main
import typer.testing
from typer.testing import CliRunner

from forge_core.cli.main import app

_build = typer.main.get_command

FAST = [
    "--scratch",
    "-a",
    "forge_cnn",
    "--epochs",
    "2",
    "--device",
    "cpu",
    "--set",
    "input_size=16",
]


def _built(asked: typer.Typer) -> Any:
    """The command of the app, built once for all tests: 0.06 s each, as much as most of them."""
    return _of_app(len(app.registered_commands)) if asked is app else _build(asked)


@cache
def _of_app(num_commands: int) -> Any:
    """It is another one when a recipe has added a command."""
    return _build(app)


typer.testing._get_command = _built  # type: ignore[attr-defined]


def forge(*arguments):
    """Run the command in this process; a traceback is never an answer."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def forge_json(*arguments):
    result = forge(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def start(*words: object, log: Path) -> subprocess.Popen[bytes]:
    """The command as a process of its own; what it says is in `log`."""
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "forge_core", *map(str, words)],
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
