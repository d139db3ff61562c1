"""HTTP proxies: which addresses use one, and that every connection of the bot and worker does."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

import worker
from activities.payment_gateway import GatewayBank, PaymentGateway
from bot import __main__ as bot
from bot.runtime import settings
from bot.runtime.proxies import Proxies
from bot.runtime.settings import Settings, SettingsError
from emulator.client import StandInClient
from emulator.config import Config
from emulator.server import start
from tests.bot.conftest import ROOT
from tests.bot.order_driver import ANA, APPROVALS
from tests.journeys.programs import free_port

PROXIES = Proxies(
    http="http://plain:3128", https="http://secure:3128", no=".internal,10.0.0.7,db:5432"
)


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://slack.com/api/", "http://secure:3128"),
        ("wss://wss-primary.slack.com/link/?ticket=1", "http://secure:3128"),
        ("http://gateway.example/pay", "http://plain:3128"),
        ("ws://gateway.example/pay", "http://plain:3128"),
        ("https://pay.internal/", None),
        ("https://PAY.internal:8443/", None),
        ("https://internal.example/", "http://secure:3128"),
        ("http://10.0.0.7:8080/", None),
        ("https://db:5432", None),
        ("https://db:443", "http://secure:3128"),
        ("http://127.0.0.1:8080/api/", None),
        ("http://localhost/", None),
        ("https://[::1]:8443/", None),
    ],
)
def test_addresses_and_their_proxies(url: str, proxy: str | None) -> None:
    assert PROXIES.for_url(url) == proxy


def test_without_settings_there_is_no_proxy_and_a_star_turns_all_off() -> None:
    assert Proxies().for_url("https://slack.com/") is None
    assert Proxies(https="http://p:1", no="*").for_url("https://slack.com/") is None


def test_temporal_is_reached_through_the_proxy_for_https() -> None:
    proxies = Proxies(https="http://me:p%40ss@secure:3128", no="temporal.local")
    found = proxies.for_temporal("ns.tmprl.cloud:7233")

    assert found is not None
    assert (found.target_host, found.basic_auth) == ("secure:3128", ("me", "p@ss"))
    assert proxies.for_temporal("temporal.local:7233") is None
    assert proxies.for_temporal("127.0.0.1:7233") is None


@pytest.mark.parametrize(
    ("written", "read"),
    [("proxy:3128", "http://proxy:3128"), ("http://p:1", "http://p:1"), ("", "")],
)
def test_proxies_are_settings(written: str, read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", written)
    monkeypatch.setenv("NO_PROXY", "a,b")

    assert settings.load(None).proxies() == Proxies(https=read, no="a,b")


def test_a_proxy_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:secret@p:1")

    with pytest.raises(SettingsError, match="HTTPS_PROXY cannot be used") as refused:
        settings.load(None)
    assert "secret" not in str(refused.value)


def test_libraries_do_not_find_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://p:1")

    settings.hide_proxies()

    assert aiohttp.helpers.proxies_from_env() == {}


@dataclass
class Forwarder:
    """A proxy that forwards to this machine, whatever the host; it keeps the hosts it was asked for."""

    port: int = 0
    hosts: set[str] = field(default_factory=set)
    paths: list[str] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.append(asyncio.create_task(self.serve(reader, writer)))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split(" ", 2)
        host, port, path = re.fullmatch(r"(?:\w+://)?([^:/]+):(\d+)(.*)", target).groups()  # type: ignore[union-attr]
        self.hosts.add(host)
        self.paths.append(path)
        try:
            upstream, onward = await asyncio.open_connection("127.0.0.1", int(port))
        except ConnectionError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            writer.close()
            return
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            onward.write(self._origin_form(head, target, path, port).encode("latin-1"))
        await asyncio.gather(_copy(reader, onward), _copy(upstream, writer))

    def _origin_form(self, head: str, target: str, path: str, port: str) -> str:
        head = re.sub(r"(?i)\r\nhost: [^\r]*", f"\r\nHost: 127.0.0.1:{port}", head)
        if "upgrade" not in head.lower():
            head = head.replace("\r\n", "\r\nConnection: close\r\n", 1)
        return head.replace(target, path, 1)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass  # the other side has closed
    finally:
        writer.close()


@asynccontextmanager
async def forwarding() -> AsyncIterator[Forwarder]:
    forwarder = Forwarder()
    server = await asyncio.start_server(forwarder.accept, "127.0.0.1", 0)
    forwarder.port = server.sockets[0].getsockname()[1]
    yield forwarder
    server.close()
    for task in forwarder.tasks:
        task.cancel()  # connections that the other side keeps open


async def test_every_connection_of_bot_and_worker_goes_through_the_proxy(
    temporal: WorkflowEnvironment, records_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The addresses are reserved: without the proxy, connections to them fail at once."""
    temporal_port = temporal.client.service_client.config.target_host.rpartition(":")[2]
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"240.0.0.1:{temporal_port}")
    async with (
        forwarding() as proxy,
        start(Config(manifest=ROOT / "manifest.yml")) as running,
        StandInClient(running.url) as slack,
    ):
        stand_in, url = running.stand_in, f"http://240.0.0.2:{running.port}"
        stand_in.base_url, stand_in.response_urls.base_url = (
            url,
            f"http://240.0.0.3:{running.port}",
        )
        address = f"http://127.0.0.1:{proxy.port}"
        config = Settings(
            slack_bot_token=SecretStr("xoxb-local"),
            slack_app_token=SecretStr("xapp-local"),
            slack_api_url=f"{url}/api/",
            database_url=f"sqlite:///{records_file}",
            policies=ROOT / "policies.toml",
            web_port=free_port(),
            worker_health_port=free_port(),
            payment_gateway_url="https://240.0.0.4:1",
            payment_gateway_token=SecretStr("t0ken"),
            http_proxy=address,
            https_proxy=address,
        )
        async with bot.running(config), worker.running(config):
            mark = await slack.journal_mark()
            await slack.say(ANA, APPROVALS, "/countersign help")
            await slack.wait_for_journal(after=mark, kind="response_url")
        async with worker.external_services(config) as outside:
            with pytest.raises(ApplicationError):
                await _gateway(outside).post("/charges", "key", {})

    assert proxy.hosts == {"240.0.0.2", "240.0.0.3", "240.0.0.1", "240.0.0.4"}
    called = "\n".join(proxy.paths)
    assert "/api/auth.test" in called
    assert "/link/" in called


def _gateway(services: worker.ExternalServices) -> PaymentGateway:
    assert isinstance(services.bank, GatewayBank)
    return services.bank._gateway  # noqa: SLF001 - its session is what we test
