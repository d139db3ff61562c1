"""Column types that behave the same on every database: instants in UTC and exact amounts."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Numeric, String, TypeDecorator
from sqlalchemy.types import TypeEngine

SCALE = 4
"""Stored decimals: the most minor units of any currency (ISO 4217)."""
_CENT, _SMALLEST = Decimal("0.01"), Decimal(1).scaleb(-SCALE)


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite stores no time zone, so it is added when a value is read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Convert an aware datetime to UTC. A naive one is a programming error (ValueError)."""
        if value is not None and value.tzinfo is None:
            raise ValueError("the instant has no time zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the instant in UTC."""
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


class Amount(TypeDecorator[Decimal]):
    """An amount of money with at most four decimals. Text on SQLite, whose NUMERIC is a float."""

    impl = Numeric(30, SCALE)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Store text on SQLite and NUMERIC on other databases."""
        stored = String(40) if dialect.name == "sqlite" else Numeric(30, SCALE)
        return dialect.type_descriptor(stored)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | str | None:
        """Accept up to four decimals. A finer amount is a programming error (ValueError)."""
        if value is None:
            return None
        exact = value.quantize(_SMALLEST)
        if exact != value:
            raise ValueError("the amount has more than four decimals")
        exact = _without_zeros(exact)
        return str(exact) if dialect.name == "sqlite" else exact

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the amount with two decimals, or more if it has a finer part."""
        return None if value is None else _without_zeros(Decimal(value))


def _without_zeros(amount: Decimal) -> Decimal:
    """Return an amount without zeros beyond its cents."""
    cents = amount.quantize(_CENT)
    if cents == amount:
        return cents
    return amount.normalize()
