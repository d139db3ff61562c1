"""Orders as somebody types them: the command line, the shop behind it, and the bot's webhook."""

import asyncio
from dataclasses import dataclass

from emulator.client import text_of
from records.database import Database
from tests.bot.command_line import CommandLine, Said
from tests.bot.desk import ANA, PATIENCE, Shop
from tests.records.balance import Balance, OrderBalance
from workflows.rules.orders.order import ENDED, OrderSnapshot, OrderStatus
from workflows.rules.shared.ids import approval_id


@dataclass
class Till:
    """Types `countersign order …` against the real server; Ana orders where nobody is named."""

    shell: CommandLine
    shop: Shop
    database: Database

    async def type(self, *words: str) -> Said:
        """Type a command on orders."""
        return await self.shell.type("order", *words)

    async def start(self, *words: str) -> str:
        """Start an order, and return its number."""
        said = await self.type("start", "--customer", "Acme GmbH", *words)
        assert said.code == 0, said.err
        return said.out.strip()

    async def see_through(self, *words: str) -> Said:
        """Start an order, let time pass until its end, and return what --wait says of it."""
        order_id = await self.start(*words)
        async with asyncio.timeout(PATIENCE):
            while not await self._has_ended(order_id):
                await self.let_pass()
                await asyncio.sleep(0.02)
        return await self.again(order_id, *words)

    async def settle(self, order_id: str) -> None:
        """Wait until nothing is under way for an order, and the records know how it stands."""
        async with asyncio.timeout(PATIENCE):
            while True:
                await self.shop.until_idle(order_id)
                record = await self.shop.requests.get(order_id)
                if record and record.status == await self.shop.workflows.order_status(order_id):
                    return
                await asyncio.sleep(0.02)

    async def _has_ended(self, order_id: str) -> bool:
        record = await self.shop.requests.get(order_id)
        return record is not None and record.status in ENDED

    async def again(self, order_id: str, *words: str) -> Said:
        """Start the same order again, and return what --wait says of it."""
        named = ("start", "--customer", "Acme GmbH", "--id", order_id, "--wait")
        said = await self.type(*named, *words)
        assert said.err.startswith(f"{order_id} already exists, so nothing was created.\n")
        return said

    async def let_pass(self) -> None:
        """Let time pass until the orders that are open now have ended, with their approvals."""
        for record in await self.shop.requests.orders(open_only=True):
            if record.status == OrderStatus.AWAITING_APPROVAL:
                approval = approval_id(record.request_id)
                if await self.shop.requests.get(approval) is None:
                    continue
                await self.shop.end(approval)
            await self.shop.end(record.request_id)

    async def until(self, order_id: str, status: OrderStatus) -> OrderSnapshot:
        """Wait until an order stands so, in the records too."""
        async with asyncio.timeout(PATIENCE):
            while True:
                record = await self.shop.requests.get(order_id)
                snapshot = await self.shop.workflows.order_details(order_id) if record else None
                if record and snapshot and snapshot.status is status and record.status == status:
                    return snapshot
                await asyncio.sleep(0.02)

    async def card(self, order_id: str, *words: str) -> str:
        """Wait until the order's card says these words, and return all that it says."""
        message = await self.shop.card(
            order_id, lambda m: all(word in text_of(m) for word in words)
        )
        return text_of(message)

    async def told(self, order_id: str, words: str) -> None:
        """Wait until Ana is told this about her order: one that asks nobody has no card."""
        told = await self.shop.direct_message(ANA, words)
        assert order_id in text_of(told)

    async def balance(self, order_id: str) -> OrderBalance:
        """Return what the ledgers hold for an order."""
        return await Balance(self.database).of_order(order_id)
