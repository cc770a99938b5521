"""`forge db upgrade`, and `forge worker`, which executors start."""

from typing import Annotated

import typer

from db import migrate
from db.session import Database
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption

db_app = typer.Typer(help="The database of the catalog.", no_args_is_help=True)


@db_app.command()
def upgrade(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Bring the database to this version's schema. Safe to repeat; make a backup first."""
    database = Database(opening.chosen_settings(workspace).resolved_database_url)
    before = migrate.current_version(database.engine)
    database.upgrade()
    after = migrate.current_version(database.engine)
    database.dispose()
    if as_json:
        output.answer({"before": before, "after": after})
    elif before == after:
        output.say(f"The schema is the newest one already ({after}).")
    else:
        output.say(f"The schema went from {before or 'nothing'} to {after}.")


def worker(
    job: Annotated[int, typer.Option(help="Number of a job that an executor was given.")],
    workspace_id: Annotated[str, typer.Option(help="The workspace that the job is of.")] = "",
    device: Annotated[str, typer.Option(help="What the job calls its device.")] = "",
) -> None:
    """Run one job to its end; executors start it."""
    from forge_core.handlers import worker as process

    arguments = ["--job", str(job), "--workspace-id", workspace_id, "--device", device]
    raise typer.Exit(process.main(arguments))
