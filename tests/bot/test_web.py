"""Health checks and logs of the processes, without secrets in any line."""

import json
import logging
from collections.abc import Callable, Iterator

import aiohttp
import pytest
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import create_app
from bot.listeners.services import Services
from bot.runtime import logs
from bot.runtime.http_server import Check, PortTakenError, health_route, serve
from records.database import Database

SECRET = "xoxb-this-must-not-be-logged"


@pytest.fixture
def stderr(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Returns the text on standard error; the logging configuration is restored afterwards."""
    root, kept = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield lambda: capsys.readouterr().err
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("slack_bolt.AsyncApp").setLevel(logging.NOTSET)
    structlog.configure(**kept)


async def healthz(checks: dict[str, Check]) -> tuple[int, object]:
    async with (
        serve(0, health_route(checks)) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/healthz") as answer,
    ):
        return answer.status, await answer.json()


async def holds() -> bool:
    return True


async def breaks() -> bool:
    raise OSError(SECRET)


async def test_health_is_ok_if_every_check_passes(database: Database) -> None:
    status, body = await healthz({"database": database.is_current, "socket": holds})

    assert status == 200
    assert body == {"ok": True, "checks": {"database": True, "socket": True}}


async def test_a_check_that_raises_has_failed() -> None:
    status, body = await healthz({"socket": holds, "database": breaks})

    assert status == 503
    assert body == {"ok": False, "checks": {"socket": True, "database": False}}


async def test_health_requests_are_not_logged(
    database: Database, stderr: Callable[[], str]
) -> None:
    logs.configure("console", "info")

    await healthz({"database": database.is_current})

    assert stderr() == ""


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_in_the_log_shows_no_values(log_format: str, stderr: Callable[[], str]) -> None:
    logs.configure(log_format, "info")
    token = SECRET

    try:
        {"another": 1}[token[:4]]
    except LookupError:
        structlog.get_logger("bot").exception("it_broke", error_id="1234")
        logging.getLogger("slack_sdk").exception("it broke there, too")

    lines = stderr()
    assert lines.count("KeyError") >= 2
    assert "1234" in lines
    assert SECRET not in lines


def test_events_are_json_lines_for_machines(stderr: Callable[[], str]) -> None:
    logs.configure("json", "info")

    structlog.get_logger("bot").info("started", port=1)
    logging.getLogger("elsewhere").warning("careful: %s", "x")

    ours, theirs = (json.loads(line) for line in stderr().splitlines())
    assert (ours["event"], ours["level"], ours["port"]) == ("started", "info", 1)
    assert (theirs["event"], theirs["logger"]) == ("careful: x", "elsewhere")


async def test_a_token_in_the_environment_causes_no_warning(
    web: AsyncWebClient,
    services: Services,
    stderr: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", SECRET)
    monkeypatch.setenv("SLACK_SIGNING_SECRET", SECRET)
    logs.configure("console", "info")

    app = create_app(web, "", services)
    logging.getLogger("slack_bolt.AsyncApp").warning("other warnings are heard")

    assert app.client.token == "xoxb-local"
    (line,) = stderr().splitlines()
    assert "other warnings" in line


async def test_a_port_in_use_is_one_sentence_that_names_the_setting() -> None:
    async with serve(0) as port:
        with pytest.raises(PortTakenError, match=f"port {port} is taken.*WORKER_HEALTH_PORT"):
            async with serve(port):
                pass
