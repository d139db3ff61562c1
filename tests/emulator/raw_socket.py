"""A minimal Socket Mode client, for behavior that Bolt does not support."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from emulator.server import RunningStandIn

Json = dict[str, Any]


class RawSocket:
    """A Socket Mode connection that acknowledges only on request."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, hello: Json) -> None:
        self.socket = socket
        self.hello = hello

    async def frame(self) -> Json:
        frame: Json = await self.socket.receive_json(timeout=5)
        return frame

    async def ack(self, frame: Json, payload: Any = None) -> None:
        answer = {"envelope_id": frame["envelope_id"]}
        await self.socket.send_json(answer if payload is None else {**answer, "payload": payload})


@asynccontextmanager
async def open_socket(running: RunningStandIn) -> AsyncIterator[RawSocket]:
    async with aiohttp.ClientSession() as http:
        url = await socket_url(http, running)
        async with http.ws_connect(url) as socket:
            yield RawSocket(socket, await socket.receive_json(timeout=5))


async def socket_url(http: aiohttp.ClientSession, running: RunningStandIn) -> str:
    headers = {"Authorization": "Bearer xapp-local"}
    async with http.post(f"{running.api_url}apps.connections.open", headers=headers) as answer:
        url: str = (await answer.json())["url"]
        return url
