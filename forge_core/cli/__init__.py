"""The `forge` command: what the pages can do, for a terminal, a script and a machine.

Each command calls the same functions as the pages. Progress and errors go to stderr; stdout
holds the answer, with `--json` exactly one JSON document. torch is imported by the commands
that need it, so that the others answer at once.
"""
