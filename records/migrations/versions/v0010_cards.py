"""The messages in channels that show a card, so that a reply in a thread finds its request."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table. It fills with the next publish of each card."""
    op.create_table(
        "cards",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("ts", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "ts", name="pk_cards"),
    )
    op.create_index("ix_cards_request_id", "cards", ["request_id"])
