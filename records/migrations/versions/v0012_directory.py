"""The directory: what Slack last said about people, user groups and channels, for all processes."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables. They fill while the program runs."""
    op.create_table(
        "directory_people",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("manager", sa.String(), nullable=True),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("read_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_directory_people"),
    )
    op.create_index("ix_directory_people_email", "directory_people", ["email"])
    op.create_table(
        "directory_groups",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("read_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("group_id", name="pk_directory_groups"),
    )
    op.create_index("ix_directory_groups_handle", "directory_groups", ["handle"])
    op.create_table(
        "directory_channels",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("read_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_directory_channels"),
    )
    op.create_index("ix_directory_channels_name", "directory_channels", ["name"])
    op.create_table(
        "directory_lists",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("completed_at", _INSTANT, nullable=False),
        sa.Column("held_until", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_directory_lists"),
    )
