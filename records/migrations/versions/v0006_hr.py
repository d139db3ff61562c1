"""Provisioning of HR requests: days off, payouts and the personnel file."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AMOUNT = sa.Numeric(30, 2).with_variant(sa.String(40), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "time_off_balances",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("booked", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", "year", name="pk_time_off_balances"),
        sa.CheckConstraint(
            "booked >= 0 AND booked <= granted",
            name=op.f("ck_time_off_balances_no_more_than_granted"),
        ),
    )
    _create("time_off_bookings")
    op.create_table(
        "time_off_days",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "year", name="pk_time_off_days"),
        sa.ForeignKeyConstraint(["key"], ["time_off_bookings.key"], name="fk_time_off_days_key"),
        sa.CheckConstraint("days > 0", name=op.f("ck_time_off_days_some_days")),
    )
    _create(
        "payouts",
        sa.Column("amount", _AMOUNT, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
    )
    _create(
        "personnel_entries",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
    )


def _create(name: str, *columns: sa.Column[object]) -> None:
    """Create a table of steps. A step is done once per key, for a person and a request."""
    op.create_table(
        name,
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        *columns,
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=f"pk_{name}"),
    )
    for column in ("request_id", "person"):
        op.create_index(f"ix_{name}_{column}", name, [column])
