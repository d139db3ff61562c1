"""Terminal output and exit codes of all commands."""

import json
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from views.text import printable

Item = TypeVar("Item")


class Exit(IntEnum):
    """Exit codes. Each command's help lists those it uses."""

    DONE = 0
    BROKEN = 1
    CANNOT = 2
    REJECTED = 3
    ENDED = 4
    UNCONFIRMED = 5
    REFUSED = 6
    FLAWED = 7
    UNCHECKED = 8


EXIT_CODES = (
    "Exit codes: 0 done. 2 failed: an option is invalid, the request is unknown or has ended, or "
    "Temporal or the database is down. 5 not confirmed: repeat the command with the --key (or "
    "--id) that it prints. 6 refused by the rules; nothing was changed."
)
SHOW_CODES = (
    "Exit codes: 0 shown. 2 failed: the request is unknown, or the database is down. If Temporal "
    "does not answer, the last recorded state is shown, also with exit code 2."
)
WAIT_CODES = (
    "With --wait: 0 approved, 3 rejected, 4 expired, withdrawn or closed by an admin. "
    "Without --wait: 0 submitted. 2 failed: an option is invalid, or Temporal or the database is "
    "down. 5 not confirmed: repeat the command with the --id that it prints."
)

AUDIT_CODES = (
    "Exit codes: 0 done. 2 failed: an option is invalid, the request is unknown, or the database "
    "is down."
)
VERIFY_CODES = (
    "Exit codes: 0 everything is intact. 2 failed: an option is invalid, nothing is recorded, or "
    "the database is down. 7 something was altered. 8 the chain is intact, but it could not be "
    "compared with Temporal's history."
)


class CommandError(Exception):
    """A command failed or was refused. The text is written for the user."""

    def __init__(self, message: str, code: Exit = Exit.CANNOT) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Line:
    """One line of output: its text, its indentation in steps, and one of rich's styles."""

    text: str
    indent: int = 0
    style: str = ""


_OUT = Console(highlight=False)
_ERR = Console(stderr=True, highlight=False)
_STEP = "  "
_PAGE_WIDTH = 160


def show(lines: Iterable[Line]) -> None:
    """Print human-readable lines on standard output."""
    for line in lines:
        _print(_OUT, line)


def remark(message: str) -> None:
    """Print a message on standard error, so that scripts can read standard output."""
    for part in message.splitlines():
        _print(_ERR, Line(part))


def show_json(value: object) -> None:
    """Print one JSON document on standard output. It is ASCII in every locale."""
    _OUT.print(Text(json.dumps(value, indent=2)), soft_wrap=True)


def output(document: object, lines: Iterable[Line], *, as_json: bool) -> None:
    """Print one JSON document, or the lines for people."""
    if as_json:
        show_json(document)
    else:
        show(lines)


def output_list(
    found: Iterable[Item],
    to_json: Callable[[Item], object],
    to_lines: Callable[[Item], Iterable[Line]],
    *,
    as_json: bool,
    empty: str = "None found.",
) -> None:
    """Print a list as JSON, or as lines for people; if it is empty, a remark says so."""
    items = list(found)
    lines = (line for item in items for line in to_lines(item))
    output([to_json(item) for item in items], lines, as_json=as_json)
    if not items and not as_json:
        remark(empty)


def show_table(table: Table) -> None:
    """Print a table: as wide as the terminal, or 160 columns if there is none."""
    page = _OUT if _OUT.is_terminal else Console(highlight=False, width=_PAGE_WIDTH)
    page.print(table)


def _print(console: Console, line: Line) -> None:
    """Print a line. On a terminal it is wrapped between words, so that ids stay in one piece."""
    lead = _STEP * line.indent
    text = " ".join(printable(line.text).split())
    rows = [lead + text]
    if console.is_terminal:
        rows = textwrap.wrap(
            text,
            max(console.width, len(lead) + 20),
            initial_indent=lead,
            subsequent_indent=lead + _STEP,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    for row in rows:
        console.print(Text(row, style=line.style), soft_wrap=True)


def labelled(pairs: Mapping[str, str], indent: int = 0) -> list[Line]:
    """Return a line `label: value` for each pair that has a value."""
    return [Line(f"{label}: {value}", indent) for label, value in pairs.items() if value]
