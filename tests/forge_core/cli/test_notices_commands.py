"""`forge notices`: a test by every channel that is set, and what was told last."""

import json

from db.enums import Channel
from forge_core.notices import channels, outbox
from forge_core.notices.channels import NoticeFailed
from forge_core.workspace import open_workspace
from tests.forge_core.cli.commands import forge, forge_json
from tests.forge_core.notices.test_outbox import run_in


def test_test__without_a_channel_says_what_to_set(empty_workspace_folder) -> None:
    found = forge("notices", "test")
    assert found.exit_code == 1
    assert "Set FORGE_NOTICE_WEBHOOK" in found.stderr


def test_test__goes_to_each_channel_and_a_failure_is_the_status(
    empty_workspace_folder, monkeypatch
) -> None:
    def refuse(*_: object) -> None:
        raise NoticeFailed("The mail server answered 550.")

    monkeypatch.setenv("FORGE_NOTICE_WEBHOOK", "https://hooks.example/s3cret")
    monkeypatch.setenv("FORGE_NOTICE_MAIL_TO", "ana@example.org")
    monkeypatch.setenv("FORGE_SMTP_HOST", "mail.example")
    monkeypatch.setitem(channels.SENDERS, Channel.WEBHOOK, lambda *_: None)
    monkeypatch.setitem(channels.SENDERS, Channel.MAIL, refuse)
    found = forge("notices", "test", "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout) == {
        "sent": ["webhook"],
        "failed": {"mail": "The mail server answered 550."},
    }
    assert "s3cret" not in found.stdout + found.stderr


def test_list__tells_what_waits_and_why(empty_workspace_folder, monkeypatch) -> None:
    monkeypatch.setenv("FORGE_NOTICE_WEBHOOK", "https://hooks.example/s3cret")
    workspace = open_workspace()
    job = run_in(workspace)
    with workspace.database.write() as uow:
        outbox.add_in(uow, workspace.settings, job.job_id, "here")
    (told,) = forge_json("notices", "list")
    assert (told["job_id"], told["channel"], told["state"]) == (1, "webhook", "waiting")
