"""docs/orders.md tells the truth: its commands are typed against the real server, and print that."""

import asyncio
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from bot.cli import main, orders
from tests.bot.command_line import Said
from tests.bot.till import Till
from workflows.rules.orders.order import OrderStatus
from workflows.rules.shared.ids import ORDER_ID
from workflows.search import DEFINITIONS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "orders.md").read_text(encoding="utf-8")
PROSE = " ".join(DOCUMENT.split())


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A command that the document shows, and what it says that is printed."""

    words: tuple[str, ...]
    printed: list[str]


def scenarios() -> Iterator[tuple[str, list[Typed]]]:
    """Return the commands of each section that shows any."""
    for section in re.split(r"^## ", DOCUMENT, flags=re.MULTILINE)[1:]:
        blocks = re.findall(r"^```console\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        commands = [
            part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
        ]
        if commands:
            yield section.partition("\n")[0], [_typed(one) for one in commands]


def _typed(written: str) -> Typed:
    command, *printed = written.splitlines()
    program, *words = shlex.split(command)
    assert program == "countersign"
    return Typed(words=tuple(words), printed=printed)


SCENARIOS = dict(scenarios())
ON_THE_CARD = {
    "Approved": "✓ Completed",
    "Rejected": "“Not this year”",
    "The approval expires": "Nothing was reserved, charged or shipped.",
}
TOLD_TO_ANA = {
    "Completed without approval": "is completed",
    "Shipped from two warehouses": "is completed",
    "The inventory is unavailable": "couldn't be fulfilled. The inventory isn't responding (simulated).",
    "The payment card has expired": "couldn't be fulfilled. The payment card has expired (12/23).",
    "The customer pays elsewhere": "is completed",
    "The order is cancelled": "was cancelled",
}
CHAIR = {"CHAIR-ERGO": 1}
KEPT = {
    "Completed without approval": (500, CHAIR),
    "Shipped from two warehouses": (800, {"DESK-OAK": 1, "MONITOR-27": 2}),
    "Approved": (1500, CHAIR),
    "The customer pays elsewhere": (500, CHAIR),
}
"""What has been taken in the end and was kept, and what was sent for it; elsewhere nothing."""


def same_for_all(line: str) -> str:
    """Return a line without what differs each time: numbers, times, and who types."""
    line = re.sub(r"\b(RES|TXN|TRK|DLV)-[0-9A-F]{10}\b", r"\1-…", line)
    line = re.sub(r"\bORD-[0-9A-Z]{8}\b", "ORD-…", line)
    line = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "some time", line)
    return re.sub(r"command line: [^)]+\)", "command line: somebody)", line)


def to_compare(command: Typed, printed: list[str]) -> list[str]:
    """Return lines in an order of ours: standard error is a stream of its own.

    What is said while a command waits depends on how fast time passes, so it is left out.
    """
    news = "Waiting for " if "--wait" in command.words else "no such line"
    return sorted(same_for_all(line) for line in printed if not line.startswith(news))


async def type_it(till: Till, command: Typed) -> Said:
    """Type a command, and return when all is quiet; where it waits itself, time passes."""
    typing = asyncio.create_task(till.shell.type(*command.words))
    while "--wait" in command.words and not typing.done():
        await till.let_pass()
        await asyncio.sleep(0.02)
    said = await typing
    for order_id in set(re.findall(rf"{ORDER_ID.pattern}\b", f"{said.out} {command.words}")):
        await till.settle(order_id)
    return said


@pytest.mark.parametrize("title", SCENARIOS)
async def test_every_scenario_goes_and_is_told_as_it_is_written(till: Till, title: str) -> None:
    for command in SCENARIOS[title]:
        said = await type_it(till, command)

        printed = (said.out + said.err).splitlines()
        assert to_compare(command, command.printed) == to_compare(command, printed)

    (record,) = await till.shop.requests.orders()
    if title in ON_THE_CARD:
        await till.card(record.request_id, ON_THE_CARD[title])
    else:
        await till.told(record.request_id, TOLD_TO_ANA[title])
    balance = await till.balance(record.request_id)
    assert balance.held == {}
    assert (balance.paid, balance.shipped) == KEPT.get(title, (Decimal(0), {}))


def test_every_command_and_every_status_stands_there() -> None:
    result = CliRunner().invoke(main.app, ["order", "--help"], prog_name="countersign")
    names = re.findall(r"^│ ([a-z-]+) +[A-Z]", result.output, re.MULTILINE)

    assert {f"`order {name}`" for name in names} <= set(re.findall(r"`order [a-z-]+`", DOCUMENT))
    assert len(names) >= 10
    for status in OrderStatus:
        assert f" {status}" in DOCUMENT


def test_every_option_of_a_start_is_one_that_the_program_knows() -> None:
    start = get_command(orders.app).commands["start"]  # type: ignore[attr-defined]
    known = {option for parameter in start.params for option in parameter.opts}

    assert set(re.findall(r"`(--[a-z-]+)", DOCUMENT)) <= known | {
        "--open",
        "--requester",
        "--limit",
        "--key",
    }


def test_the_search_attributes_are_those_of_the_program() -> None:
    assert (
        " ".join(
            f"--name {name} --type {kind}" for name, kind in (one.split("=") for one in DEFINITIONS)
        )
        in PROSE
    )
