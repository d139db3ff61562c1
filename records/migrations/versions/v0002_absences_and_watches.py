"""Absences, and the people and groups that each open request depends on."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables. Requests that are open now get their rows with their next fact."""
    op.create_table(
        "absences",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("starts", _INSTANT, nullable=False),
        sa.Column("ends", _INSTANT, nullable=False),
        sa.Column("delegate", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("person", "starts", name="pk_absences"),
        sa.CheckConstraint("starts < ends", name=op.f("ck_absences_some_time")),
        sa.CheckConstraint("person <> delegate", name=op.f("ck_absences_somebody_else")),
    )
    op.create_table(
        "watches",
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "subject", name="pk_watches"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.request_id"], name="fk_watches_request_id"
        ),
    )
    op.create_index("ix_watches_subject", "watches", ["subject"])
