"""The readers of a private request, also after Temporal has deleted its workflow.

For requests that exist now, only the requester may read them until their next fact.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("requests", sa.Column("readers", sa.JSON(), nullable=False, server_default="[]"))
