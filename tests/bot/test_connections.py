"""Clients that send slowly or nothing cannot take the HTTP server away from the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bot.runtime.connections import Connections
from bot.runtime.http_server import serve

LIMIT = 5
TIMEOUT = 20
HALF_A_HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
HALF_A_BODY = HALF_A_HEAD + b"Content-Length: 10\r\n\r\nhello"
WHOLE = HALF_A_HEAD + b"Content-Length: 5\r\n\r\nhello"

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Gate:
    """Holds requests in their handler until it is opened."""

    def __init__(self) -> None:
        self.arrived = asyncio.Semaphore(0)
        self.open = asyncio.Event()

    async def passed(self) -> None:
        self.arrived.release()
        await self.open.wait()


@asynccontextmanager
async def server(
    *, limit: int = LIMIT, receive_within: float = 3600, gate: "Gate | None" = None
) -> AsyncIterator[int]:
    async def echo(request: web.Request) -> web.Response:
        if gate is not None:
            await gate.passed()
        return web.Response(body=await request.read())

    connections = Connections(limit=limit, receive_within=receive_within)
    async with (
        asyncio.timeout(TIMEOUT),
        serve(0, web.post("/echo", echo), connections=connections) as port,
    ):
        yield port


@pytest.fixture
async def streams() -> AsyncIterator[list[Stream]]:
    opened: list[Stream] = []
    yield opened
    for _, writer in opened:
        writer.close()


async def sent(port: int, data: bytes, streams: list[Stream]) -> asyncio.StreamReader:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    streams.append((reader, writer))
    writer.write(data)
    await writer.drain()
    return reader


async def echoed(port: int) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{port}/echo", data=b"hello") as answer,
    ):
        return await answer.text()


async def closed(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("data", [b"", HALF_A_HEAD, HALF_A_BODY], ids=["nothing", "head", "body"])
async def test_a_request_that_does_not_arrive_in_time_is_dropped(
    data: bytes, streams: list[Stream]
) -> None:
    async with server(receive_within=0.1) as port:
        assert await closed(await sent(port, data, streams))


async def test_a_second_request_on_a_connection_must_arrive_in_time_too(
    streams: list[Stream],
) -> None:
    async with server(receive_within=0.1) as port:
        reader = await sent(port, WHOLE, streams)
        assert b"hello" in await reader.readuntil(b"hello")
        streams[0][1].write(HALF_A_HEAD)
        assert await closed(reader)


async def test_a_slow_answer_is_not_cut_off(streams: list[Stream]) -> None:
    gate = Gate()
    async with server(receive_within=0.1, gate=gate) as port:
        reader = await sent(port, WHOLE, streams)
        await gate.arrived.acquire()
        other = await sent(port, HALF_A_HEAD, streams)
        assert await closed(other)  # as long as it takes until the limit
        gate.open.set()
        assert b"hello" in await reader.readuntil(b"hello")


@pytest.mark.parametrize("data", [b"", HALF_A_HEAD, HALF_A_BODY], ids=["nothing", "head", "body"])
async def test_half_open_connections_keep_nobody_out(data: bytes, streams: list[Stream]) -> None:
    async with server() as port:
        readers = [await sent(port, data, streams) for _ in range(3 * LIMIT)]
        assert await echoed(port) == "hello"
        assert [await closed(reader) for reader in readers[:LIMIT]] == [True] * LIMIT


async def test_requests_that_are_served_are_never_closed_for_others(
    streams: list[Stream],
) -> None:
    gate = Gate()
    async with server(gate=gate) as port:
        readers = [await sent(port, WHOLE, streams) for _ in range(LIMIT)]
        for _ in readers:
            await gate.arrived.acquire()
        refused = await sent(port, WHOLE, streams)
        assert await closed(refused)
        gate.open.set()
        for reader in readers:
            assert b"hello" in await reader.readuntil(b"hello")


async def test_idle_connections_give_way_to_new_ones(streams: list[Stream]) -> None:
    async with server() as port:
        readers = [await sent(port, WHOLE, streams) for _ in range(LIMIT)]
        for reader in readers:
            await reader.readuntil(b"hello")
        assert await echoed(port) == "hello"
        assert await closed(readers[0])
