"""Ask a server for many addresses at once over kept connections, in a process of its own.

    python -m benchmarks.gallery_client http://127.0.0.1:8501 < {"paths": [...], "cookie": ...}

Prints JSON: answers, bytes, seconds, and the times of single answers in milliseconds. uvloop and
bare streams, so that the client is not what is measured.
"""

import asyncio
import json
import math
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import uvloop


async def ask_all(
    host: str, port: int, paths: list[str], cookie: str, connections: int
) -> dict[str, Any]:
    """Every path once, by as many connections as told."""
    waiting = iter(paths)
    times: list[float] = []
    sizes: list[int] = []
    start = time.perf_counter()
    await asyncio.gather(
        *(_ask(host, port, waiting, cookie, times, sizes) for _ in range(connections))
    )
    seconds = time.perf_counter() - start
    ordered = sorted(times)
    return {
        "answers": len(times),
        "seconds": round(seconds, 3),
        "per_second": round(len(times) / seconds),
        "megabytes": round(sum(sizes) / 1e6, 1),
        "p50_ms": round(1000 * statistics.median(ordered), 2),
        "p95_ms": round(1000 * ordered[math.ceil(0.95 * len(ordered)) - 1], 2),
    }


async def _ask(
    host: str,
    port: int,
    waiting: Iterator[str],
    cookie: str,
    times: list[float],
    sizes: list[int],
) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    for path in waiting:
        start = time.perf_counter()
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n"
            "Accept: image/*\r\n\r\n".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        if " 200 " not in head.partition("\r\n")[0]:
            raise RuntimeError(f"{path} was answered with {head.partition(chr(13))[0]}")
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        await reader.readexactly(length)
        times.append(time.perf_counter() - start)
        sizes.append(length)
    writer.close()


def main() -> None:
    """Read what to ask, ask, print."""
    asked = json.load(sys.stdin)
    address = urlsplit(sys.argv[1])
    assert address.hostname is not None
    found = uvloop.run(
        ask_all(
            address.hostname,
            address.port or 80,
            asked["paths"],
            asked["cookie"],
            asked["connections"],
        )
    )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
