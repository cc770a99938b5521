"""Hand a message over: to a web address by POST, to people by mail.

Each attempt is short and fails in words that name neither the address, which may hold a secret,
nor a password.
"""

import json
import smtplib
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

from db.enums import Channel
from forge_core.errors import ForgeError
from forge_core.notices.message import Message
from forge_core.settings import Settings

TIMEOUT_SECONDS = 10.0
SCHEMES = ("http", "https")
FENCE = "```"


def describe(settings: Settings, channel: Channel) -> str:
    """Where a channel leads, without what may be secret of it."""
    if channel == Channel.WEBHOOK:
        return urlsplit(settings.notice_webhook).hostname or "an address without a host"
    return f"{settings.notice_mail_to} by {settings.smtp_host}"


class NoticeFailed(ForgeError):
    """A notice did not reach its channel."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Where an address leads to is not followed: it may be another scheme, or another machine."""

    def redirect_request(self, *_: Any) -> None:
        return None


def send(settings: Settings, channel: Channel, message: Message) -> None:
    """Hand a message to a channel.

    Raises:
        NoticeFailed: It was not taken, or the settings do not suffice.
    """
    SENDERS[channel](settings, message)


def post(settings: Settings, message: Message) -> None:
    """POST it as JSON, whose `text` is what Slack and Mattermost show."""
    parts = urlsplit(settings.notice_webhook)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise NoticeFailed(
            "The address of the webhook is not one of http or https.",
            next_step="Set FORGE_NOTICE_WEBHOOK to the whole address.",
        )
    log = f"\n{FENCE}\n{message.log_tail.replace(FENCE, '')}\n{FENCE}" if message.log_tail else ""
    body = {"text": _for_chat(message.text + log), "key": message.key, **message.facts}
    if message.log_tail:
        body["log_tail"] = message.log_tail
    request = urllib.request.Request(
        settings.notice_webhook,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "vision-forge"},
        method="POST",
    )
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            answer.read(1024)
    except urllib.error.HTTPError as error:
        raise _refused(parts.hostname, error.code) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise NoticeFailed(
            f"{parts.hostname} could not be reached: {_name(reason)}.",
            next_step="Check FORGE_NOTICE_WEBHOOK and the network.",
        ) from None


def mail(settings: Settings, message: Message) -> None:
    """Mail it as plain text."""
    if settings.smtp_password and settings.smtp_security == "none":
        raise NoticeFailed(
            "The password of the mail server is not sent over a connection that is not encrypted.",
            next_step="Set FORGE_SMTP_SECURITY to starttls or tls.",
        )
    letter = EmailMessage()
    letter["Subject"] = message.title
    letter["From"] = settings.notice_mail_from or f"forge@{socket.gethostname()}"
    letter["To"] = settings.notice_mail_to
    letter["Date"] = formatdate()
    letter["Message-ID"] = f"<{message.key}@vision-forge>"
    log = f"\n\nThe end of its log:\n\n{message.log_tail}" if message.log_tail else ""
    letter.set_content("\n".join(message.lines) + log)
    host = settings.smtp_host
    try:
        with _connect(settings) as server:
            if settings.smtp_security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(letter)
    except smtplib.SMTPResponseException as error:
        raise NoticeFailed(
            f"The mail server {host} answered {error.smtp_code}.",
            next_step="Check FORGE_SMTP_USER, FORGE_SMTP_PASSWORD and the sender.",
        ) from None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NoticeFailed(
            f"The mail server {host} did not take the mail: {_name(error)}.",
            next_step="Check FORGE_SMTP_HOST, FORGE_SMTP_PORT and FORGE_SMTP_SECURITY.",
        ) from None


SENDERS: dict[Channel, Callable[[Settings, Message], None]] = {
    Channel.WEBHOOK: post,
    Channel.MAIL: mail,
}


def _for_chat(text: str) -> str:
    """The text as a chat shows it: what a run is called, or has logged, calls nobody."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("@", "@\u200b")


def _connect(settings: Settings) -> smtplib.SMTP:
    host, port = settings.smtp_host, settings.smtp_port
    if settings.smtp_security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
    return smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)


def _refused(host: str, status: int) -> NoticeFailed:
    if 300 <= status < 400:
        return NoticeFailed(
            f"{host} answered {status}: it leads to another address, which is not followed.",
            next_step="Set FORGE_NOTICE_WEBHOOK to the address that it leads to.",
        )
    return NoticeFailed(f"{host} answered {status}.", next_step="Check FORGE_NOTICE_WEBHOOK.")


def _name(reason: object) -> str:
    """The kind of an error, or what the system says of it: its text may hold the address."""
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return type(reason).__name__
