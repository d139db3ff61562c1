"""Redaction reaches every text that people wrote: each column and each stored JSON key is classified."""

import typing
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import JSON, Column, String, TypeDecorator

from records.audit import AuditTrail
from records.database import Database
from records.homes import Homes
from records.payouts import Payouts
from records.personnel import Personnel
from records.private_texts import JSON_TEXTS, without_texts
from records.redactions import Redaction, Redactions
from records.schema import metadata
from records.time_off import TimeOff
from tests.records.builders import order
from tests.records.stories import public
from tests.rules.builders import ANA, BORIS, NOON, actor, level, open_request, policy, request, usd
from views.home import HomePlace
from workflows.rules.approvals import approval
from workflows.rules.approvals.request import Decision, RequestKind, Verdict
from workflows.rules.approvals.snapshot import approval_snapshot
from workflows.rules.hr import saga as hr_saga
from workflows.rules.hr.request import HrRequest, HrType, content_from_request
from workflows.rules.hr.snapshot import HrStepName, Provisioning, hr_snapshot
from workflows.rules.orders import saga as order_saga
from workflows.rules.orders.order import OrderStatus, order_snapshot
from workflows.rules.people.actors import Origin
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.failure import foreign_failure
from workflows.rules.shared.ids import approval_id
from workflows.rules.snapshots import Snapshot

REDACTED = frozenset(
    {
        "audit_events.reason",
        "audit_events.data",
        "homes.view",
        "personnel_entries.entry",
        "requests.face",
    }
)
"""The columns that contain texts from people, and from which redaction removes them."""
NOT_PRIVATE = {
    "ids that Countersign, Slack, the bank or a caller assigns": (
        "absences.delegate absences.person audit_events.request_id cards.channel cards.request_id "
        "cards.ts decided.person directory_channels.channel "
        "directory_groups.group_id directory_groups.members directory_people.manager "
        "directory_people.person "
        "decided.request_id home_refreshes.person homes.person payments.key payments.order_id "
        "payouts.key payouts.person payouts.request_id personnel_entries.key "
        "personnel_entries.person personnel_entries.request_id received_payments.event_id "
        "received_payments.order_id redactions.request_id refusals.request_id requests.owner_id "
        "requests.readers requests.request_id requests.requester reservation_lines.key "
        "reservation_lines.shipment_key reservations.key reservations.order_id shipments.key "
        "shipments.order_id time_off_balances.person time_off_bookings.key "
        "time_off_bookings.person time_off_bookings.request_id time_off_days.key waiting.person "
        "waiting.request_id waiting.seat watches.request_id"
    ),
    "references derived from a key, and references of the bank": (
        "payments.reference payouts.reference personnel_entries.reference "
        "received_payments.refund_reference reservations.reference shipments.reference "
        "time_off_bookings.reference"
    ),
    "values of an enum": (
        "audit_events.kind decided.about directory_people.standing payments.state payouts.state personnel_entries.kind "
        "personnel_entries.state received_payments.answered received_payments.progress "
        "received_payments.verdict refusals.code refusals.verb requests.kind requests.listed_as "
        "requests.status reservations.state shipments.state time_off_bookings.state waiting.about"
    ),
    "names and sources in the policy file; the sources of open requests only": (
        "audit_events.rule waiting.policy waiting.source watches.subject"
    ),
    "the stock, which lists products and not people": (
        "products.name products.price_hint products.sku products.warehouse reservation_lines.sku"
    ),
    "accounts, which must add up": "payments.currency payouts.currency received_payments.currency",
    "who did something, by their id": "audit_events.actor redactions.actor refusals.actor",
    "the operator's reason for the redaction, which is its evidence": "redactions.why",
    "the name of a redacted field": "redactions.field",
    "the messages that show a card, by their ids": "requests.copies",
    "names of channels and groups, and languages, as Slack lists them": (
        "directory_channels.name directory_groups.handle directory_people.locale"
    ),
    "how far a listing is": "directory_lists.cursor directory_lists.subject",
    "hashes and seals": (
        "directory_people.email audit_events.chain_hash homes.view_hash redactions.digest redactions.seal "
        "refusals.chain_hash refusals_head.chain_hash requests.chain_hash"
    ),
    "instants": "audit_events.at redactions.at refusals.at refusals.last_at",
}
"""The other text columns, by the reason why they contain no text from people."""
NOT_PRIVATE_KEYS = {
    "ids": "request_id order_id person seat operator eligible admins",
    "names, sources and texts in the policy file": (
        "policy channel admin_channel language name sources unreadable source closing_rule "
        "level_names"
    ),
    "the product": "sku warehouse skus",
    "the values of a failure, whose sentence by another system is the key `message`": "data",
    "data of the rules, the gateway, the carrier or the accounts": (
        "currency key reference code card_expiry mail_problem simulate blocked tracking delivery"
    ),
}
"""The other text keys of stored snapshots, by the reason why redaction leaves them."""
CURE, ACME, MAIL, NOTE = "A cure in Bad Ems", "Acme Health", "jo@acme.test", "for her wheelchair"
WHY = "She is ill"
TEXTS = (CURE, ACME, MAIL, NOTE, WHY)


def _is_text(column: Column[Any]) -> bool:
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    return isinstance(kind, String | JSON)


def test_every_text_column_is_redacted_or_not_private_for_a_reason() -> None:
    texts = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if _is_text(column)
    }
    classified = [*REDACTED, *(name for names in NOT_PRIVATE.values() for name in names.split())]

    assert sorted(classified) == sorted(texts)


def _text_keys(found: Any, key: str, seen: set[Any]) -> Iterator[str]:
    """Yield the keys under which a value of this type stores text."""
    if found is str:
        yield key
    elif is_dataclass(found) and found not in seen:
        seen.add(found)
        hints = typing.get_type_hints(found)
        for field in fields(found):
            yield from _text_keys(hints[field.name], field.name, seen)
    for part in typing.get_args(found):
        yield from _text_keys(part, key, seen)


def test_every_text_in_a_stored_snapshot_is_redacted_or_not_private_for_a_reason() -> None:
    kept = {name for names in NOT_PRIVATE_KEYS.values() for name in names.split()}
    stored = {
        key
        for snapshot in (*typing.get_args(Snapshot), HrRequest)
        for key in _text_keys(snapshot, "", set())
    }

    assert stored - JSON_TEXTS - kept == {"title"}  # a request's is redacted, a policy's is not
    assert kept & JSON_TEXTS == set()
    assert kept <= stored


def test_another_systems_sentence_is_redacted_in_a_snapshot() -> None:
    failure = asdict(foreign_failure(WHY, "refused"))

    assert without_texts({"stuck": {"problem": failure}}, frozenset({WHY})) == {
        "stuck": {"problem": {"code": "refused", "data": {"message": ""}}}
    }


def test_the_title_of_any_journeys_request_is_redacted_and_a_policys_is_not() -> None:
    content, texts = {"title": CURE}, frozenset({CURE})
    stored = {
        "title": CURE,
        "a_new_journeys_request": content,
        "approval": {"title": CURE, "content": content},
    }

    assert without_texts(stored, texts) == {
        "title": CURE,
        "a_new_journeys_request": {"title": ""},
        "approval": {"title": CURE, "content": {"title": ""}},
    }


async def _columns_with_texts(database: Database) -> set[str]:
    found = set()
    async with database.reading() as connection:
        for table in metadata.sorted_tables:
            for row in (await connection.execute(table.select())).mappings():
                found |= {
                    f"{table.name}.{name}"
                    for name, value in row.items()
                    if any(text in str(value) for text in TEXTS)
                }
    return found


def _wish(request_id: str, sequence: int, field: str) -> Redaction:
    return Redaction(
        request_id=request_id,
        sequence=sequence,
        field=field,
        actor=actor("UFAY", Origin.CLI, operator="root"),
        why="the works council has asked for it",
        at=NOON + timedelta(days=1),
    )


async def _provisioned_promotion(database: Database) -> AuditEvent:
    """Store an approved and registered promotion; return the fact of its decision."""
    trail, child_id = AuditTrail(database), approval_id("HR-1")
    asked_for = HrRequest(
        request_id="HR-1", type=HrType.PROMOTION, title=CURE, description=NOTE, new_role=ACME
    )
    asked = replace(
        request(level(BORIS)),
        request_id=child_id,
        requester=actor(ANA),
        content=content_from_request(asked_for),
        about=RequestKind.HR,
    )
    submitted = approval.submit(asked, NOON)
    opened = replace(open_request(asked), sequence=len(submitted.facts))
    said = Decision(
        actor=actor(BORIS), verdict=Verdict.APPROVE, reason=WHY, content_revision=1, level=1
    )
    decided = approval.decide(opened, said, NOON)
    snapshot = approval_snapshot(decided.state, 1)
    received = hr_saga.receive(asked_for, actor(ANA), policy(), NOON)
    approved = hr_saga.approval_ended(received.state, snapshot, NOON)
    done = replace(approved.state, provisioning=Provisioning.DONE, ended_at=NOON)
    await trail.append((*submitted.facts, *decided.facts), public(snapshot, child_id, "HR-1"))
    await trail.append((*received.facts, *approved.facts), public(hr_snapshot(done, 1), "HR-1"))
    await Personnel(database).register("HR-1;register", ANA, asked_for)
    await Payouts(database).queue("HR-1;payout", "HR-1", ANA, usd("10.00"))
    await TimeOff(database).book("HR-1;days", "HR-1", ANA, {2027: 5})
    assert approved.state.step(HrStepName.REGISTER).name is HrStepName.REGISTER
    return decided.facts[0]


async def test_no_text_of_an_hr_request_is_left_in_any_table(database: Database) -> None:
    fact = await _provisioned_promotion(database)
    homes = Homes(database)
    for person in (ANA, BORIS, "UDORA"):
        await homes.set_view(person, HomePlace().written(), NOON)
    await homes.set_view("UDORA", HomePlace(notice=f"*{CURE}* was approved").written(), NOON)
    before = await _columns_with_texts(database)

    await Redactions(database).redact(_wish(approval_id("HR-1"), 1, "data.content"))
    await Redactions(database).redact(_wish(fact.request_id, fact.sequence, "reason"))

    assert before == REDACTED
    assert await _columns_with_texts(database) == set()
    (entry,) = await Personnel(database).entries_of(ANA)
    assert (entry.kind, '"priority": "normal"' in entry.entry) == ("promotion", True)
    assert await homes.stale() == (ANA, BORIS, "UDORA")
    for request_id in ("HR-1", approval_id("HR-1")):
        assert (await AuditTrail(database).verify(request_id)).intact


async def test_no_text_of_an_order_without_an_approval_is_left_in_any_table(
    database: Database,
) -> None:
    trail = AuditTrail(database)
    bought = replace(order(), customer=ACME, email=MAIL, note=NOTE)
    received = order_saga.receive(bought, actor(ANA), policy(), NOON, needs_approval=False)
    ended = replace(received.state, status=OrderStatus.COMPLETED)
    await trail.append(received.facts, public(order_snapshot(ended, 1), "ORD-1"))
    before = await _columns_with_texts(database)

    await Redactions(database).redact(_wish("ORD-1", 1, "data.content"))

    assert before == {"audit_events.data", "requests.face"}
    assert await _columns_with_texts(database) == set()
    assert (await trail.verify("ORD-1")).intact
