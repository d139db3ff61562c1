"""Fixtures for Slack's API: each test gets its own stand-in and the client that the worker uses."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from bot.runtime.settings import Settings
from emulator.client import StandInClient
from emulator.config import Config
from emulator.server import start
from slack_api.poster import Poster
from tests.bot.conftest import ROOT
from worker import slack_client


@pytest.fixture
async def slack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StandInClient]:
    # slack_sdk reads the proxy settings from the environment, even for 127.0.0.1.
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with (
        start(Config(manifest=ROOT / "manifest.yml")) as running,
        StandInClient(running.url) as client,
    ):
        yield client


@pytest.fixture
async def web(slack: StandInClient) -> AsyncIterator[AsyncWebClient]:
    """The worker's client, with a timeout of one second per call."""
    config = Settings(
        slack_bot_token=SecretStr("xoxb-local"), slack_api_url=f"{slack.base_url}/api/"
    )
    async with slack_client(config, call_timeout=1) as client:
        yield client


@pytest.fixture
def poster(web: AsyncWebClient) -> Poster:
    return Poster(web)
