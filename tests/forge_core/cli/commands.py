"""Run the command in a test, and read what it says."""

import json

from typer.testing import CliRunner

from forge_core.cli.main import app

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
