"""Uploads that are begun and never ended: the service goes on answering, and ends them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from forge_core.serving import connections, http
from forge_core.serving.connections import BoundedServer
from forge_core.serving.service import Service

LIMIT, HALF_OPEN = 40, 150
PART = 20_000
UPLOAD = (
    b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\n"
    b"Content-Length: 100000\r\n\r\n" + bytes(PART)
)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def listening(service: Service) -> AsyncIterator[tuple[int, BoundedServer]]:
    """The service behind real sockets of this process."""
    bound = socket.create_server(("127.0.0.1", 0), backlog=512)
    server = connections.make_server(http.create_app(service), service.options, service.end)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield bound.getsockname()[1], server
    finally:
        server.should_exit = True
        await serving


async def ask(port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


async def read_status(streams: Streams) -> bytes:
    try:
        return (await streams[0].read())[9:12]
    except ConnectionError:
        return b"cut"
    finally:
        streams[1].close()


def test_half_open_uploads__hold_no_place_and_are_ended(
    open_service: Callable[..., Service], make_png: Callable[..., bytes]
) -> None:
    picture = make_png("red")
    good = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\n"
    good += b"Content-Length: %d\r\n\r\n" % len(picture) + picture
    health = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"

    async def scene() -> None:
        service = open_service(connections=LIMIT, idle_seconds=1.5, header_seconds=1.5)
        async with listening(service) as (port, server):
            half_open = []
            for _ in range(HALF_OPEN):
                half_open.append(await asyncio.open_connection("127.0.0.1", port))
                half_open[-1][1].write(UPLOAD)
            waiting = [asyncio.create_task(read_status(each)) for each in half_open]
            await asyncio.sleep(connections.YIELD_SECONDS + 0.1)
            async with asyncio.timeout(1):
                assert await ask(port, health) == 200
                assert await ask(port, good) == 200
            # Besides what is held, a connection buffers 64 KB at most before it reads no more.
            assert PART <= service.bodies.held_bytes <= LIMIT * PART
            async with asyncio.timeout(6):
                statuses = await asyncio.gather(*waiting)
            assert set(statuses) == {b"408", b"503"}
            assert LIMIT - 2 <= statuses.count(b"408") <= LIMIT
            async with asyncio.timeout(connections.LINGER_SECONDS + 1):
                while server.server_state.connections:
                    await asyncio.sleep(0.05)
            assert service.bodies.held_bytes == 0

    asyncio.run(scene())


def test_connections_that_rest__give_way_at_once_and_those_that_send_do_not(
    open_service: Callable[..., Service],
) -> None:
    health = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"

    async def scene() -> None:
        async with listening(open_service(connections=2)) as (port, _):
            resting = await asyncio.open_connection("127.0.0.1", port)
            resting[1].write(health)
            assert b"200" in await resting[0].readline()
            sending = await asyncio.open_connection("127.0.0.1", port)
            sending[1].write(UPLOAD)
            assert await ask(port, health) == 200
            assert b" 503 " not in await resting[0].read()  # ended, and told nothing
            other = await asyncio.open_connection("127.0.0.1", port)
            other[1].write(UPLOAD)
            sending[1].write(b"more")
            await asyncio.sleep(0.05)
            assert await ask(port, health) == 503  # both send
            for _, writer in (resting, sending, other):
                writer.close()

    asyncio.run(scene())
