"""The inbox: pending decisions, past decisions and App Homes.

Past decisions are read from the facts. Pending decisions are known to a request's snapshot only, so
a request that is open now appears in inboxes after its next fact, which is a reminder at the latest.
"""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_PART = ".approval"
_GOES_ON = ("pending", "changes_requested")
_ORDER_GOES_ON = (
    *("awaiting_approval", "processing", "awaiting_payment", "compensating", "needs_attention"),
)


def upgrade() -> None:
    """Create the tables and fill them from the stored facts."""
    _list_requests()
    _create_waiting()
    _create_decided()
    _create_homes()
    op.create_index("ix_absences_delegate", "absences", ["delegate"])


def _list_requests() -> None:
    op.add_column(
        "requests", sa.Column("listed_as", sa.String(), nullable=False, server_default="")
    )
    op.add_column(
        "requests", sa.Column("goes_on", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        "ix_requests_mine", "requests", ["requester", "goes_on", "opened_at", "request_id"]
    )
    names = ("request_id", "kind", "status", "listed_as", "goes_on")
    requests = sa.table("requests", *(sa.column(name) for name in names))
    op.execute(
        sa.update(requests)
        .where(requests.c.request_id.not_like(f"%{_PART}"))
        .values(listed_as=requests.c.kind)
    )
    op.execute(
        sa.update(requests)
        .where(requests.c.status.in_((*_GOES_ON, *_ORDER_GOES_ON)))
        .values(goes_on=sa.true())
    )


def _create_waiting() -> None:
    op.create_table(
        "waiting",
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("starts", _INSTANT, nullable=True),
        sa.Column("ends", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("request_id", "place", name="pk_waiting"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.request_id"], name="fk_waiting_request_id"
        ),
    )
    op.create_index("ix_waiting_of_person", "waiting", ["person", "expires_at", "request_id"])


def _create_decided() -> None:
    decided = op.create_table(
        "decided",
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("request_id", "sequence", name="pk_decided"),
    )
    op.create_index("ix_decided_of_person", "decided", ["person", "at", "request_id", "sequence"])
    facts = op.get_bind().execute(
        sa.text(
            "SELECT request_id, sequence, actor, at FROM audit_events "
            "WHERE kind = 'DecisionRecorded'"
        )
    )
    rows = [
        {
            "request_id": fact.request_id,
            "sequence": fact.sequence,
            "person": json.loads(fact.actor)["person"],
            "about": "order" if fact.request_id.startswith("ORD-") else "approval",
            "at": datetime.fromisoformat(fact.at).astimezone(UTC),
        }
        for fact in facts
    ]
    if rows:
        op.bulk_insert(decided, rows)


def _create_homes() -> None:
    op.create_table(
        "homes",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("shown_at", _INSTANT, nullable=False),
        sa.Column("view", sa.Text(), nullable=False),
        sa.Column("view_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_homes"),
    )
    op.create_table(
        "home_refreshes",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_home_refreshes"),
    )
    op.create_index("ix_home_refreshes_due_at", "home_refreshes", ["due_at"])
