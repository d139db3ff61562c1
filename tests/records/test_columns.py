"""Columns: instants and amounts come out as they went in."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect, make_url
from sqlalchemy.exc import StatementError

from records.columns import Amount
from records.database import Database
from records.refusals import Refusal, Refusals
from tests.records.builders import ANA

DIALECTS: tuple[Dialect, ...] = tuple(
    make_url(url).get_dialect()() for url in ("sqlite+aiosqlite://", "postgresql+asyncpg://")
)
CENTS = st.decimals(min_value=0, max_value=Decimal("9" * 24), places=2)


async def test_an_instant_of_any_zone_comes_back_as_the_same_instant_in_utc(
    database: Database,
) -> None:
    at = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    refusal = Refusal(request_id="ORD-1", actor=ANA, verb="decide", code="own_request", at=at)
    await Refusals(database).append(refusal)

    (kept,) = await Refusals(database).of("ORD-1")

    assert kept.at == at
    assert kept.at.utcoffset() == timedelta(0)


async def test_an_instant_without_a_zone_is_not_stored(database: Database) -> None:
    at = datetime(2026, 3, 29, 2, 30)  # noqa: DTZ001 - the mistake that is made here
    refusal = Refusal(request_id="ORD-1", actor=ANA, verb="decide", code="own_request", at=at)

    with pytest.raises(StatementError, match="needs a time zone"):
        await Refusals(database).append(refusal)


@given(amount=CENTS)
def test_an_amount_keeps_every_cent(amount: Decimal) -> None:
    for dialect in DIALECTS:
        stored = Amount().process_bind_param(amount, dialect)

        assert Amount().process_result_value(stored, dialect) == amount


def test_a_fraction_of_a_cent_is_not_stored() -> None:
    for dialect in DIALECTS:
        with pytest.raises(ValueError, match="whole cents"):
            Amount().process_bind_param(Decimal("0.001"), dialect)
