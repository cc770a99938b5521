"""Trials of `benchmarks.serving`: hot swaps under requests, and uploads that never end."""

import asyncio
import itertools
import os
import signal
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks import serving_client
from benchmarks.serving_client import Connection

CLIENTS = 8
SETTLE_SECONDS = 28.0
"""By then uploads that pause for 10 s, the limit of the service, are ended; the last of so many
come in when the system tries them again, after 1, 3, 7 and 15 s."""
PART = 100_000
HEALTH = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


async def swaps(
    port: int,
    process: psutil.Process,
    photos: list[bytes],
    link: Path,
    checkpoints: list[Path],
    *,
    number: int,
    num_swaps: int,
    most_seconds: float,
) -> dict[str, Any]:
    """Requests without a pause, while a link that the service follows is turned again and again.

    Args:
        port: Of the service.
        process: Its process, which is told of each turn by SIGHUP.
        photos: Sent in turn.
        link: What the service was started with.
        checkpoints: What it means by turns.
        number: Requests in all.
        num_swaps: Turns, evenly among them.
        most_seconds: Begin no request after so long.
    """
    statuses: Counter[int] = Counter()
    by_checkpoint: Counter[str] = Counter()
    answered_at: list[float] = []
    took: list[float] = []
    places = iter(range(number))
    num_turned = 0
    started = time.perf_counter()

    def turn() -> None:
        nonlocal num_turned
        num_turned += 1
        beside = link.with_name("next")
        beside.symlink_to(checkpoints[num_turned % len(checkpoints)])
        beside.replace(link)
        process.send_signal(signal.SIGHUP)

    async def client() -> None:
        connection = Connection(port)
        for place in places:
            if time.perf_counter() - started > most_seconds:
                break
            if place and place % (number // (num_swaps + 1)) == 0 and num_turned < num_swaps:
                turn()
            asked_at = time.perf_counter()
            try:
                status, body = await connection.ask(photos[place % len(photos)])
                by_checkpoint[body.partition(b'"checkpoint_sha256":"')[2][:8].decode()] += 1
            except (OSError, EOFError):
                status = 0
                await connection.close()
            statuses[status] += 1
            answered_at.append(time.perf_counter())
            took.append(answered_at[-1] - asked_at)
        await connection.close()

    await asyncio.gather(*[client() for _ in range(CLIENTS)])
    ordered = sorted(answered_at)
    return {
        "requests": len(took),
        "seconds": round(ordered[-1] - started, 1),
        "statuses": dict(statuses),
        "dropped": len(took) - statuses[200],
        "turns": num_turned,
        "answers_by_checkpoint": dict(by_checkpoint),
        "longest_gap_ms": round(
            max(later - earlier for earlier, later in itertools.pairwise(ordered)) * 1e3
        ),
        **serving_client.quantiles(took),
    }


async def half_open(
    port: int, process: psutil.Process, photo: bytes, number: int
) -> dict[str, Any]:
    """Uploads that are begun and never ended, and what a health check and a request get meanwhile.

    Args:
        port: Of the service.
        process: Its process, whose memory is looked at.
        photo: The good request.
        number: Uploads that are begun.
    """
    before = process.memory_info().rss
    memory = [before]
    ended: Counter[str] = Counter()
    begun = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\n"
    begun += b"Content-Length: 10000000\r\n\r\n" + bytes(PART)

    async def upload() -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(begun)
            ended[(await reader.read())[9:12].decode() or "cut"] += 1
            writer.close()
        except OSError:
            ended["cut"] += 1

    started = time.perf_counter()
    uploads = [asyncio.create_task(upload()) for _ in range(number)]
    await asyncio.sleep(0)
    health: list[tuple[int, float]] = []
    good: list[tuple[int, float]] = []
    held: list[int] = []
    while time.perf_counter() - started < SETTLE_SECONDS:
        await asyncio.sleep(0.25)
        memory.append(process.memory_info().rss)
        held.append(sum(each.status == "ESTABLISHED" for each in process.net_connections("tcp")))
        health.append(await _timed(lambda: _status(port, HEALTH)))
        good.append(await _timed(lambda: _predict(port, photo)))
    still_open = sum(not task.done() for task in uploads)
    for task in uploads:
        task.cancel()
    await asyncio.gather(*uploads, return_exceptions=True)
    return {
        "uploads": number,
        "ended_by": dict(ended),
        "not_ended_for_the_client": still_open,
        "connections_of_the_service_most_and_last": [max(held), held[-1]],
        "seconds": SETTLE_SECONDS,
        "health": _describe(health),
        "good_requests": _describe(good),
        "rss_mb_before_most_after": [
            round(each / 1e6) for each in (before, max(memory), process.memory_info().rss)
        ],
        "file_handles_of_the_client": os.sysconf("SC_OPEN_MAX"),
    }


async def _status(port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.read()
    writer.close()
    return int(head[9:12] or 0)


async def _predict(port: int, photo: bytes) -> int:
    return (await serving_client.ask_once(port, photo))[0]


async def _timed(ask: Callable[[], Any]) -> tuple[int, float]:
    started = time.perf_counter()
    try:
        status = int(await ask())
    except (OSError, EOFError):
        status = 0
    return status, time.perf_counter() - started


def _describe(asked: list[tuple[int, float]]) -> dict[str, Any]:
    took = [seconds for _, seconds in asked]
    return {
        "statuses": dict(Counter(str(status) for status, _ in asked)),
        "median_ms": round(statistics.median(took) * 1e3, 1),
        "longest_ms": round(max(took) * 1e3, 1),
    }
