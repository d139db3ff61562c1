"""The first tables: audit trail, read model, refusals, stock and payments."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_AMOUNT = sa.Numeric(30, 2).with_variant(sa.String(40), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _create_audit()
    _create_requests()
    _create_stock()
    _create_reservations()
    _create_payments()


def _create_audit() -> None:
    op.create_table(
        "audit_events",
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("content_revision", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "sequence", name="pk_audit_events"),
    )


def _create_requests() -> None:
    op.create_table(
        "requests",
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("requester", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("face", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("request_id", name="pk_requests"),
    )
    op.create_index("ix_requests_of_requester", "requests", ["requester", "kind", "opened_at"])
    op.create_table(
        "refusals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refusals"),
    )
    op.create_index("ix_refusals_request_id", "refusals", ["request_id"])


def _create_stock() -> None:
    op.create_table(
        "products",
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("price_hint", sa.String(), nullable=False),
        sa.Column("stocked", sa.Integer(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("shipped", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sku", name="pk_products"),
        sa.CheckConstraint(
            "on_hand >= 0 AND reserved >= 0 AND shipped >= 0",
            name=op.f("ck_products_no_shelf_below_zero"),
        ),
        sa.CheckConstraint(
            "on_hand + reserved + shipped = stocked", name=op.f("ck_products_nothing_lost")
        ),
    )


def _create_reservations() -> None:
    op.create_table(
        "shipments",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_shipments"),
    )
    op.create_table(
        "reservations",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("shipment_key", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_reservations"),
        sa.ForeignKeyConstraint(
            ["shipment_key"], ["shipments.key"], name="fk_reservations_shipment_key"
        ),
    )
    op.create_table(
        "reservation_lines",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "sku", name="pk_reservation_lines"),
        sa.ForeignKeyConstraint(["key"], ["reservations.key"], name="fk_reservation_lines_key"),
        sa.ForeignKeyConstraint(["sku"], ["products.sku"], name="fk_reservation_lines_sku"),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_reservation_lines_something")),
    )
    op.create_index("ix_shipments_order_id", "shipments", ["order_id"])
    op.create_index("ix_reservations_order_id", "reservations", ["order_id"])
    op.create_index("ix_reservations_shipment_key", "reservations", ["shipment_key"])


def _create_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("charged", _AMOUNT, nullable=False),
        sa.Column("refunded", _AMOUNT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_payments"),
    )
    op.create_index("ix_payments_order_id", "payments", ["order_id"])
