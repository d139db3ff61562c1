"""Running bot and worker: load settings, then run until SIGINT or SIGTERM."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

import uvloop

from bot.policies import file as policy_file
from bot.runtime import http_server, logs, settings
from bot.temporal.calls import TemporalUnavailableError
from records.database import SchemaError, UnsupportedDatabaseError

REFUSED = 2
"""Exit code of a process whose configuration is invalid."""

Main = Callable[[settings.Settings, asyncio.Event], Awaitable[None]]


def run(main: Main) -> None:
    """Run a process. `main` receives the settings and an event that is set when it must stop.

    A configuration error is reported as one sentence on standard error, with exit code 2.
    """
    try:
        config = settings.load()
        logs.configure(config.log_format, config.log_level)
        uvloop.run(_until_stopped(main, config))
    except (
        policy_file.PolicyFileError,
        settings.SettingsError,
        SchemaError,
        UnsupportedDatabaseError,
        TemporalUnavailableError,
        http_server.PortTakenError,
    ) as error:
        sys.exit(_refuse(error))


async def _until_stopped(main: Main, config: settings.Settings) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await main(config, stop)


def _refuse(error: Exception) -> int:
    sys.stderr.write(f"{error}\n")
    return REFUSED
