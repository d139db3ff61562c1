"""A program that runs mixed transactions as fast as it can, one of several on one database file.

`hammer.py URL NUMBER` prints "ready", waits for a line, and then prints how many it has done.
"""

import asyncio
import sys

from records.audit import AuditTrail
from records.database import Database
from records.payments import Payments
from records.refusals import Refusal, Refusals
from records.reservations import Reservations
from records.shipments import Shipments
from tests.records.builders import ANA, NOON, fact, order, state

PER_LANE = 55
"""Transactions of each of the four lanes, which run concurrently."""
ORDERS = PER_LANE // 5


async def own_trail(database: Database, number: int) -> int:
    return await _trail(database, f"OWN-{number}")


async def shared_trail(database: Database, _number: int) -> int:
    """Append the same facts as every other program."""
    return await _trail(database, "SHARED")


async def orders(database: Database, number: int) -> int:
    """Process the program's own orders, half of them compensated, and orders that all programs share."""
    done = 0
    for nth in range(ORDERS):
        own = order(f"OWN-{number}-{nth}", pieces=(("LAMP", 1), ("DESK", 2)))
        shared = order(f"SHARED-{nth}", pieces=(("DESK", 1), ("LAMP", 3)))
        key = own.order_id
        await Reservations(database).reserve(key, own)
        await Shipments(database).ship(key, own)
        if nth % 2:
            await Shipments(database).recall(key, own)
            await Reservations(database).release(key, own)
        else:
            await Payments(database).charge(key, own)
            await Payments(database).refund(key, own)
        await Reservations(database).reserve(shared.order_id, shared)
        done += 5
    return done


async def refusals(database: Database, number: int) -> int:
    """Append the program's own refusals, a refusal that all programs share, and shared payments."""
    for nth in range(PER_LANE):
        if nth % 5:
            shared = nth % 5 == 1
            refusal = Refusal(
                request_id="SHARED" if shared else f"OWN-{number}",
                actor=ANA,
                verb="decide",
                code="own_request" if shared else f"refused_{nth}",
                at=NOON,
            )
            await Refusals(database).append(refusal)
        else:
            paid = order(f"PAID-{nth}")
            await Payments(database).charge(paid.order_id, paid)
    return PER_LANE


async def _trail(database: Database, request_id: str) -> int:
    for nth in range(1, PER_LANE + 1):
        await AuditTrail(database).append([fact(nth, request_id)], state(request_id, str(nth)))
    return PER_LANE


async def main(url: str, number: int) -> None:
    async with Database(url) as database:
        await database.require_current_schema()
        print("ready", flush=True)  # noqa: T201 - for the test that started it
        await asyncio.to_thread(sys.stdin.readline)
        lanes = (own_trail, shared_trail, orders, refusals)
        done = await asyncio.gather(*(lane(database, number) for lane in lanes))
        print(sum(done))  # noqa: T201 - for the test that started it


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
