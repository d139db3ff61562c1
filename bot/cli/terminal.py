"""The terminal: what a command prints, where, and the exit codes by which scripts know what happened."""

import json
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from rich.console import Console
from rich.table import Table
from rich.text import Text

from views.text import printable


class Exit(IntEnum):
    """How a command ended. Every command's help lists them."""

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
    "Exit codes: 0 done. 2 it cannot be done: an option is wrong, the request is unknown or has "
    "ended, Temporal or the database is down. 5 not confirmed: repeat it with the --key (or --id) "
    "that it names. 6 refused by the rules: nothing was changed."
)
SHOW_CODES = (
    "Exit codes: 0 shown. 2 it cannot be: the request is unknown, or the database is down; where "
    "Temporal does not answer, the last that the records know is shown, with exit code 2 too."
)
WAIT_CODES = (
    "With --wait: 0 approved, 3 rejected, 4 expired, withdrawn or closed by an admin. "
    "Without it: 0 asked. 2 it cannot be done: an option is wrong, Temporal or the database is "
    "down. 5 not confirmed: repeat it with the --id that it names."
)

AUDIT_CODES = (
    "Exit codes: 0 done. 2 it cannot be: an option is wrong, the request is unknown, the database "
    "is down."
)
VERIFY_CODES = (
    "Exit codes: 0 everything is as it was written. 2 it cannot be: an option is wrong, nothing is "
    "written down, the database is down. 7 something is not as it was written. 8 the chain is "
    "whole, but Temporal could not be asked whether it is the true one."
)


class CommandError(Exception):
    """A command cannot do, or did not do, what was asked. Its text is for people."""

    def __init__(self, sentence: str, code: Exit = Exit.CANNOT) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Line:
    """One line, indented by so many steps, in one of rich's styles."""

    text: str
    indent: int = 0
    style: str = ""


_OUT = Console(highlight=False)
_ERR = Console(stderr=True, highlight=False)
_STEP = "  "
_PAGE_WIDTH = 160


def show(lines: Iterable[Line]) -> None:
    """Print lines for people on standard output."""
    for line in lines:
        _print(_OUT, line)


def remark(sentence: str) -> None:
    """Say something on standard error, where it is in no script's way."""
    for part in sentence.splitlines():
        _print(_ERR, Line(part))


def show_json(value: object) -> None:
    """Print one JSON document on standard output, for scripts; ASCII, whatever the locale."""
    _OUT.print(Text(json.dumps(value, indent=2)), soft_wrap=True)


def show_table(table: Table) -> None:
    """Print a table; as wide as the screen or, where there is none, as a wide page."""
    page = _OUT if _OUT.is_terminal else Console(highlight=False, width=_PAGE_WIDTH)
    page.print(table)


def _print(console: Console, line: Line) -> None:
    """Print a line; on a screen it is wrapped between words, so that no id is ever torn."""
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
