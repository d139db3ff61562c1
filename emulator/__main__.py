"""The command line: ``python -m emulator --manifest manifest.yml``."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from emulator.config import Config
from emulator.manifest import ManifestError
from emulator.people import PeopleError
from emulator.server import RunningStandIn, start
from emulator.stand_in import StateError


def parse_arguments(arguments: list[str] | None = None) -> Config:
    """Parse the command line; an invalid one prints a message and exits with code 2."""
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="A local stand-in for Slack, for one app; it listens on 127.0.0.1 only",
    )
    defaults = Config(manifest=Path("manifest.yml"))
    add = parser.add_argument
    add("--manifest", type=Path, required=True, help="the app manifest (YAML or JSON)")
    add("--port", type=int, default=8080, help="0 picks a free port (default: 8080)")
    add("--bot-token", default=defaults.bot_token, help="default: %(default)s")
    add("--app-token", default=defaults.app_token, help="default: %(default)s")
    add("--signing-secret", default=defaults.signing_secret, help="default: %(default)s")
    add("--request-url", help="deliver by signed HTTP to this URL, not by Socket Mode")
    add("--people", type=Path, default=defaults.people, help="users, groups and channels (YAML)")
    add(
        "--state", type=Path, help="keep messages, channels and people in this file across restarts"
    )
    add("--no-rate-tiers", action="store_true", help="do not enforce Slack's rate tiers")
    options = parser.parse_args(arguments)
    return Config(
        manifest=options.manifest,
        people=options.people,
        port=options.port,
        bot_token=options.bot_token,
        app_token=options.app_token,
        signing_secret=options.signing_secret,
        request_url=options.request_url,
        state_file=options.state,
        rate_tiers=not options.no_rate_tiers,
    )


async def serve(config: Config) -> None:
    """Run until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with start(config) as running:
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            # Windows has no signal handlers; there Ctrl-C raises KeyboardInterrupt.
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(signal_number, stopped.set)
        _print_startup(config, running)
        await stopped.wait()


def _print_startup(config: Config, running: RunningStandIn) -> None:
    transport = "Socket Mode" if running.stand_in.uses_sockets else "signed HTTP"
    lines = (
        f"Slack stand-in: {running.url}",
        f"  Web API {running.api_url} (base_url of the SDK), delivery by {transport}",
        f"  bot token {config.bot_token}, app token {config.app_token}",
        f"  signing secret {config.signing_secret}",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Run the program; exit code 2 and an error message if it cannot start."""
    os.umask(0o077)  # messages may be private
    config = parse_arguments(arguments)
    try:
        asyncio.run(serve(config))
    except (ManifestError, PeopleError, StateError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"Cannot listen on 127.0.0.1:{config.port}: {error.strerror}.\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
