"""Column types that behave the same on every database: instants in UTC and exact amounts."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Numeric, String, TypeDecorator
from sqlalchemy.types import TypeEngine

CENT = Decimal("0.01")


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
    """An amount of money in whole cents, as a Decimal. Text on SQLite, whose NUMERIC is a float."""

    impl = Numeric(30, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Store text on SQLite and NUMERIC on other databases."""
        stored = String(40) if dialect.name == "sqlite" else Numeric(30, 2)
        return dialect.type_descriptor(stored)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | str | None:
        """Accept whole cents only. A fraction of a cent is a programming error (ValueError)."""
        if value is None:
            return None
        cents = value.quantize(CENT)
        if cents != value:
            raise ValueError("the amount is not in whole cents")
        return str(cents) if dialect.name == "sqlite" else cents

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the amount with two decimals."""
        return None if value is None else Decimal(value)
