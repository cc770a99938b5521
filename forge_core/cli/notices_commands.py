"""`forge notices list | test`."""

import typer

from db.enums import Channel
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import ForgeError, InvalidInput
from forge_core.notices import channels, message, outbox

app = typer.Typer(help="Who is told when a run ends.", no_args_is_help=True)


@app.command("list")
def list_notices(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """What was told last by webhook and mail, and what did not arrive, newest first."""
    opened = opening.existing(workspace)
    names = (Channel.WEBHOOK, Channel.MAIL)
    found = [notice for name in names for notice in outbox.list_latest(opened, name, limit=20)]
    found.sort(key=lambda notice: notice.notice_id, reverse=True)
    if as_json:
        output.answer(found)
        return
    if not found:
        output.say("Nothing was told yet.")
        return
    rows = [
        (
            message.compose(opened, notice.job_id).title,
            notice.channel,
            notice.state.replace("_", " "),
            f"{notice.updated_at:%Y-%m-%d %H:%M} UTC",
            notice.error,
        )
        for notice in found
    ]
    output.show_table("", ["notice", "channel", "state", "at", "last failure"], rows)


@app.command("test")
def send_test(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Send a test by webhook and mail, whichever the settings name; the status is 1 if one fails.

    Raises:
        InvalidInput: They name neither.
    """
    opened = opening.existing(workspace)
    named = outbox.list_channels(opened.settings)
    if not named:
        raise InvalidInput(
            "The settings name nobody to tell.",
            next_step="Set FORGE_NOTICE_WEBHOOK, or FORGE_NOTICE_MAIL_TO and FORGE_SMTP_HOST.",
        )
    failed: dict[str, str] = {}
    for channel in named:
        where = channels.describe(opened.settings, channel)
        try:
            channels.send(opened.settings, channel, message.compose_test(opened))
            output.say(f"{channel}: taken by {where}.", as_json=as_json)
        except ForgeError as error:
            failed[str(channel)] = error.message
            output.show_error(error)
    if as_json:
        output.answer({"sent": [str(c) for c in named if str(c) not in failed], "failed": failed})
    if failed:
        raise typer.Exit(1)
