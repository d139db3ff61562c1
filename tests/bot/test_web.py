"""Logs of the processes, without secrets in any line, and addresses that cannot be served."""

import asyncio
import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import create_app
from bot.listeners.services import Services
from bot.runtime import logs
from bot.runtime.http_server import AddressError, PortTakenError, serve
from tests.bot.conftest import ROOT

CORE = """
import asyncio, logging, os, sys
from temporalio.client import Client
from temporalio.runtime import TelemetryFilter
from bot.runtime import logs
from bot.temporal import core_logs

async def main():
    try:
        await Client.connect("127.0.0.1:1")
    except RuntimeError:
        await asyncio.wait_for(seen.wait(), 10)

class Seen(logging.Handler):
    def emit(self, record):
        if record.name == core_logs.LOGGER.name:
            loop.call_soon_threadsafe(seen.set)

seen, loop = asyncio.Event(), asyncio.new_event_loop()
logs.configure("json", "debug")
logging.getLogger().addHandler(Seen())  # after our handler
core_logs.forward(TelemetryFilter(core_level="TRACE", other_level="TRACE"))
loop.run_until_complete(main())
sys.stderr.flush()
os._exit(0)
"""
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
    logging.captureWarnings(capture=False)
    threading.excepthook = threading.__excepthook__


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


def test_warnings_and_failed_threads_are_json_lines_too(stderr: Callable[[], str]) -> None:
    logs.configure("json", "info")
    thread = threading.Thread(target=[].pop)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("deprecated", DeprecationWarning, stacklevel=1)
    thread.start()
    thread.join()

    warned, failed = (json.loads(line) for line in stderr().splitlines())
    assert "deprecated" in warned["event"]
    assert failed["event"] == "thread_failed"


async def test_temporals_core_logs_through_ours(stderr: Callable[[], str], tmp_path: Path) -> None:
    """In a separate process, because the core's log is configured once per process."""
    script = tmp_path / "core.py"
    script.write_text(CORE)
    process = await asyncio.create_subprocess_exec(
        sys.executable, script, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=-1
    )
    _, lines = await process.communicate()

    events = [json.loads(line) for line in lines.decode().splitlines()]
    assert "temporalio.core" in {event["logger"] for event in events}


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
