"""Three programs on one SQLite file: nothing is lost, and none gets "database is locked"."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from decimal import Decimal
from pathlib import Path

from records.audit import AuditTrail
from records.database import Database
from records.refusals import Refusals
from records.requests import Requests
from records.stock import Product, Stock
from tests.records import hammer
from tests.records.balance import Balance

PROGRAMS = range(3)
ROOT = Path(__file__).parents[2]


async def _start(url: str, number: int) -> Process:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.records.hammer", url, str(number)),
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    assert program.stdout is not None
    assert await program.stdout.readline() == b"ready\n"
    return program


async def test_three_programs_with_hundreds_of_transactions_lose_none_and_are_never_locked_out(
    database: Database, url: str
) -> None:
    await Stock(database).seed(
        [Product(sku=sku, name=sku, on_hand=1_000) for sku in ("LAMP", "DESK")]
    )

    programs = await asyncio.gather(*(_start(url, number) for number in PROGRAMS))
    ended = await asyncio.gather(*(program.communicate(b"go\n") for program in programs))

    done = f"{4 * hammer.PER_LANE}\n".encode()
    assert [(out, err) for out, err in ended] == [(done, b"")] * 3
    await _assert_no_fact_is_lost(database)
    await _assert_no_piece_or_cent_is_lost(database)


async def _assert_no_fact_is_lost(database: Database) -> None:
    for request_id in ("SHARED", *(f"OWN-{number}" for number in PROGRAMS)):
        verification = await AuditTrail(database).verify(request_id)
        assert (verification.intact, verification.facts) == (True, hammer.PER_LANE)
        record = await Requests(database).get(request_id)
        assert record is not None
        assert record.status == str(hammer.PER_LANE)
    await _assert_no_refusal_is_lost(database)


async def _assert_no_refusal_is_lost(database: Database) -> None:
    refusals = Refusals(database)
    for number in PROGRAMS:
        assert len(await refusals.of(f"OWN-{number}")) == hammer.PER_LANE * 3 // 5
    shared = [row.times async for row in refusals.all("SHARED")]
    assert sum(shared) == len(PROGRAMS) * hammer.PER_LANE // 5
    verification = await refusals.verify()
    assert (verification.flaw, verification.facts) == (
        None,
        len(shared) + len(PROGRAMS) * hammer.PER_LANE * 3 // 5,
    )


async def _assert_no_piece_or_cent_is_lost(database: Database) -> None:
    shipped = len(PROGRAMS) * (hammer.ORDERS // 2 + 1)
    desk, lamp = await Balance(database).of_stock()
    assert desk.balanced
    assert lamp.balanced
    assert (lamp.reserved, lamp.shipped) == (3 * hammer.ORDERS, shipped)
    assert (desk.reserved, desk.shipped) == (hammer.ORDERS, 2 * shipped)
    for nth in range(0, hammer.PER_LANE, 5):
        assert (await Balance(database).of_order(f"PAID-{nth}")).paid == Decimal("20.20")
    refunded = await Balance(database).of_order("OWN-0-0")
    assert (refunded.charged, refunded.paid) == (Decimal("30.30"), Decimal(0))
