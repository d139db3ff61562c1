"""The personnel file: approved requests that were carried out, one entry per key."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import select, update

from records.database import Database
from records.private_texts import without_texts
from records.schema import personnel_entries
from records.steps import KeyReusedError, StepTable
from records.transaction import Transaction
from workflows.rules.hr.request import HrRequest


class EntryState(StrEnum):
    """Whether the entry is valid."""

    REGISTERED = "registered"
    STRUCK = "struck"


_STEPS = StepTable(table=personnel_entries, prefix="FILE", undone=EntryState.STRUCK)


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonnelEntry:
    """One valid entry. `entry` is the approved request as JSON."""

    request_id: str
    kind: str
    entry: str
    reference: str


class Personnel:
    """All people's entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(self, key: str, person: str, request: HrRequest) -> str:
        """Add an approved request and return the reference. Safe to repeat with the same key.

        Raises:
            StepUndoneError: the key's entry was struck.
            KeyReusedError: the key is in use for another entry.

        """
        async with self._database.writing(request.request_id) as connection:
            known = await _STEPS.find_done(
                connection, key, request_id=request.request_id, person=person
            )
            if known is None:
                columns = _columns(person, request)
                await _STEPS.add(connection, key, EntryState.REGISTERED, **columns)
            elif known.entry != _to_json(request):
                raise KeyReusedError(key)
        return _STEPS.reference(key)

    async def strike(self, key: str, person: str, request: HrRequest) -> None:
        """Strike the key's entry, if there is one, and refuse the key from now on. Safe to repeat.

        Raises:
            KeyReusedError: the key is in use for another request's or person's entry.

        """
        async with self._database.writing(request.request_id) as connection:
            known = await _STEPS.find(connection, key, request_id=request.request_id, person=person)
            if known is None:
                columns = _columns(person, request)
                await _STEPS.add(connection, key, EntryState.STRUCK, **columns)
            else:
                await _STEPS.update(connection, key, state=EntryState.STRUCK)

    async def entries_of(self, person: str) -> tuple[PersonnelEntry, ...]:
        """Return a person's valid entries."""
        theirs = select(personnel_entries).where(
            personnel_entries.c.person == person,
            personnel_entries.c.state == EntryState.REGISTERED,
        )
        async with self._database.reading() as connection:
            found = await connection.execute(theirs.order_by(personnel_entries.c.key))
            return tuple(
                PersonnelEntry(
                    request_id=row.request_id,
                    kind=row.kind,
                    entry=row.entry,
                    reference=row.reference,
                )
                for row in found
            )


async def redact_entries(
    connection: Transaction, request_ids: Sequence[str], texts: frozenset[str]
) -> None:
    """Remove those of `texts` that people wrote from the entries of these requests."""
    table = personnel_entries
    theirs = select(table.c.key, table.c.entry).where(table.c.request_id.in_(request_ids))
    for row in (await connection.execute(theirs)).all():
        entry = without_texts(json.loads(row.entry), texts, "request")
        written = json.dumps(entry, sort_keys=True)
        await connection.execute(update(table).filter_by(key=row.key).values(entry=written))


def _to_json(request: HrRequest) -> str:
    return json.dumps(asdict(request), sort_keys=True, default=str)


def _columns(person: str, request: HrRequest) -> dict[str, str]:
    return {
        "request_id": request.request_id,
        "person": person,
        "kind": request.type.value,
        "entry": _to_json(request),
    }
