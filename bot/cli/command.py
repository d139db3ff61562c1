"""What the commands share: their options, who acts, what was typed, and how a command ends."""

import asyncio
import os
import pwd
import re
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.cli.demo import DEFAULT_DIRECTORY, ENV_FILE
from bot.cli.terminal import CommandError, Exit, remark
from bot.runtime import settings
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.ids import MEMBER_ID, ORDER_ID

if TYPE_CHECKING:
    from bot.cli.context import Desk

PATIENCE = 60.0
"""Seconds for which an answer is asked for again, unless --patience says otherwise."""

Request = Annotated[
    str, typer.Argument(metavar="REQUEST", help="Its number, such as REQ-7K2M4QXA.")
]
As = Annotated[
    str,
    typer.Option("--as", metavar="PERSON", help="Who acts, by Slack member id. Needed."),
]
AsReader = Annotated[
    str,
    typer.Option("--as", metavar="PERSON", help="Tell what this person may do (Slack member id)."),
]
Order = Annotated[str, typer.Argument(metavar="ORDER", help="Its number, such as ORD-7K2M4QXA.")]
AsOrDefault = Annotated[
    str,
    typer.Option(
        "--as", metavar="PERSON", help="Who acts, by Slack member id; else whom CLI_PERSON names."
    ),
]
Reason = Annotated[str, typer.Option(help="Why, in at most 3,000 characters.")]
Key = Annotated[
    str, typer.Option(help="Name this deed: repeated with the same key, it counts once.")
]
Patience = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="How long to ask for an answer.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]

_Result = TypeVar("_Result")


def run(work: Callable[["Desk"], Awaitable[_Result]], patience: float = PATIENCE) -> _Result:
    """Do a command's work at a desk. What it cannot do is a sentence and an exit code."""
    try:
        return asyncio.run(_served(work, patience))
    except (CommandError, settings.SettingsError) as error:
        remark(str(error))
        raise typer.Exit(error.code if isinstance(error, CommandError) else Exit.CANNOT) from None
    except BrokenPipeError:  # whoever read our output has seen enough
        raise typer.Exit(Exit.CANNOT) from None
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        remark(
            f"This should not have happened ({type(error).__name__}): please report it. "
            "PYTHONDEVMODE=1 before the command shows where."
        )
        raise typer.Exit(Exit.BROKEN) from None


async def _served(work: Callable[["Desk"], Awaitable[_Result]], patience: float) -> _Result:
    # Loaded here: Temporal's client takes a third of a second, and other commands need none.
    from bot.cli.context import Setup, opened  # noqa: PLC0415

    file = env_file()
    setup = Setup(
        config=settings.load(file),
        environment=settings.temporal_environment(file),
        patience=patience,
    )
    async with opened(setup) as desk:
        return await work(desk)


def env_file() -> Path:
    """Return `.env`; where there is none, the file of a demo that runs here."""
    own, of_demo = Path(".env"), DEFAULT_DIRECTORY / ENV_FILE
    return own if own.exists() or not of_demo.exists() else of_demo


def operator(person: str) -> Actor:
    """Return `person`, with the operating-system user who acts for them.

    Raises:
        CommandError: it is no Slack member id.

    """
    if not person:
        raise CommandError("Say who acts: --as and a Slack member id, such as --as U0ANA.")
    try:
        user = pwd.getpwuid(os.getuid()).pw_name  # not from LOGNAME, which anybody can set
    except KeyError:  # a container's user that has no name
        user = f"uid {os.getuid()}"
    return Actor(person=member(person, "--as"), origin=Origin.CLI, operator=user)


def member(written: str, option: str) -> str:
    """Return a Slack member id as it was written.

    Raises:
        CommandError: it is none.

    """
    if re.fullmatch(MEMBER_ID, written):
        return written
    raise CommandError(f"{option}: “{written}” is not a Slack member id. They look like U0ANA.")


def number(written: str) -> str:
    """Return a request's number as it was written.

    Raises:
        CommandError: nothing has such a number.

    """
    if re.fullmatch(r"[!-~]{1,200}", written):
        return written
    raise CommandError("REQUEST: this is not a request's number. They look like REQ-7K2M4QXA.")


def order_number(written: str, option: str = "ORDER") -> str:
    """Return an order's number as it was written.

    Raises:
        CommandError: no order has such a number.

    """
    if ORDER_ID.fullmatch(written):
        return written
    raise CommandError(
        f"{option}: this is not an order's number. They are ORD- and eight digits or capital "
        "letters without I, L, O and U, such as ORD-7K2M4QXA."
    )


def typed(written: str, option: str) -> str:
    """Return a text that can be kept and sent.

    Raises:
        CommandError: it holds bytes that are no text.

    """
    try:
        written.encode()
    except UnicodeEncodeError:
        raise CommandError(f"{option}: this is not valid UTF-8.") from None
    if "\0" in written:
        raise CommandError(f"{option}: this holds a NUL character, so it is not a text.")
    return written


def text_of(written: str, file: str, option: str) -> str:
    """Return a text from its option or, where a file is named (`-` is standard input), from there.

    Raises:
        CommandError: both are given, or the file cannot be read.

    """
    if not file:
        return typed(written, option)
    if written:
        raise CommandError(f"Give {option} or {option}-file, not both.")
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
    """Return the key that was given, or a fresh one."""
    return typed(key, "--key") or secrets.token_hex(8)
