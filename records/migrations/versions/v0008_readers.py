"""Who may read the whole of a private request, also when Temporal has forgotten it.

Of a request that is there already, its requester may, and the others from its next fact on.
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
