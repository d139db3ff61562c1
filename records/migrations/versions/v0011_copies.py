"""The copies of each request's card, so that it can be settled after its workflow was deleted.

For requests that exist now, they are stored with the next fact.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("requests", sa.Column("copies", sa.JSON(), nullable=False, server_default="[]"))
