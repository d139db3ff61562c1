"""Store products in warehouses, and ship reservations line by line."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NO_SHIPMENT = ("key", "order_id", "state", "reference")


def upgrade() -> None:
    """Move the shipments from the reservations to their lines."""
    main = sa.Column("warehouse", sa.String(), nullable=False, server_default="MAIN")
    op.add_column("products", main)
    for table in ("reservations", "reservation_lines"):
        op.execute(f"CREATE TABLE old_{table} AS SELECT * FROM {table}")  # noqa: S608 - ours
    for column in ("order_id", "shipment_key"):
        op.drop_index(f"ix_reservations_{column}", "reservations")
    op.drop_table("reservation_lines")  # before the tables that it refers to
    op.drop_table("reservations")
    _create()
    op.execute(
        "INSERT INTO reservations (key, order_id, state, reference) SELECT key, order_id, "
        "CASE state WHEN 'shipped' THEN 'held' ELSE state END, reference FROM old_reservations"
    )
    op.execute(
        "INSERT INTO reservation_lines (key, sku, quantity, shipment_key) "
        "SELECT line.key, line.sku, line.quantity, whole.shipment_key "
        "FROM old_reservation_lines line JOIN old_reservations whole ON whole.key = line.key"
    )
    for table in ("reservation_lines", "reservations"):
        op.drop_table(f"old_{table}")


def _create() -> None:
    op.create_table(
        "reservations",
        *(sa.Column(name, sa.String(), nullable=False) for name in _NO_SHIPMENT),
        sa.PrimaryKeyConstraint("key", name="pk_reservations"),
    )
    op.create_index("ix_reservations_order_id", "reservations", ["order_id"])
    op.create_table(
        "reservation_lines",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("shipment_key", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("key", "sku", name="pk_reservation_lines"),
        sa.ForeignKeyConstraint(["key"], ["reservations.key"], name="fk_reservation_lines_key"),
        sa.ForeignKeyConstraint(["sku"], ["products.sku"], name="fk_reservation_lines_sku"),
        sa.ForeignKeyConstraint(
            ["shipment_key"], ["shipments.key"], name="fk_reservation_lines_shipment_key"
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_reservation_lines_something")),
    )
    op.create_index("ix_reservation_lines_shipment_key", "reservation_lines", ["shipment_key"])
