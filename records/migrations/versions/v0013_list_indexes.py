"""Indexes for the lists of requests and orders, the daily summary and the reconciliation."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_requests_of_kind": ["kind", "opened_at", "request_id"],
    "ix_requests_open_of_kind": ["kind", "goes_on", "opened_at", "request_id"],
    "ix_requests_open": ["goes_on", "request_id"],
}


def upgrade() -> None:
    """Create the indexes."""
    for name, columns in _INDEXES.items():
        op.create_index(name, "requests", columns)
