"""Write docs/commands.md from the commands themselves; `tests/test_docs.py` keeps it true.

make docs
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from forge_core.cli.main import app

TARGET = Path(__file__).parents[1] / "docs" / "commands.md"
INTRODUCTION = """# Commands

Everything that the pages do, for terminals and scripts. Results go to stdout, progress and errors
to stderr; with `--json` stdout holds exactly one JSON document. A foreseen failure is two
sentences and exit code 1. Each command takes `--workspace FOLDER` (or `-w`) instead of
`FORGE_WORKSPACE`.

Written from the commands by `make docs`.
"""
SHARED = ("--workspace", "--json", "--help")


def commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Full name and command of all commands, in order."""
    for name, command in group.commands.items():
        full = f"{prefix}{name}"
        if hasattr(command, "commands"):
            yield from commands(command, f"{full} ")
        elif not command.hidden:
            yield full, command


def render() -> str:
    """The whole document."""
    parts = [INTRODUCTION]
    for name, command in commands(get_command(app)):
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [p for p in command.params if p.param_type_name == "option"]
        names = "".join(f" {p.name.upper()}{'...' if p.nargs == -1 else ''}" for p in arguments)
        text = (command.help or "").replace("\n", " ").strip()
        parts.append(f"### `forge {name}{names}`\n{text}\n")
        rows = [f"- `{p.name.upper()}`: {p.help}" for p in arguments if p.help]
        rows += [_describe(p) for p in options if p.opts[0] not in SHARED]
        if any("--json" in p.opts for p in options):
            rows.append("- `--json`")
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _describe(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    default = option.default
    shown = "" if default in (None, False, "", ()) else f" Default: {_plain(default)}."
    return f"- {names}: {option.help or 'see above.'}{shown}"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(getattr(value, "value", value))


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
