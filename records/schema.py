"""The table definitions. `migrations/` creates the same tables, and a test compares the two."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

from records.columns import Amount, Instant

metadata = MetaData(
    naming_convention={  # a migration can only drop a constraint that has a name
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# Stored exactly as hashed, with `at` in ISO 8601 and `actor` and `data` as canonical JSON, so that
# on every database a changed byte is a changed fact.
audit_events = Table(
    "audit_events",
    metadata,
    Column("request_id", String, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("at", String, nullable=False),
    Column("actor", Text, nullable=False),
    Column("content_revision", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("rule", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("chain_hash", String(64), nullable=False),
)

# The read model. `sequence` and `chain_hash` belong to the newest fact and reveal a truncated trail.
# `listed_as` is the kind under which the inbox lists the request for its requester, empty if it is
# part of another request. `copies` are the messages of its card.
requests = Table(
    "requests",
    metadata,
    Column("request_id", String, primary_key=True),
    Column("owner_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("requester", String, nullable=False),
    Column("status", String, nullable=False),
    Column("face", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("chain_hash", String(64), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("listed_as", String, nullable=False, server_default=""),
    Column("goes_on", Boolean, nullable=False, server_default=false()),
    Column("readers", JSON, nullable=False, server_default="[]"),
    Column("copies", JSON, nullable=False, server_default="[]"),
)
Index("ix_requests_of_kind", requests.c.kind, requests.c.opened_at, requests.c.request_id)
Index(
    "ix_requests_open_of_kind",
    requests.c.kind,
    requests.c.goes_on,
    requests.c.opened_at,
    requests.c.request_id,
)
Index("ix_requests_open", requests.c.goes_on, requests.c.request_id)
Index("ix_requests_of_requester", requests.c.requester, requests.c.kind, requests.c.opened_at)
Index(
    "ix_requests_mine",
    requests.c.requester,
    requests.c.goes_on,
    requests.c.opened_at,
    requests.c.request_id,
)

# Pending decisions: who may decide on the open level and has not yet. A request that never expires
# has the last possible instant as its deadline, so that a single index sorts the rows on every database.
waiting = Table(
    "waiting",
    metadata,
    Column("request_id", ForeignKey(requests.c.request_id), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("person", String, nullable=False),
    Column("seat", String, nullable=False),
    Column("source", String, nullable=False),
    Column("about", String, nullable=False),
    Column("policy", String, nullable=False),
    Column("since", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("starts", Instant, nullable=True),
    Column("ends", Instant, nullable=True),
)
Index("ix_waiting_of_person", waiting.c.person, waiting.c.expires_at, waiting.c.request_id)

# Past decisions: which facts are decisions, and who made them.
decided = Table(
    "decided",
    metadata,
    Column("request_id", String, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("person", String, nullable=False),
    Column("about", String, nullable=False),
    Column("at", Instant, nullable=False),
)
Index(
    "ix_decided_of_person",
    decided.c.person,
    decided.c.at,
    decided.c.request_id,
    decided.c.sequence,
)

# The App Homes that were opened: the chosen view (JSON), when it was last published, and Slack's
# hash of it.
homes = Table(
    "homes",
    metadata,
    Column("person", String, primary_key=True),
    Column("opened_at", Instant, nullable=False),
    Column("shown_at", Instant, nullable=False),
    Column("view", Text, nullable=False),
    Column("view_hash", String, nullable=False),
)

# The App Homes that are out of date. `turn` counts the changes `since` then. Until `due_at`, a process
# is working on the home, or waits because Slack rate-limited it.
home_refreshes = Table(
    "home_refreshes",
    metadata,
    Column("person", String, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("due_at", Instant, nullable=False, index=True),
    Column("tries", Integer, nullable=False),
)

# The subjects that an open request depends on: the sources and people of its open level.
watches = Table(
    "watches",
    metadata,
    Column("request_id", ForeignKey(requests.c.request_id), primary_key=True),
    Column("subject", String, primary_key=True, index=True),
)

# The messages in channels that show a card. `level` is 0 for the card itself, or the number of the level
# that a reply in its thread is about.
cards = Table(
    "cards",
    metadata,
    Column("channel", String, primary_key=True),
    Column("ts", String, primary_key=True),
    Column("request_id", String, nullable=False, index=True),
    Column("level", Integer, nullable=False),
)

# The directory, kept current by Slack's events. A group's members were read at `read_at`, which is in the
# past if Slack has reported a change at `changed_at`. `email` is a digest of the address. `manager` is null
# until it is read. `updated` is Slack's time of the last change, in seconds since 1970.
directory_people = Table(
    "directory_people",
    metadata,
    Column("person", String, primary_key=True),
    Column("standing", String, nullable=False),
    Column("email", String, nullable=False, index=True),
    Column("manager", String, nullable=True),
    Column("locale", String, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("read_at", Instant, nullable=False),
)

directory_groups = Table(
    "directory_groups",
    metadata,
    Column("group_id", String, primary_key=True),
    Column("handle", String, nullable=False, index=True),
    Column("members", JSON, nullable=False),
    Column("read_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

# The channels that are not archived.
directory_channels = Table(
    "directory_channels",
    metadata,
    Column("channel", String, primary_key=True),
    Column("name", String, nullable=False, index=True),
    Column("read_at", Instant, nullable=False),
)

# How far the listing of all people or channels is. Until `held_until`, one process continues it.
directory_lists = Table(
    "directory_lists",
    metadata,
    Column("subject", String, primary_key=True),
    Column("cursor", String, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("completed_at", Instant, nullable=False),
    Column("held_until", Instant, nullable=False),
)

absences = Table(
    "absences",
    metadata,
    Column("person", String, primary_key=True),
    Column("starts", Instant, primary_key=True),
    Column("ends", Instant, nullable=False),
    Column("delegate", String, nullable=False, index=True),
    CheckConstraint("starts < ends", name="some_time"),
    CheckConstraint("person <> delegate", name="somebody_else"),
)

# Texts that were removed from facts. In the hash chain, the digest takes the place of the text.
redactions = Table(
    "redactions",
    metadata,
    Column("request_id", String, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("field", String, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("at", String, nullable=False),
    Column("actor", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("seal", String(64), nullable=False),
)

# One chain over all requests, stored exactly as hashed, like the facts.
refusals = Table(
    "refusals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("request_id", String, nullable=False, index=True),
    Column("actor", Text, nullable=False),
    Column("verb", String, nullable=False),
    Column("code", String, nullable=False),
    Column("at", String, nullable=False),
    Column("last_at", String, nullable=False),
    Column("times", Integer, nullable=False),
    Column("chain_hash", String(64), nullable=False),
)

# The number and hash of the newest refusal, or 0 and the initial hash.
refusals_head = Table(
    "refusals_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("chain_hash", String(64), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

products = Table(
    "products",
    metadata,
    Column("sku", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("price_hint", String, nullable=False),
    Column("stocked", Integer, nullable=False),
    Column("on_hand", Integer, nullable=False),
    Column("reserved", Integer, nullable=False),
    Column("shipped", Integer, nullable=False),
    Column("warehouse", String, nullable=False, server_default="MAIN"),
    CheckConstraint("on_hand >= 0 AND reserved >= 0 AND shipped >= 0", name="no_shelf_below_zero"),
    CheckConstraint("on_hand + reserved + shipped = stocked", name="nothing_lost"),
)

shipments = Table(
    "shipments",
    metadata,
    Column("key", String, primary_key=True),
    Column("order_id", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("reference", String, nullable=False),
)

reservations = Table(
    "reservations",
    metadata,
    Column("key", String, primary_key=True),
    Column("order_id", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("reference", String, nullable=False),
)

# Reserved lines. A line with a shipment has left the warehouse.
reservation_lines = Table(
    "reservation_lines",
    metadata,
    Column("key", ForeignKey(reservations.c.key), primary_key=True),
    Column("sku", ForeignKey(products.c.sku), primary_key=True),
    Column("quantity", Integer, nullable=False),
    Column("shipment_key", ForeignKey(shipments.c.key), nullable=True, index=True),
    CheckConstraint("quantity > 0", name="something"),
)

payments = Table(
    "payments",
    metadata,
    Column("key", String, primary_key=True),
    Column("order_id", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("reference", String, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("charged", Amount, nullable=False),
    Column("refunded", Amount, nullable=False),
)

# Payments from the gateway's webhook, which no order charged. One row per event.
received_payments = Table(
    "received_payments",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("order_id", String, nullable=False, index=True),
    Column("amount", Amount, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("paid_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("answered", String, nullable=False),
    Column("verdict", String, nullable=False),
    Column("progress", String, nullable=False, index=True),
    Column("refund_reference", String, nullable=False),
)

# The days off that a person has and has booked, by calendar year.
time_off_balances = Table(
    "time_off_balances",
    metadata,
    Column("person", String, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("granted", Integer, nullable=False),
    Column("booked", Integer, nullable=False),
    CheckConstraint("booked >= 0 AND booked <= granted", name="no_more_than_granted"),
)

time_off_bookings = Table(
    "time_off_bookings",
    metadata,
    Column("key", String, primary_key=True),
    Column("request_id", String, nullable=False, index=True),
    Column("person", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("reference", String, nullable=False),
)

time_off_days = Table(
    "time_off_days",
    metadata,
    Column("key", ForeignKey(time_off_bookings.c.key), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("days", Integer, nullable=False),
    CheckConstraint("days > 0", name="some_days"),
)

# Expenses to pay out, with the next salary or whenever finance exports them.
payouts = Table(
    "payouts",
    metadata,
    Column("key", String, primary_key=True),
    Column("request_id", String, nullable=False, index=True),
    Column("person", String, nullable=False, index=True),
    Column("amount", Amount, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("state", String, nullable=False),
    Column("reference", String, nullable=False),
)

# The personnel file: requests that were carried out. `entry` is the approved request as JSON.
personnel_entries = Table(
    "personnel_entries",
    metadata,
    Column("key", String, primary_key=True),
    Column("request_id", String, nullable=False, index=True),
    Column("person", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("entry", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("reference", String, nullable=False),
)
