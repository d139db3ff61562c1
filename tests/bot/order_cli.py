"""Runs the `countersign order` commands and waits for their effects."""

import asyncio
from dataclasses import dataclass

from emulator.client import text_of
from records.database import Database
from tests.bot.cli_driver import CliDriver, CommandResult
from tests.bot.order_driver import ANA, TIMEOUT, OrderDriver
from tests.records.balance import Balance, OrderBalance
from workflows.rules.orders.order import ENDED, OrderSnapshot, OrderStatus
from workflows.rules.shared.ids import approval_id


@dataclass
class OrderCli:
    """Runs `countersign order …` against the real server; Ana is the default actor."""

    cli: CliDriver
    order_driver: OrderDriver
    database: Database

    async def run(self, *words: str) -> CommandResult:
        """Run an order command."""
        return await self.cli.run("order", *words)

    async def start(self, *words: str) -> str:
        """Start an order and return its id."""
        result = await self.run("start", "--customer", "Acme GmbH", *words)
        assert result.code == 0, result.err
        return result.out.strip()

    async def run_to_end(self, *words: str) -> CommandResult:
        """Start an order, skip time until its end, and return the output of --wait."""
        order_id = await self.start(*words)
        async with asyncio.timeout(TIMEOUT):
            while not await self._has_ended(order_id):
                await self.skip_time()
                await asyncio.sleep(0.02)
        return await self.start_again(order_id, *words)

    async def until_settled(self, order_id: str) -> None:
        """Wait until an order is idle and its status is recorded."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                await self.order_driver.until_idle(order_id)
                record = await self.order_driver.requests.get(order_id)
                if record and record.status == await self.order_driver.workflows.order_status(
                    order_id
                ):
                    return
                await asyncio.sleep(0.02)

    async def _has_ended(self, order_id: str) -> bool:
        record = await self.order_driver.requests.get(order_id)
        return record is not None and record.status in ENDED

    async def start_again(self, order_id: str, *words: str) -> CommandResult:
        """Start the same order again and return the output of --wait."""
        named = ("start", "--customer", "Acme GmbH", "--id", order_id, "--wait")
        result = await self.run(*named, *words)
        assert result.err.startswith(f"{order_id} already exists, so nothing was created.\n")
        return result

    async def skip_time(self) -> None:
        """Skip time until the open orders and their approvals have ended."""
        for record in await self.order_driver.requests.orders(open_only=True):
            if record.status == OrderStatus.AWAITING_APPROVAL:
                approval = approval_id(record.request_id)
                if await self.order_driver.requests.get(approval) is None:
                    continue
                await self.order_driver.skip_to_end(approval)
            await self.order_driver.skip_to_end(record.request_id)

    async def until(self, order_id: str, status: OrderStatus) -> OrderSnapshot:
        """Wait until an order has this status, in the records too."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                record = await self.order_driver.requests.get(order_id)
                snapshot = (
                    await self.order_driver.workflows.order_details(order_id) if record else None
                )
                if record and snapshot and snapshot.status is status and record.status == status:
                    return snapshot
                await asyncio.sleep(0.02)

    async def card(self, order_id: str, *words: str) -> str:
        """Wait until the order's card has these words, and return its whole text."""
        message = await self.order_driver.card(
            order_id, lambda m: all(word in text_of(m) for word in words)
        )
        return text_of(message)

    async def notice(self, order_id: str, words: str) -> None:
        """Wait until Ana gets this direct message about her order, which has no card if no one approves it."""
        message = await self.order_driver.direct_message(ANA, words)
        assert order_id in text_of(message)

    async def balance(self, order_id: str) -> OrderBalance:
        """Return the order's balance in the ledgers."""
        return await Balance(self.database).of_order(order_id)
