"""Columns: instants and amounts are read as they were stored."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect, insert, make_url
from sqlalchemy.exc import StatementError

from records.audit import AuditTrail
from records.columns import Amount
from records.database import Database
from records.requests import Requests
from records.schema import absences
from tests.records.builders import fact, state

DIALECTS: tuple[Dialect, ...] = tuple(
    make_url(url).get_dialect()() for url in ("sqlite+aiosqlite://", "postgresql+asyncpg://")
)
CENTS = st.decimals(min_value=0, max_value=Decimal("9" * 23), places=4)


async def test_an_instant_in_any_zone_is_read_in_utc(
    database: Database,
) -> None:
    at = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    await AuditTrail(database).append([replace(fact(1), at=at)], state())

    kept = await Requests(database).get("ORD-1")

    assert kept is not None
    assert kept.changed_at == at
    assert kept.changed_at.utcoffset() == timedelta(0)


async def test_an_instant_without_a_zone_is_not_stored(database: Database) -> None:
    at = datetime(2026, 3, 29, 2, 30)  # noqa: DTZ001 - the mistake under test
    row = {"person": "UANA", "delegate": "UBORIS", "starts": at, "ends": at}

    with pytest.raises(StatementError, match="has no time zone"):
        async with database.writing() as connection:
            await connection.execute(insert(absences).values(row))


@given(amount=CENTS)
def test_an_amount_keeps_every_minor_unit(amount: Decimal) -> None:
    for dialect in DIALECTS:
        stored = Amount().process_bind_param(amount, dialect)

        assert Amount().process_result_value(stored, dialect) == amount


def test_a_finer_amount_is_not_stored() -> None:
    for dialect in DIALECTS:
        with pytest.raises(ValueError, match="more than four decimals"):
            Amount().process_bind_param(Decimal("0.00001"), dialect)
