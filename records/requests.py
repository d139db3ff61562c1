"""The read model: the last public state of every request, written together with its facts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, insert, select, update

from records.database import Database
from records.schema import requests
from records.transaction import Transaction
from workflows.rules.audit import AuditEvent


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicState:
    """A request as everybody may see it.

    `owner_id` is the workflow that owns its card, `face` the JSON text of an ApprovalFace
    (`kind` "approval") or OrderFace ("order").
    """

    request_id: str
    owner_id: str
    kind: str
    requester: str
    status: str
    face: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRecord(PublicState):
    """The last public state, the number of its newest fact, and when the first and last were."""

    sequence: int
    opened_at: datetime
    changed_at: datetime


class Requests:
    """Reads of the last public states. Only an audit append writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, request_id: str) -> RequestRecord | None:
        """Return one request, or None where nothing is known of it."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(requests).where(requests.c.request_id == request_id)
            )
            row = found.one_or_none()
        return _record(row) if row is not None else None

    async def latest_of(
        self, requester: str, kind: str = "order", limit: int = 10
    ) -> tuple[RequestRecord, ...]:
        """Return a person's latest requests of one kind, the newest first."""
        theirs = (
            select(requests)
            .where(requests.c.requester == requester, requests.c.kind == kind)
            .order_by(requests.c.opened_at.desc(), requests.c.request_id.desc())
            .limit(limit)
        )
        async with self._database.reading() as connection:
            found = await connection.execute(theirs)
            return tuple(_record(row) for row in found)


async def store(
    connection: Transaction, state: PublicState, newest: AuditEvent, chain_hash: str
) -> None:
    """Store the state that `newest` led to, unless the state of a later fact stands there already.

    The caller holds a writing transaction on the request.
    """
    columns = {
        "owner_id": state.owner_id,
        "kind": state.kind,
        "requester": state.requester,
        "status": state.status,
        "face": state.face,
        "sequence": newest.sequence,
        "chain_hash": chain_hash,
        "changed_at": newest.at,
    }
    known = requests.c.request_id == state.request_id
    head = await connection.scalar(select(requests.c.sequence).where(known))
    if head is None:
        row = columns | {"request_id": state.request_id, "opened_at": newest.at}
        await connection.execute(insert(requests).values(row))
    elif head < newest.sequence:
        await connection.execute(update(requests).where(known).values(columns))


def _record(row: Row[tuple[object, ...]]) -> RequestRecord:
    columns = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    del columns["chain_hash"]
    return RequestRecord(**columns)
