"""A client of `benchmarks.serving` that takes little of the processor: plain sockets alone."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

BOUNDARY = b"part-of-a-form"
FORM = (
    b"--%b\r\nContent-Disposition: form-data; name=file; filename=a.jpg\r\n"
    b"Content-Type: image/jpeg\r\n\r\n%%b\r\n--%b--\r\n" % (BOUNDARY, BOUNDARY)
)
MEMORY_EVERY = 20
"""Requests between two looks at the server's memory."""


class Connection:
    """One connection that is kept; it is opened anew after the server closed it.

    Args:
        port: Of the server on this machine.
        as_form: Send images in the field `file` of a form, and not as the body.
    """

    def __init__(self, port: int, *, as_form: bool = False) -> None:
        self._port = port
        self._as_form = as_form
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, data: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to one image."""
        if self._streams is not None and self._streams[0].at_eof():
            await self.close()  # it rested for longer than the server keeps connections
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        kind = b"image/jpeg"
        if self._as_form:
            kind, data = b"multipart/form-data; boundary=" + BOUNDARY, FORM % data
        writer.write(
            b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\n"
            b"Content-Length: %d\r\n\r\n" % (kind, len(data))
        )
        writer.write(data)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        if b"connection: close" in head:
            await self.close()
        return int(head[9:12]), body

    async def close(self) -> None:
        """End it."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def ask_once(port: int, data: bytes) -> tuple[int, bytes]:
    """One request on a connection of its own."""
    connection = Connection(port)
    try:
        return await connection.ask(data)
    finally:
        await connection.close()


async def throughput(
    port: int, photos: list[bytes], clients: int, seconds: float, *, as_form: bool = False
) -> dict[str, Any]:
    """Requests a second of clients that ask again as soon as they are answered."""
    took: list[float] = []
    statuses: set[int] = set()
    counter = iter(range(10**9))
    end = 0.0

    async def client(until: Callable[[], bool]) -> None:
        connection = Connection(port, as_form=as_form)
        while until():
            started = time.perf_counter()
            status, _ = await connection.ask(photos[next(counter) % len(photos)])
            statuses.add(status)
            took.append(time.perf_counter() - started)
        await connection.close()

    warm = iter(range(2 * clients))
    await asyncio.gather(*[client(lambda: next(warm, None) is not None) for _ in range(clients)])
    took.clear()
    started = time.perf_counter()
    end = started + seconds
    await asyncio.gather(*[client(lambda: time.perf_counter() < end) for _ in range(clients)])
    elapsed = time.perf_counter() - started
    assert statuses == {200}, statuses
    return {"requests_per_second": round(len(took) / elapsed, 2), **quantiles(took)}


async def at_rate(
    port: int, files: list[tuple[bytes, bool]], rate: float, look: Callable[[], None]
) -> dict[str, Any]:
    """Requests that come evenly, whether earlier ones are answered or not.

    Args:
        port: Of the server on this machine.
        files: Bytes and whether they are a good picture, in the order in which they come.
        rate: Requests a second.
        look: Called now and then.
    """
    took: list[float] = []
    good: dict[int, int] = {}
    others: dict[int, int] = {}
    idle: list[Connection] = []

    async def ask(data: bytes, is_good: bool) -> None:
        connection = idle.pop() if idle else Connection(port)
        started = time.perf_counter()
        try:
            status, _ = await connection.ask(data)
            idle.append(connection)
        except (OSError, EOFError):
            status = 0
        if is_good:
            took.append(time.perf_counter() - started)
        counts = good if is_good else others
        counts[status] = counts.get(status, 0) + 1

    started = time.perf_counter()
    tasks = []
    for place, (data, is_good) in enumerate(files):
        await asyncio.sleep(max(0.0, started + place / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(data, is_good)))
        if place % MEMORY_EVERY == 0:
            look()
    await asyncio.gather(*tasks)
    look()
    for connection in idle:
        await connection.close()
    return {"good": good, "bad": others, **quantiles(took)}


def quantiles(took: list[float]) -> dict[str, float]:
    """Median, 99th percentile and longest of durations, in milliseconds."""
    ordered = sorted(took)
    return {
        "median_ms": round(ordered[len(ordered) // 2] * 1000, 1),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 1),
        "longest_ms": round(ordered[-1] * 1000, 1),
    }
