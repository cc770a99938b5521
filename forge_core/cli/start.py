"""Where the console script `forge` begins: nothing heavy is imported before the system is known."""

import sys

NOT_ON_WINDOWS = (
    "Vision Forge runs on Linux and macOS; on Windows, install and start it inside WSL "
    "(https://learn.microsoft.com/windows/wsl/install)."
)


def main() -> None:
    """Run the command, or end with one sentence where it cannot run."""
    if sys.platform == "win32":
        sys.exit(NOT_ON_WINDOWS)
    from forge_core.cli import main as commands

    commands.main()
