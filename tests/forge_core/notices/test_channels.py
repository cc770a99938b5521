"""Messages arrive at servers of this process, and failures say neither address nor password."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from db.enums import Channel
from forge_core.notices import channels
from forge_core.notices.channels import NoticeFailed
from forge_core.notices.message import Message
from forge_core.settings import Settings

MESSAGE = Message(
    key="4f1c-7",
    title="Run 12 failed",
    lines=("It ran out of memory. Choose a smaller batch.", "forge runs show 12"),
    log_tail="epoch 3\n```\nkilled",
    facts={"run_id": 12, "state": "failed"},
)


class Hook(HTTPServer):
    """Answers each POST with one status and keeps what it was sent."""

    def __init__(self, status: int = 200, location: str = "") -> None:
        self.status, self.location = status, location
        self.heard: list[dict[str, Any]] = []
        super().__init__(("127.0.0.1", 0), HookHandler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks/s3cret"


class HookHandler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(json.loads(body))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class MailServer(socketserver.TCPServer):
    """Takes one mail without encryption, as RFC 5321 has it; keeps its lines."""

    def __init__(self, data_answer: str = "250 taken") -> None:
        self.lines: list[str] = []
        self.data_answer = data_answer
        super().__init__(("127.0.0.1", 0), MailHandler)


class MailHandler(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 here")
        is_data = False
        for data in self.rfile:
            line = data.decode().rstrip("\r\n")
            self.server.lines.append(line)
            if is_data:
                is_data = line != "."
                if not is_data:
                    self._say(self.server.data_answer)
            elif line.upper() == "DATA":
                is_data = True
                self._say("354 go on")
            elif line.upper() == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 well")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def serving(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hooked(url: str) -> Settings:
    return Settings(_env_file=None, notice_webhook=url)


def mailed(port: int, **values: Any) -> Settings:
    given = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", **values}
    return Settings(_env_file=None, notice_mail_to="ana@example.org", **given)


def test_webhook__is_sent_text_for_chats_and_facts_for_programs() -> None:
    with serving(Hook()) as hook:
        channels.send(hooked(hook.url), Channel.WEBHOOK, MESSAGE)
    (heard,) = hook.heard
    assert heard.pop("text") == (
        "Run 12 failed\nIt ran out of memory. Choose a smaller batch.\nforge runs show 12"
        "\n```\nepoch 3\n\nkilled\n```"
    )
    assert heard == {
        "key": "4f1c-7",
        "run_id": 12,
        "state": "failed",
        "log_tail": "epoch 3\n```\nkilled",
    }


def test_webhook__names_of_runs_call_nobody_in_a_chat() -> None:
    loud = replace(MESSAGE, title="Run 12 (<!channel> @all & co)", log_tail="")
    with serving(Hook()) as hook:
        channels.send(hooked(hook.url), Channel.WEBHOOK, loud)
    title = hook.heard[0]["text"].splitlines()[0]
    assert title == "Run 12 (&lt;!channel&gt; @\u200ball &amp; co)"


@pytest.mark.parametrize(
    ("status", "location", "said"),
    [
        (404, "", "127.0.0.1 answered 404."),
        (302, "file:///etc/passwd", "127.0.0.1 answered 302: it leads to another address"),
        (307, "http://127.0.0.1:9/", "127.0.0.1 answered 307: it leads to another address"),
    ],
)
def test_webhook__refusals_are_told_and_no_redirect_is_followed(
    status: int, location: str, said: str
) -> None:
    with serving(Hook(status, location)) as hook, pytest.raises(NoticeFailed) as caught:
        channels.send(hooked(hook.url), Channel.WEBHOOK, MESSAGE)
    assert caught.value.message.startswith(said)
    assert len(hook.heard) == 1
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://h/s3cret", "hooks.example/s3cret"])
def test_webhook__of_another_scheme_is_refused(url: str) -> None:
    with pytest.raises(NoticeFailed, match="not one of http or https") as caught:
        channels.send(hooked(url), Channel.WEBHOOK, MESSAGE)
    assert "s3cret" not in str(caught.value)


def test_webhook__that_is_not_there_says_so() -> None:
    with Hook() as hook:
        url = hook.url
    with pytest.raises(NoticeFailed, match="could not be reached: Connection refused") as caught:
        channels.send(hooked(url), Channel.WEBHOOK, MESSAGE)
    assert "s3cret" not in str(caught.value)


def test_mail__has_a_subject_the_summary_and_the_end_of_the_log() -> None:
    with serving(MailServer()) as server:
        channels.send(mailed(server.server_address[1]), Channel.MAIL, MESSAGE)
    assert "rcpt TO:<ana@example.org>" in server.lines
    assert "Subject: Run 12 failed" in server.lines
    assert "Message-ID: <4f1c-7@vision-forge>" in server.lines
    body = server.lines[server.lines.index("", server.lines.index("Subject: Run 12 failed")) :]
    assert body[1:6] == [
        "It ran out of memory. Choose a smaller batch.",
        "forge runs show 12",
        "",
        "The end of its log:",
        "",
    ]


def test_mail__refusals_are_told_and_a_password_goes_over_no_open_connection() -> None:
    with serving(MailServer("550 no such person")) as server:
        port = server.server_address[1]
        with pytest.raises(NoticeFailed, match=r"The mail server 127\.0\.0\.1 answered 550\."):
            channels.send(mailed(port), Channel.MAIL, MESSAGE)
        heard = len(server.lines)
        with pytest.raises(NoticeFailed, match="password of the mail server is not sent"):
            channels.send(
                mailed(port, smtp_user="ana", smtp_password="s3cret"), Channel.MAIL, MESSAGE
            )
    assert len(server.lines) == heard


def test_settings__show_no_secret_where_they_are_printed() -> None:
    settings = mailed(25, smtp_password="s3cret", notice_webhook="https://h/s3cret")
    assert "s3cret" not in repr(settings)
