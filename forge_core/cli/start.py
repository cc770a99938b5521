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
    try:
        from forge_core.cli import main as commands
    except ModuleNotFoundError as error:
        if sys.argv[1:2] != ["serve"] or len(sys.argv) < 3 or sys.argv[2].startswith("-"):
            sys.exit(f"Only `forge serve FILE.onnx` works here: {error.name} is not installed.")
        # The extra `serve` alone: no PyTorch, no catalog, none of the other commands.
        from forge_core.serving import http

        http.main(["--checkpoint", *sys.argv[2:]])
        return
    commands.main()
