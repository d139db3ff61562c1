"""Logs of the processes, without secrets in any line, and addresses that cannot be served."""

import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import create_app
from bot.listeners.services import Services
from bot.runtime import logs
from bot.runtime.http_server import AddressError, PortTakenError, serve

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


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
async def test_an_address_of_another_machine_is_one_sentence_that_names_the_setting(
    host: str,
) -> None:
    with pytest.raises(AddressError, match=f"{host} is not an address.*WORKER_HEALTH_HOST"):
        async with serve(0, host=host):
            pass
