"""The `countersign` command: its sub-commands, and how a refusal becomes a sentence and an exit code."""

import contextlib
import logging
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from types import MappingProxyType
from typing import Annotated, NoReturn

import structlog
import typer
from rich.console import Console

from bot.cli.lazy import LazyCommand, lazy_group

COMMANDS: Mapping[str, LazyCommand] = MappingProxyType(
    {
        "demo": LazyCommand(
            module="bot.cli.programs",
            help="Run everything on this machine, with a Slack stand-in in the browser.",
            is_group=False,
        ),
        "worker": LazyCommand(
            module="bot.cli.programs",
            help="Run the Temporal worker (the same as `python worker.py`).",
            is_group=False,
        ),
        "bot": LazyCommand(
            module="bot.cli.programs",
            help="Run the bot: Socket Mode with SLACK_APP_TOKEN, signed HTTP with SLACK_SIGNING_SECRET.",
            is_group=False,
        ),
        "db": LazyCommand(module="bot.cli.database", help="The database."),
        "policy": LazyCommand(module="bot.cli.policy", help="The approval policies."),
        "stock": LazyCommand(module="bot.cli.stock", help="The products that can be ordered."),
        "request": LazyCommand(
            module="bot.cli.requests", help="Create, show, list and decide requests."
        ),
        "order": LazyCommand(
            module="bot.cli.orders", help="Start, show, list, decide, pay and cancel orders."
        ),
        "away": LazyCommand(
            module="bot.cli.away", help="Absences, and delegates who decide in the meantime."
        ),
        "time-off": LazyCommand(
            module="bot.cli.time_off", help="Days off: how many a person has and has booked."
        ),
        "audit": LazyCommand(
            module="bot.cli.audit", help="The audit trail: show, verify, export, redact."
        ),
    }
)

app = typer.Typer(
    name="countersign",
    cls=lazy_group(COMMANDS),
    help="Durable approvals for Slack: every click is a Temporal Update.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"countersign {version('countersign')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_show_version, is_eager=True
        ),
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command line. A refusal prints one sentence and exits with code 2."""
    try:
        app()
    except Exception as error:
        # The command that failed has imported what its refusals need.
        refusals = import_module("bot.cli.refusals")
        if not isinstance(error, refusals.REFUSALS):
            raise
        err.print(str(error), markup=False)
        sys.exit(refusals.EXIT_CODE)


def program() -> NoReturn:
    """Run the command line as a process and exit without the interpreter's shutdown.

    Temporal's native threads may still be running, and about one time in fifty the interpreter
    aborts during shutdown (`PyGILState_Release`, exit code 134) although all work is done.
    """
    os.umask(0o077)  # files, such as an export or a new database, are for our user only
    # Standard output is for what a command prints.
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    code: object = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BrokenPipeError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
