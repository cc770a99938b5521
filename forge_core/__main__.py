"""`python -m forge_core` is the command `forge`, also where its script is not on the path.

The processes of jobs begin here too, and need none of the other commands.
"""

import sys


def main(arguments: list[str]) -> int:
    """Run a command; returns the exit status of the process."""
    if arguments[:1] == ["worker"]:
        from forge_core.handlers import worker

        return worker.main(arguments[1:])
    if arguments[:1] == ["rank"]:
        from forge_core.handlers import rank

        return rank.main(arguments[1:])
    from forge_core.cli.main import main as forge

    forge()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
