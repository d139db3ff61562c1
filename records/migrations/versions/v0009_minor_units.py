"""Amounts with up to four decimals, for currencies such as KWD, whose minor unit is a thousandth."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_AMOUNTS = (
    ("payments", "charged"),
    ("payments", "refunded"),
    ("received_payments", "amount"),
    ("payouts", "amount"),
)


def upgrade() -> None:
    """Widen the columns. SQLite stores amounts as text, so nothing changes there."""
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, column in _AMOUNTS:
        op.alter_column(table, column, type_=sa.Numeric(30, 4), existing_nullable=False)
