"""The parts that commands share: options, the actor, input, and running a command."""

import asyncio
import os
import pwd
import re
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot.cli.context import CliContext, Setup, opened
from bot.cli.demo import DEFAULT_DIRECTORY, ENV_FILE
from bot.cli.terminal import CommandError, Exit, remark
from bot.runtime import settings
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.ids import MEMBER_ID, ORDER_ID

TIMEOUT = 60.0
"""Default of --timeout: seconds for which an unconfirmed command is retried."""

Request = Annotated[
    str, typer.Argument(metavar="REQUEST", help="The request number, such as REQ-7K2M4QXA.")
]
As = Annotated[
    str,
    typer.Option(
        "--as", metavar="PERSON", help="The person who acts, by Slack member ID. Required."
    ),
]
AsReader = Annotated[
    str,
    typer.Option("--as", metavar="PERSON", help="Show what this person can do (Slack member ID)."),
]
Order = Annotated[
    str, typer.Argument(metavar="ORDER", help="The order number, such as ORD-7K2M4QXA.")
]
AsOrDefault = Annotated[
    str,
    typer.Option(
        "--as", metavar="PERSON", help="The person who acts, by Slack member ID [CLI_PERSON]."
    ),
]
Reason = Annotated[str, typer.Option(help="The reason, up to 3,000 characters.")]
Key = Annotated[
    str, typer.Option(help="Idempotency key: with the same key, a command takes effect once.")
]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout",
        "--patience",
        min=0,
        metavar="SECONDS",
        help="How long to wait for an answer. --patience is the former name.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")]
OpenOnly = Annotated[bool, typer.Option("--open", help="Only those that are still open.")]
Requester = Annotated[
    str, typer.Option(metavar="PERSON", help="Only this person's, by Slack member ID.")
]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]

_Result = TypeVar("_Result")


def run(work: Callable[[CliContext], Awaitable[_Result]], timeout: float = TIMEOUT) -> _Result:
    """Run a command's work in a context; a failure is one sentence and an exit code."""
    try:
        return asyncio.run(_served(work, timeout))
    except (CommandError, settings.SettingsError) as error:
        remark(str(error))
        raise typer.Exit(error.code if isinstance(error, CommandError) else Exit.CANNOT) from None
    except BrokenPipeError:  # the reader of our output has closed it
        raise typer.Exit(Exit.CANNOT) from None
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        remark(
            f"Unexpected error ({type(error).__name__}). Please report it. "
            "Run the command with PYTHONDEVMODE=1 to see the traceback."
        )
        raise typer.Exit(Exit.BROKEN) from None


async def _served(work: Callable[[CliContext], Awaitable[_Result]], retry_for: float) -> _Result:
    file = env_file()
    setup = Setup(
        config=settings.load(file),
        environment=settings.temporal_environment(file),
        retry_for=retry_for,
    )
    async with opened(setup) as context:
        return await work(context)


def env_file() -> Path:
    """Return `.env` or, if there is none, the file of a demo that runs here."""
    own, of_demo = Path(".env"), DEFAULT_DIRECTORY / ENV_FILE
    return own if own.exists() or not of_demo.exists() else of_demo


def operator(person: str) -> Actor:
    """Return `person`, with the operating-system user who acts for them.

    Raises:
        CommandError: this is not a Slack member ID.

    """
    if not person:
        raise CommandError("Use --as to name the person who acts, such as --as U0ANA.")
    try:
        user = pwd.getpwuid(os.getuid()).pw_name  # not from LOGNAME, which any user can set
    except KeyError:  # a container's user without a name
        user = f"uid {os.getuid()}"
    return Actor(person=member(person, "--as"), origin=Origin.CLI, operator=user)


def member(written: str, option: str) -> str:
    """Return a Slack member ID as it was typed.

    Raises:
        CommandError: this is not a Slack member ID.

    """
    if re.fullmatch(MEMBER_ID, written):
        return written
    raise CommandError(f"{option}: “{written}” is not a Slack member ID. They look like U0ANA.")


def number(written: str) -> str:
    """Return a request's number as it was typed.

    Raises:
        CommandError: this cannot be a request's number.

    """
    if re.fullmatch(r"[!-~]{1,200}", written):
        return written
    raise CommandError("REQUEST: this is not a request number. They look like REQ-7K2M4QXA.")


def order_number(written: str, option: str = "ORDER") -> str:
    """Return an order's number as it was typed.

    Raises:
        CommandError: this cannot be an order's number.

    """
    if ORDER_ID.fullmatch(written):
        return written
    raise CommandError(
        f"{option}: this is not an order number. They are ORD- and eight digits or capital "
        "letters without I, L, O and U, such as ORD-7K2M4QXA."
    )


def typed(written: str, option: str) -> str:
    """Return a text that can be stored and sent.

    Raises:
        CommandError: it is not valid UTF-8, or contains NUL.

    """
    try:
        written.encode()
    except UnicodeEncodeError:
        raise CommandError(f"{option}: this is not valid UTF-8.") from None
    if "\0" in written:
        raise CommandError(f"{option}: this contains a NUL character.")
    return written


def text_of(written: str, file: str, option: str) -> str:
    """Return a text from its option or, if a file is named (`-` is standard input), from the file.

    Raises:
        CommandError: both are given, or the file cannot be read.

    """
    if not file:
        return typed(written, option)
    if written:
        raise CommandError(f"Use {option} or {option}-file, not both.")
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return typed(raw.decode(), f"{option}-file")
    except OSError as error:
        raise CommandError(
            f"{option}-file: {file} cannot be read ({type(error).__name__})."
        ) from None
    except UnicodeDecodeError:
        raise CommandError(f"{option}-file: this is not valid UTF-8.") from None


def key_or_new(key: str) -> str:
    """Return the key that was given, or a new one."""
    return typed(key, "--key") or secrets.token_hex(8)
