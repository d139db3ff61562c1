"""Fixtures: a new stand-in per test, a client that drives it, and a real Bolt app."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from emulator.config import Config
from emulator.server import RunningStandIn, start

MANIFEST = Path(__file__).with_name("manifest.yml")
Starter = Callable[..., AbstractAsyncContextManager[RunningStandIn]]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    # slack_sdk uses the environment's proxy even for 127.0.0.1.
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def running() -> AsyncIterator[RunningStandIn]:
    async with start(Config(manifest=MANIFEST)) as stand_in:
        yield stand_in


@pytest.fixture
async def slack(running: RunningStandIn) -> AsyncIterator[StandInClient]:
    async with StandInClient(running.url) as client:
        yield client


@pytest.fixture
def web(running: RunningStandIn) -> AsyncWebClient:
    return AsyncWebClient(token="xoxb-local", base_url=running.api_url)


@pytest.fixture
async def app(running: RunningStandIn, slack: StandInClient) -> AsyncIterator[AsyncApp]:
    """A Bolt app connected by Socket Mode; tests add the listeners they need."""
    bolt = AsyncApp(
        client=AsyncWebClient(token="xoxb-local", base_url=running.api_url),
        signing_secret="local",
    )
    handler = AsyncSocketModeHandler(
        bolt,
        "xapp-local",
        ping_interval=1,
        web_client=AsyncWebClient(token="xapp-local", base_url=running.api_url),
    )
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.wait_for_connections(1)
    yield bolt
    await handler.close_async()  # type: ignore[no-untyped-call]


@pytest.fixture
def edited_manifest(tmp_path: Path) -> Callable[..., Path]:
    """Write the test manifest with some keys replaced (``a__b=value`` replaces key b of a)."""

    def write(**changes: Any) -> Path:
        raw = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
        for dotted, value in changes.items():
            *parents, last = dotted.split("__")
            place = raw
            for name in parents:
                place = place[name]
            place[last] = value
        path = tmp_path / "manifest.yml"
        path.write_text(yaml.safe_dump(raw), encoding="utf-8")
        return path

    return write
