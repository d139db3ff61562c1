"""Fixtures for Slack's API: each test gets its own stand-in and the client that the worker uses."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from time import monotonic

import pytest
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from bot.runtime.settings import Settings
from emulator.client import StandInClient
from emulator.config import Config
from emulator.server import RunningStandIn, start
from records.database import Database
from slack_api.poster import Poster
from slack_api.workspace import Workspace
from tests.bot.conftest import ROOT
from tests.records.conftest import database, migrated, quick_writes, url
from worker import slack_client

__all__ = ["database", "migrated", "quick_writes", "url"]


@pytest.fixture
async def running(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningStandIn]:
    # slack_sdk reads the proxy settings from the environment, even for 127.0.0.1.
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with start(Config(manifest=ROOT / "manifest.yml")) as running:
        yield running


@pytest.fixture
async def slack(running: RunningStandIn) -> AsyncIterator[StandInClient]:
    async with StandInClient(running.url) as client:
        yield client


@pytest.fixture
def call_timeout(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """Seconds per Slack call: one, or less in a test whose parameters let Slack hang.

    The stand-in then hangs for hardly longer than the client waits: it cannot stop before. A test
    sets another timeout with `parametrize("call_timeout", [...])`.
    """
    parameters = getattr(request.node, "callspec", None)
    if parameters is None or "'hang'" not in repr(parameters.params):
        return 1.0
    monkeypatch.setattr("emulator.api_call.HANG_SECONDS", 0.5)
    return 0.3


@pytest.fixture
async def web(slack: StandInClient, call_timeout: float) -> AsyncIterator[AsyncWebClient]:
    """The worker's client."""
    config = Settings(
        slack_bot_token=SecretStr("xoxb-local"), slack_api_url=f"{slack.base_url}/api/"
    )
    async with slack_client(config, call_timeout) as client:
        yield client


@pytest.fixture
def pass_retry_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that moves the client's clock past a Retry-After of some seconds."""
    passed = 0.0

    def skip(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    monkeypatch.setattr("slack_api.rate_limited_client.monotonic", lambda: monotonic() + passed)
    return skip


@pytest.fixture
def workspace(web: AsyncWebClient, database: Database) -> Workspace:
    return Workspace.of(web, database, lambda: datetime.now(UTC))


@pytest.fixture
def poster(web: AsyncWebClient, workspace: Workspace) -> Poster:
    return Poster(web, workspace.channels)
