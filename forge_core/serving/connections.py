"""The sockets of the service: limits of time, number and size below HTTP, and a bounded end.

uvicorn's own protocol waits for ever for the rest of a header, reads a header of any size, and
cannot be ended beside a stalled upload; this one does not.
"""

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from forge_core.serving.options import ServiceOptions

LINGER_SECONDS = 2.0
"""How long the rest of a body is thrown away after an answer that did not wait for it, so that
the client reads the answer and not a reset."""
YIELD_SECONDS = 0.5
"""From this silence on a connection that keeps the service waiting gives its place to a new one."""
_SPARE_SECONDS = 5.0
_log = logging.getLogger(__name__)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with an end to everything that a client can begin."""

    options: ServiceOptions

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with a header to wait for; where there are too many, in the place of a silent one.

        Where none is silent, refuse at once.
        """
        super().connection_made(transport)
        self._heard_at = self.loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._is_in_header = True
        self._is_refused = False
        if len(self.connections) > self.options.connections and not self._find_place():
            self._refuse(
                503,
                f"{self.options.connections:,} connections are open already.",
                "Ask again, and close connections that are not needed.",
                {"retry-after": "1"},
            )
            return
        self._wait_for_header()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clock of it."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of a header; pass everything else on."""
        if self._is_refused:
            return
        self._heard_at = self.loop.time()
        if self._is_in_header:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._is_silent():  # a blank line has stopped the clock of an idle connection
            self._start_timer(self.options.header_seconds, self.transport.close)
        if self._is_in_header and self._header_bytes > self.options.header_bytes:
            self._refuse_header()

    def on_message_begin(self) -> None:
        """A header begins, also that of a later request of the same connection."""
        super().on_message_begin()
        if not self._is_in_header:
            self._is_in_header, self._header_bytes = True, 0
            self._wait_for_header()

    def on_headers_complete(self) -> None:
        """The header is whole: from now on the application counts the time."""
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        self._is_in_header = False
        if size > self.options.header_bytes:
            self._refuse_header()
            return
        self._wait_for_answer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body on, unless the request was refused for its header."""
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole; what lingered after an early answer may go on."""
        if self._is_refused:
            return
        if self.cycle.response_complete:
            self._stop_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is sent; a body that nobody reads may come for a little longer."""
        if not self.cycle.response_complete:  # it was an earlier one; this one waited for its turn
            self._wait_for_answer()
        elif self.cycle.more_body:
            self._start_timer(LINGER_SECONDS, self.transport.close)
        else:
            self._stop_timer()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP gets the same shape of refusal as everything else."""
        self._refuse(400, "This is not HTTP.", "Send HTTP/1.1.", {})

    def _find_place(self) -> bool:
        """Whether this connection is within the bound, or another gives way to it.

        First those that rest between two requests, then the one that has been silent for longest
        in a header or a body. Whoever is answered, or sends, keeps its place.
        """
        others = [
            each
            for each in self.connections
            if isinstance(each, BoundedProtocol) and each is not self
        ]
        refused = [each for each in others if each._is_refused]
        if len(refused) > self.options.connections:  # they have been told, and only linger
            min(refused, key=lambda each: each._heard_at).transport.abort()
        if len(others) - len(refused) < self.options.connections:
            return True
        waiting = [each for each in others if each._waits_for_client()]
        resting = [each for each in waiting if each._rests()]
        silent = min(resting or waiting, key=lambda each: each._heard_at, default=None)
        if silent is None or (not resting and self.loop.time() - silent._heard_at < YIELD_SECONDS):
            return False
        silent._give_way()
        return True

    def _waits_for_client(self) -> bool:
        """Whether all that goes on here is up to the client."""
        cycle: RequestResponseCycle | None = self.cycle
        if self._is_refused or self.pipeline:
            return False
        return cycle is None or cycle.response_complete or cycle.more_body

    def _rests(self) -> bool:
        """Whether no request has begun here since the last answer."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and cycle.response_complete and not self._is_in_header

    def _give_way(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if self._rests() or (cycle is None and not self._header_bytes):
            self._is_refused = True
            self.transport.close()
            return
        self._refuse(
            503,
            "This connection kept the service waiting, and others need its place.",
            "Send a request at once and as a whole.",
            {"retry-after": "1"},
        )
        if cycle is not None and not cycle.response_complete:  # what it sent is held no longer
            cycle.disconnected = True
            cycle.message_event.set()

    def _refuse_header(self) -> None:
        self._refuse(
            431,
            f"The header is larger than {self.options.header_bytes:,} bytes.",
            "Send fewer or shorter header fields.",
            {},
        )

    def _wait_for_header(self) -> None:
        self._start_timer(self.options.header_seconds, self._end_waiting)

    def _wait_for_answer(self) -> None:
        """The last clock, for what the application's do not end: an answer that nobody reads."""
        longest = self.options.body_seconds + self.options.answer_seconds + _SPARE_SECONDS
        self._start_timer(longest, self.transport.abort)

    def _is_silent(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        is_idle = cycle is not None and cycle.response_complete
        has_clock = self._timer is not None or self.timeout_keep_alive_task is not None
        return is_idle and not self._is_in_header and not has_clock

    def _end_waiting(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        is_answering = cycle is not None and not cycle.response_complete
        if is_answering or not self._header_bytes:
            self.transport.close()
            return
        self._refuse(
            408,
            f"The header took more than {self.options.header_seconds:g} seconds.",
            "Send it at once.",
            {},
        )

    def _refuse(self, status: int, found: str, next_step: str, headers: dict[str, str]) -> None:
        self._is_refused = True
        self._stop_timer()
        if self.transport.is_closing():
            return
        error = {"asked": "an answer", "found": found, "next_step": next_step}
        body = json.dumps({"error": error}).encode()
        head = [f"HTTP/1.1 {status} Refused", "content-type: application/json"]
        head += [f"content-length: {len(body)}", "connection: close"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        self.transport.write("\r\n".join([*head, "", ""]).encode() + body)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._start_timer(LINGER_SECONDS, self.transport.abort)

    def _start_timer(self, seconds: float, then: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, then)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class BoundedServer(uvicorn.Server):
    """uvicorn's server, whose end is told to the application when it begins."""

    def __init__(self, config: uvicorn.Config, on_end: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_end = on_end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, finish what is begun, within the bound."""
        self._on_end()
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        self._captured_signals.clear()  # an end that was asked for is no failure


def make_server(app: Any, options: ServiceOptions, on_end: Callable[[], None]) -> BoundedServer:
    """A server of an application within these bounds; `on_end` is called when its end begins."""

    class Protocol(BoundedProtocol):
        pass

    Protocol.options = options
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=max(1, round(options.keep_alive_seconds)),
        timeout_graceful_shutdown=max(1, round(options.end_seconds)),
        backlog=min(4096, 2 * options.connections),
    )
    return BoundedServer(config, on_end)


def serve(
    app: Any, options: ServiceOptions, bound: socket.socket, on_end: Callable[[], None]
) -> NoReturn:
    """Answer on a bound socket until SIGTERM or SIGINT; then end the process within its bound."""
    make_server(app, options, on_end).run([bound])
    sys.stdout.flush()
    sys.stderr.flush()
    # Python would wait for threads that decode or compute for nobody, and take PyTorch apart
    # piece by piece, which alone takes seconds.
    os._exit(0)
