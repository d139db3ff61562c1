"""Payments received through the gateway's webhook."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_AMOUNT = sa.Numeric(30, 2).with_variant(sa.String(40), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "received_payments",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("amount", _AMOUNT, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("paid_at", _INSTANT, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("answered", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("progress", sa.String(), nullable=False),
        sa.Column("refund_reference", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_received_payments"),
    )
    for column in ("order_id", "progress"):
        op.create_index(f"ix_received_payments_{column}", "received_payments", [column])
