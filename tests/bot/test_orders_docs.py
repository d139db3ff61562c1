"""docs/orders.md: its commands are run on the real server, and their output is compared."""

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
from tests.bot.cli_driver import CommandResult
from tests.bot.order_cli import OrderCli
from workflows.rules.orders.order import OrderStatus
from workflows.rules.shared.ids import ORDER_ID
from workflows.search import DEFINITIONS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "orders.md").read_text(encoding="utf-8")
PROSE = " ".join(DOCUMENT.split())


@dataclass(frozen=True, kw_only=True)
class DocumentedCommand:
    """A command in the document, and its documented output."""

    words: tuple[str, ...]
    printed: list[str]


def scenarios() -> Iterator[tuple[str, list[DocumentedCommand]]]:
    """Yield the title and the commands of each section that has commands."""
    for section in re.split(r"^## ", DOCUMENT, flags=re.MULTILINE)[1:]:
        blocks = re.findall(r"^```console\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        commands = [
            part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
        ]
        if commands:
            yield section.partition("\n")[0], [_parsed(command) for command in commands]


def _parsed(text: str) -> DocumentedCommand:
    command, *printed = text.splitlines()
    program, *words = shlex.split(command)
    assert program == "countersign"
    return DocumentedCommand(words=tuple(words), printed=printed)


SCENARIOS = dict(scenarios())
ON_THE_CARD = {
    "Approved": "✓ Completed",
    "Rejected": "“Not this year”",
    "The approval expires": "Nothing was reserved, charged or shipped.",
}
SENT_TO_ANA = {
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
    "Shipped from two warehouses": (800, {"DESK-OAK": 1, "MONITOR-27": 1}),
    "Approved": (1500, CHAIR),
    "The customer pays elsewhere": (500, CHAIR),
}
"""The payment that is kept in the end, and the shipped products; nothing for other scenarios."""


def normalised(line: str) -> str:
    """Return a line without the parts that vary: ids, times and the operator."""
    line = re.sub(r"\b(RES|TXN|TRK|DLV)-[0-9A-F]{10}\b", r"\1-…", line)
    line = re.sub(r"\bORD-[0-9A-Z]{8}\b", "ORD-…", line)
    line = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "some time", line)
    return re.sub(r"command line: [^)]+\)", "command line: operator)", line)


def comparable(command: DocumentedCommand, printed: list[str]) -> list[str]:
    """Return the lines in sorted order, because standard error is a separate stream.

    The lines that a command prints while it waits depend on timing, so they are left out.
    """
    news = "Waiting for " if "--wait" in command.words else "no such line"
    return sorted(normalised(line) for line in printed if not line.startswith(news))


async def run_documented(order_cli: OrderCli, command: DocumentedCommand) -> CommandResult:
    """Run a command and wait until its orders are idle; skip time while the command waits."""
    typing = asyncio.create_task(order_cli.cli.run(*command.words))
    while "--wait" in command.words and not typing.done():
        await order_cli.skip_time()
        await asyncio.sleep(0.02)
    result = await typing
    for order_id in set(re.findall(rf"{ORDER_ID.pattern}\b", f"{result.out} {command.words}")):
        await order_cli.until_settled(order_id)
    return result


@pytest.mark.parametrize("title", SCENARIOS)
async def test_every_documented_scenario_runs_as_written(order_cli: OrderCli, title: str) -> None:
    for command in SCENARIOS[title]:
        result = await run_documented(order_cli, command)

        printed = (result.out + result.err).splitlines()
        assert comparable(command, command.printed) == comparable(command, printed)

    (record,) = await order_cli.order_driver.requests.orders()
    if title in ON_THE_CARD:
        await order_cli.card(record.request_id, ON_THE_CARD[title])
    else:
        await order_cli.notice(record.request_id, SENT_TO_ANA[title])
    balance = await order_cli.balance(record.request_id)
    assert balance.held == {}
    assert (balance.paid, balance.shipped) == KEPT.get(title, (Decimal(0), {}))


def test_every_command_and_status_is_documented() -> None:
    result = CliRunner().invoke(main.app, ["order", "--help"], prog_name="countersign")
    names = re.findall(r"^│ ([a-z-]+) +[A-Z]", result.output, re.MULTILINE)

    assert {f"`order {name}`" for name in names} <= set(re.findall(r"`order [a-z-]+`", DOCUMENT))
    assert len(names) >= 10
    for status in OrderStatus:
        assert f" {status}" in DOCUMENT


def test_every_documented_option_of_start_exists() -> None:
    start = get_command(orders.app).commands["start"]  # type: ignore[attr-defined]
    known = {option for parameter in start.params for option in parameter.opts}

    assert set(re.findall(r"`(--[a-z-]+)", DOCUMENT)) <= known | {
        "--open",
        "--requester",
        "--limit",
        "--key",
    }


def test_the_documented_search_attributes_are_right() -> None:
    assert (
        " ".join(
            f"--name {name} --type {kind}"
            for name, kind in (definition.split("=") for definition in DEFINITIONS)
        )
        in PROSE
    )
