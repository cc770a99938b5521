"""What every request leaves behind: its id in the answer, one line in the log, its numbers."""

import asyncio
import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forge_core.serving.metrics import Metrics
from forge_core.serving.requests import refusals
from forge_core.serving.requests.refusals import ID_HEADER

CLIENT_LEFT = 499
"""Status in log and metrics of a request whose client did not wait for the answer."""
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = logging.getLogger("forge_core.serving.requests")


class RequestLog:
    """Around everything else: ids, one line a request, and an answer to what nobody foresaw.

    Args:
        app: The application behind.
        metrics: Where requests are counted.
        paths: The routes there are; any other path is counted as `other`.
        headers: What each answer carries besides, asked when it begins.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        paths: Iterable[str],
        headers: Callable[[], dict[str, str]],
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = frozenset(paths)
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and write down how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _id_of(Headers(scope=scope))
        facts: dict[str, Any] = {}
        scope.setdefault("state", {}).update(request_id=request_id, facts=facts)
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answered = MutableHeaders(scope=message)
                answered[ID_HEADER] = request_id
                for name, value in self._headers().items():
                    answered.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        except asyncio.CancelledError:  # the time that the end of the service may take is over
            if not status:
                await refusals.ending("an answer").response(request_id)(scope, receive, send_marked)
        except Exception:
            _log.exception("request %s failed", request_id)
            if not status:
                await refusals.internal().response(request_id)(scope, receive, send_marked)
        finally:
            self._write(scope, request_id, status or CLIENT_LEFT, started, facts)

    def _write(
        self, scope: Scope, request_id: str, status: int, started: float, facts: dict[str, Any]
    ) -> None:
        seconds = time.perf_counter() - started
        path = scope["path"] if scope["path"] in self._paths else "other"
        self._metrics.requests.labels(path, str(status)).inc()
        self._metrics.request_seconds.labels(path).observe(seconds)
        line = {
            "request_id": request_id,
            "method": scope["method"],
            "path": path,
            "status": status,
            "seconds": round(seconds, 4),
            **facts,
        }
        _log.info("request", extra={"facts": line})


class JsonLines(logging.Formatter):
    """One JSON object a line, with no picture, no file name and no key in it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        time_ = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": time_,
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def write_json_lines() -> None:
    """Make every logger of this process write such lines to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def _id_of(headers: Headers) -> str:
    """The client's own id of the request, where it can be written down as it is; else a new one."""
    sent = headers.get(ID_HEADER, "")
    return sent if _GOOD_ID.fullmatch(sent) else uuid.uuid4().hex
