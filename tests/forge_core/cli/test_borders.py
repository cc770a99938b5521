"""No command ends in a traceback for a text that is no UTF-8 or a number that is none."""

from pathlib import Path
from typing import get_args

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from forge_core.cli import output
from forge_core.cli.main import app
from forge_core.workspace import open_workspace
from scripts.write_command_docs import commands

LONG = "x" * 5_000
BAD = {str: "caf\udce9", int: "9" * 30, float: "nan"}


def kind_of(parameter):
    """str, int, Path and so on; of a list, what it is a list of."""
    annotation = parameter.type_descriptor.annotation
    return next(iter(get_args(annotation)), annotation)


def cases():
    """Every parameter that takes a text or a number, with what else its command must have."""
    for name, command in commands(get_command(app)):
        required = [p for p in command.params if p.param_type_name == "argument" and p.required]
        for parameter in command.params:
            kind = kind_of(parameter)
            if kind not in BAD:
                continue
            given = [
                BAD[kind] if p is parameter else "1" if kind_of(p) is int else "x" for p in required
            ]
            option = [] if parameter in required else [parameter.opts[0], BAD[kind]]
            if parameter.param_type_name == "argument" and parameter not in required:
                option = [BAD[kind]]
            yield pytest.param([*name.split(" "), *given, *option], id=f"{name} {parameter.name}")


CASES = list(cases())


def test_there_are_parameters_of_each_kind():
    kinds = {value for case in CASES for value in BAD.values() if value in case.values[0]}
    assert kinds == set(BAD.values())


@pytest.mark.parametrize("arguments", CASES)
def test_argument__that_cannot_be_kept_is_refused_in_words(arguments, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in (1, 2)
    assert "Error" in result.stderr or "Invalid value" in result.stderr
    assert not (tmp_path / "workspace").exists()


@pytest.mark.parametrize(
    "command",
    [
        *(["predict", LONG, "a.png"], ["serve", LONG], ["backup", LONG], ["relink", LONG]),
        *(["restore", LONG], ["import", LONG], ["predict", "1", LONG], ["train", "--config", LONG]),
        *(["verify", "--workspace", LONG], ["init", "--workspace", LONG]),
    ],
    ids=lambda command: f"{command[0]} {'option' if command[1][:2] == '--' else ''}",
)
def test_path__of_thousands_of_characters_is_refused_in_words(command, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("FORGE_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.chdir(tmp_path)
    open_workspace().database.dispose()
    answer = CliRunner().invoke(app, command)
    assert answer.exit_code == 1
    assert isinstance(answer.exception, SystemExit)
    assert answer.stderr.startswith("Error: ")


def test_answer__a_file_name_that_is_no_text_is_valid_json_and_nan_is_null(capsysbinary):
    output.answer({"path": Path("caf\udce9.png"), "accuracy": float("nan")})
    written = capsysbinary.readouterr().out
    assert b'"caf\\udce9.png"' in written
    assert b'"accuracy": null' in written


def test_show_table__a_file_name_that_is_no_text_is_shown_with_escapes(capsysbinary):
    output.show_table("", ("path",), [("caf\udce9.png",)])
    output.say("caf\udce9.png")
    assert capsysbinary.readouterr().out.count(b"caf\\udce9.png") == 2
