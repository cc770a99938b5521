"""Work in processes of its own that tests kill or let meet a limit; they say how far they came."""

import itertools
import resource
import sys
from pathlib import Path

from db.records import AssetFilter
from forge_core.catalog.editing import label_edits
from forge_core.catalog.importing import import_plan, run_import
from forge_core.errors import ForgeError
from forge_core.people.actor import Actor
from forge_core.progress import Progress
from forge_core.settings import Settings
from forge_core.workspace import open_workspace


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def import_slowly(folder: Path) -> None:
    """Import a folder in chunks of 8 files; a line for each, one before and one after."""
    run_import.CHUNK_FILES = 8
    workspace = open_workspace(Settings(_env_file=None))
    plan = import_plan.prepare(workspace, folder)
    say("ready")
    told = Progress(lambda now: say(str(now.done)))
    run_import.run_import(workspace, plan, actor=Actor("killed"), progress=told)
    say("done")


def change_forever(one: int, two: int, name: str) -> None:
    """Give all images the one class and the other in turn; a line before each change."""
    workspace = open_workspace(Settings(_env_file=None))
    for number in itertools.count():
        wanted = (two, one)[number % 2]
        say(f"{name}-{number} {wanted}")
        label_edits.relabel_matching(
            workspace, AssetFilter(), wanted, actor=Actor("child"), operation_id=f"{name}-{number}"
        )


def change_until_full(one: int, two: int, limit: int) -> None:
    """The same with files of at most so many bytes; says what error came."""
    workspace = open_workspace(Settings(_env_file=None))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        for number in range(1000):
            label_edits.relabel_matching(
                workspace, AssetFilter(), (one, two)[number % 2], actor=Actor("child")
            )
    except ForgeError as error:
        say(type(error).__name__)
