"""The page Settings: channels that are off, a test, and what became of the last notice."""

import pytest

from db.enums import Channel, NoticeState
from forge_core.jobs import supervision
from forge_core.notices import channels, outbox
from forge_core.notices.channels import NoticeFailed
from forge_core.workspace import Workspace, open_workspace
from tests.forge_core.notices.test_outbox import run_in
from tests.pages.visiting import press, visit, words

PAGE = "setup/settings.py"


@pytest.fixture
def hooked(empty_workspace_folder, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("FORGE_NOTICE_WEBHOOK", "https://hooks.example/s3cret")
    return open_workspace()


def test_channels_that_are_off__say_how_they_are_turned_on(empty_workspace_folder) -> None:
    app = visit(PAGE)
    assert "FORGE_NOTICE_WEBHOOK" in words(app)
    assert "FORGE_SMTP_HOST" in words(app)
    assert [button.label for button in app.button if button.label == "Send a test"] == []


@pytest.mark.parametrize("fails", [False, True])
def test_send_a_test__says_whether_it_was_taken(hooked, monkeypatch, fails: bool) -> None:
    sent = []

    def post(_: object, message: object) -> None:
        if fails:
            raise NoticeFailed("hooks.example answered 404.", next_step="Check it.")
        sent.append(message)

    monkeypatch.setitem(channels.SENDERS, Channel.WEBHOOK, post)
    app = visit(PAGE)
    assert [each.value for each in app.text] == ["hooks.example"]
    press(app, "Send a test")
    assert ("It was taken." in words(app)) is not fails
    assert ("hooks.example answered 404. Check it." in words(app)) is fails
    assert len(sent) == (not fails)
    assert "s3cret" not in words(app)


def test_last_failure__is_told_with_its_reason(hooked) -> None:
    job = run_in(hooked)
    with hooked.database.write() as uow:
        outbox.add_in(uow, hooked.settings, job.job_id, supervision.host_name())
        (notice,) = uow.notices.list_waiting(supervision.host_name())
        assert uow.notices.take(notice)
        assert uow.notices.update_state(notice, NoticeState.GIVEN_UP, "hooks.example answered 404.")
    assert (
        "Given up after 1 attempts: Run 1 (night): running.] hooks.example answered 404."
        in words(visit(PAGE))
    )
