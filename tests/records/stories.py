"""Trails of requests, and forgeries of them."""

import json
from dataclasses import replace

from sqlalchemy import text, update

from records.audit import AuditTrail
from records.database import Database
from records.requests import PublicState
from records.schema import audit_events, metadata, requests
from records.snapshots import encode_snapshot
from records.trail import columns_of, fact_of
from tests.rules.builders import ANA, BORIS, CLARA, NOON, actor, level, open_request, request
from workflows.rules.approvals import amendment, approval
from workflows.rules.approvals.request import Amendment, Change, Comment, Decision, Verdict
from workflows.rules.approvals.snapshot import approval_snapshot
from workflows.rules.shared.audit import GENESIS, AuditEvent, chain_hash
from workflows.rules.shared.content import Content, ContentField
from workflows.rules.snapshots import Snapshot

SECRET = "the password is swordfish"
"""A secret in the first content, to be redacted."""
REASON = "Ana is too old for that"
"""Boris's reason for the rejection, to be redacted."""
REMARK = "Ana told me about her illness"
FIELD = "Zimmer 17"
LINK = "https://x.test/private"
WRITTEN = (SECRET, REASON, REMARK, FIELD, LINK)


def rejected(request_id: str = "APR-1") -> tuple[tuple[AuditEvent, ...], PublicState]:
    """Return the facts and the last state of a request that was commented, amended and rejected."""
    content = Content(
        title="A desk",
        text=SECRET,
        fields=(ContentField(label="Room", value=FIELD),),
        links=(LINK,),
    )
    asked = replace(
        request(level(BORIS, CLARA)), request_id=request_id, content=content, requester=actor(ANA)
    )
    facts = list(approval.submit(asked, NOON).facts)
    state = open_request(asked)
    state = replace(state, sequence=len(facts))

    def take(change: Change) -> None:
        nonlocal state
        state = change.state
        facts.extend(change.facts)

    remark = Comment(actor=actor(BORIS), text=REMARK)
    take(approval.comment(state, remark, NOON))
    other = Amendment(
        actor=actor(ANA), content=replace(content, title="Two desks"), content_revision=1
    )
    take(amendment.amend(state, other, NOON))
    reopened = open_request(replace(state.request, request_id=request_id)).levels
    state = replace(state, levels=reopened)
    said = Decision(
        actor=actor(BORIS), verdict=Verdict.REJECT, reason=REASON, content_revision=2, level=1
    )
    take(approval.decide(state, said, NOON))
    return tuple(facts), public(approval_snapshot(state, 3), request_id)


def public(snapshot: Snapshot, request_id: str, owner_id: str = "") -> PublicState:
    return PublicState(
        request_id=request_id,
        owner_id=owner_id or request_id,
        kind=snapshot.kind,
        requester=snapshot.requester.person,
        status=snapshot.status.value,
        face=encode_snapshot(snapshot),
        goes_on=snapshot.is_open,
    )


async def contents(database: Database) -> str:
    """Return the contents of all tables."""
    async with database.reading() as connection:
        rows = [
            [str(value) for value in row]
            for table in metadata.sorted_tables
            for row in await connection.execute(table.select())
        ]
    return json.dumps(rows, ensure_ascii=False).replace("\\", "")


async def change(database: Database, statement: str, **values: object) -> None:
    """Change one row with SQL."""
    async with database.writing() as connection:
        changed = await connection.execute(text(statement).bindparams(**values))
        assert changed.rowcount == 1


async def forge(database: Database, request_id: str, sequence: int, **changes: object) -> None:
    """Rewrite a fact and every hash after it, so that the chain alone reveals nothing."""
    rows = (await AuditTrail(database).trail(request_id)).rows
    previous = GENESIS
    async with database.writing() as connection:
        for row in rows:
            fact = fact_of(row)
            if fact.sequence == sequence:
                fact = replace(fact, **changes)  # type: ignore[arg-type]  # any field that a test forges
            previous = chain_hash(previous, fact)
            forged = update(audit_events).filter_by(request_id=request_id, sequence=fact.sequence)
            await connection.execute(forged.values(columns_of(fact) | {"chain_hash": previous}))
        head = update(requests).filter_by(request_id=request_id)
        await connection.execute(head.values(chain_hash=previous))
