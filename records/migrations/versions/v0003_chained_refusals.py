"""Chain the refusals, and allow texts of facts to be redacted."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_GENESIS = "0" * 64
_AT_ONCE = 500


def upgrade() -> None:
    """Copy the refusals in their order, each as one attempt."""
    _create_redactions()
    number, digest = _rebuild_refusals()
    head = op.create_table(
        "refusals_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refusals_head"),
        sa.CheckConstraint("id = 1", name=op.f("ck_refusals_head_one_row")),
    )
    op.bulk_insert(head, [{"id": 1, "number": number, "chain_hash": digest}])


def _create_redactions() -> None:
    op.create_table(
        "redactions",
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "sequence", "field", name="pk_redactions"),
    )


def _rebuild_refusals() -> tuple[int, str]:
    """Return the number and the hash of the newest refusal."""
    rows = list(_chained())
    op.drop_index("ix_refusals_request_id", "refusals")
    op.drop_table("refusals")  # the new table needs its names
    table = op.create_table(
        "refusals",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("last_at", sa.String(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_refusals"),
    )
    op.create_index("ix_refusals_request_id", "refusals", ["request_id"])
    for first in range(0, len(rows), _AT_ONCE):
        op.bulk_insert(table, rows[first : first + _AT_ONCE])
    return (rows[-1]["number"], rows[-1]["chain_hash"]) if rows else (0, _GENESIS)


def _chained() -> Iterator[dict[str, Any]]:
    names = ("id", "request_id", "actor", "verb", "code")
    old = sa.table(
        "refusals",
        *(sa.column(name) for name in names),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    previous = _GENESIS
    for number, row in enumerate(op.get_bind().execute(sa.select(old).order_by(old.c.id)), 1):
        at = _instant(row.at)
        columns = {
            "number": number,
            "request_id": row.request_id,
            "actor": row.actor,
            "verb": row.verb,
            "code": row.code,
            "at": at,
            "last_at": at,
            "times": 1,
        }
        canonical = json.dumps(columns, sort_keys=True)
        previous = hashlib.sha256(f"{previous}\n{canonical}".encode()).hexdigest()
        yield columns | {"chain_hash": previous}


def _instant(at: datetime) -> str:
    """Return an instant in UTC. SQLite stores no time zone; its values are in UTC."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
