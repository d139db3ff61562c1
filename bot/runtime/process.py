"""Running bot and worker: load settings, then run until SIGINT or SIGTERM, and always end in time."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NoReturn

import structlog
import uvloop

from bot.policies import file as policy_file
from bot.runtime import http_server, logs, settings
from bot.temporal import core_logs
from bot.temporal.calls import TemporalUnavailableError
from records.database import START_FAILURES
from slack_api.access import WrongTokenError

REFUSED = 2
"""Exit code of a process whose configuration is invalid."""
CLOSE_WITHIN = 6.0
"""Seconds after the signal in which a process may close what it opened, before it is cancelled."""
END_WITHIN = 9.0
"""Seconds after the signal at which the process exits, whatever still runs. Docker, for example,
sends SIGKILL after 10 s."""
FAILED = 1
"""Exit code of a process that failed, or had to be ended with work unfinished."""

Main = Callable[[settings.Settings], AbstractAsyncContextManager[None]]

_log = structlog.get_logger("bot.runtime.process")


def run(main: Main) -> NoReturn:
    """Run a process. `main` starts it when entered, and stops it when exited.

    A signal while it starts cancels the start. A configuration error is reported as one sentence on
    standard error, with exit code 2. The process exits without the interpreter's shutdown, because
    Temporal's native threads sometimes abort it, and other threads may delay it.
    """
    os.umask(0o077)  # files, such as a new database, are for our user only
    code = 0
    log_format = settings.log_format()
    logs.configure(log_format, "info")
    core_logs.forward()
    try:
        config = settings.load()
        settings.hide_proxies()
        logs.configure(config.log_format, config.log_level)
        uvloop.run(_until_stopped(main, config))
    except (
        policy_file.PolicyFileError,
        settings.SettingsError,
        *START_FAILURES,
        TemporalUnavailableError,
        WrongTokenError,
        http_server.AddressError,
        http_server.PortTakenError,
    ) as error:
        code = _refuse(error, log_format)
    except Exception:  # noqa: BLE001 - a traceback would not be a line of the log
        _log.critical("process_failed", exc_info=True)
        code = FAILED
    _exit(code)


async def _until_stopped(main: Main, config: settings.Settings) -> None:
    stop = asyncio.Event()
    _on_signal(stop)
    has_started = False

    async def body() -> None:
        nonlocal has_started
        async with main(config):
            has_started = True
            await stop.wait()

    running, stopping = asyncio.create_task(body()), asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not running.done():
        if not has_started:
            running.cancel()
        await asyncio.wait({running}, timeout=CLOSE_WITHIN)
        if running.cancel():
            _log.warning("stopped_unfinished", after=CLOSE_WITHIN)
            await asyncio.wait({running})  # at most until END_WITHIN
    if not running.cancelled():
        running.result()


def _on_signal(stop: asyncio.Event) -> None:
    """Set `stop` at SIGINT or SIGTERM, and end the process after `END_WITHIN` at the latest.

    The timer is a thread, because a task that ignores its cancellation holds up the event loop's end.
    """
    timer = threading.Timer(END_WITHIN, _exit, [FAILED])
    timer.daemon = True

    def on_signal() -> None:
        if not stop.is_set():
            stop.set()
            timer.start()

    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, on_signal)


def _refuse(error: Exception, log_format: str) -> int:
    if log_format == "json":
        _log.error("start_refused", why=str(error))
    else:
        sys.stderr.write(f"{error}\n")
    return REFUSED


def _exit(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
