"""Refusals: who tried what on which request, and why not. They leave no history in Temporal."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert, select

from records.database import Database
from records.schema import refusals
from workflows.rules.people import Actor, Origin


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One attempt that was refused. `verb` is the update's name, `code` the rule's."""

    request_id: str
    actor: Actor
    verb: str
    code: str
    at: datetime


class Refusals:
    """Every refusal, as the border that refused wrote it down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, refusal: Refusal) -> None:
        """Write a refusal down. Not safe to repeat: two appends are two attempts."""
        row = {
            "request_id": refusal.request_id,
            "actor": json.dumps(asdict(refusal.actor), sort_keys=True),
            "verb": refusal.verb,
            "code": refusal.code,
            "at": refusal.at,
        }
        async with self._database.writing() as connection:
            await connection.execute(insert(refusals).values(row))

    async def of(self, request_id: str) -> tuple[Refusal, ...]:
        """Return the refusals of one request, the oldest first."""
        theirs = select(refusals).where(refusals.c.request_id == request_id).order_by(refusals.c.id)
        async with self._database.reading() as connection:
            return tuple(
                Refusal(
                    request_id=row.request_id,
                    actor=_actor(row.actor),
                    verb=row.verb,
                    code=row.code,
                    at=row.at,
                )
                for row in await connection.execute(theirs)
            )


def _actor(written: str) -> Actor:
    parts = json.loads(written)
    return Actor(person=parts["person"], origin=Origin(parts["origin"]), operator=parts["operator"])
