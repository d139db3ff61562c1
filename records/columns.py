"""Column types that come out of every database as they went in: instants in UTC, exact amounts."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Numeric, String, TypeDecorator
from sqlalchemy.types import TypeEngine

CENT = Decimal("0.01")


class Instant(TypeDecorator[datetime]):
    """An aware datetime, UTC in and out. SQLite stores no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn an aware datetime into UTC; a naive one is a programming error (ValueError)."""
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the instant in UTC."""
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


class Amount(TypeDecorator[Decimal]):
    """An amount of money in whole cents, as a Decimal. Text on SQLite, whose NUMERIC is a float."""

    impl = Numeric(30, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Store text on SQLite, NUMERIC elsewhere."""
        stored = String(40) if dialect.name == "sqlite" else Numeric(30, 2)
        return dialect.type_descriptor(stored)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | str | None:
        """Take whole cents only: a fraction of a cent is a programming error (ValueError)."""
        if value is None:
            return None
        cents = value.quantize(CENT)
        if cents != value:
            raise ValueError("an amount has whole cents")
        return str(cents) if dialect.name == "sqlite" else cents

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the amount with its two decimals."""
        return None if value is None else Decimal(value)
