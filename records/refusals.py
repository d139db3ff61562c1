"""Refusals: who tried what on which request, and why not. They leave no history in Temporal.

One chain over all requests: every row is bound by hash to the one before it, and one row, the
head, says which is the newest. A row is final a minute after it was written: until then the same
refusal of the same person is counted on it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import bindparam, insert, select, update

from records.database import Database
from records.schema import refusals, refusals_head
from records.trail import Columns, Flaw, Verification, actor_of, actor_text, instant_text
from records.transaction import Transaction
from workflows.rules.people.actors import Actor
from workflows.rules.shared.audit import GENESIS, bound

COUNTED_FOR = timedelta(minutes=1)
"""How long after its first instant the same refusal is counted on its row."""
COUNTED_WITHIN = 200
"""How many rows may have come since: all of them are bound anew, and meanwhile nobody else writes."""
CHAIN = "refusals"
"""What the chain is called where a request's id would stand."""
PAGE = 500
"""Rows that are read at once where all are gone through."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One attempt that was refused. `verb` names what was tried, `code` why it was not done."""

    request_id: str
    actor: Actor
    verb: str
    code: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """One row of the chain: the first attempt, how often it was made, and when last."""

    number: int
    refusal: Refusal
    times: int
    last_at: datetime


class Refusals:
    """Every refusal, as the border that refused wrote it down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, refusal: Refusal) -> None:
        """Write a refusal down, or count it where the same was written within the last minute.

        Not safe to repeat: two appends are two attempts. Appends follow one another, in this
        process and in all others: each locks the head.
        """
        alike = {
            "request_id": refusal.request_id,
            "actor": actor_text(refusal.actor),
            "verb": refusal.verb,
            "code": refusal.code,
        }
        at = instant_text(refusal.at)
        async with self._database.writing(CHAIN) as connection:
            head = (await connection.execute(select(refusals_head).with_for_update())).one()
            since = await _final_not_yet(connection, alike, refusal.at, head.number)
            if since and _are_whole(since, head.chain_hash):
                await _count(connection, since, at)
                return
            row = alike | {"number": head.number + 1, "at": at, "last_at": at, "times": 1}
            digest = chained(head.chain_hash, row)
            await connection.execute(insert(refusals).values(row | {"chain_hash": digest}))
            await _set_head(connection, head.number + 1, digest)

    async def of(self, request_id: str) -> tuple[Refusal, ...]:
        """Return the refusals of one request, the oldest first, each once however often counted."""
        return tuple([one.refusal async for one in self.all(request_id)])

    async def all(self, request_id: str = "") -> AsyncIterator[Refused]:
        """Yield every refusal, or those of one request, the oldest first."""
        async with self.read_consistently(request_id) as (rows, _):
            async for row in rows:
                refusal = Refusal(
                    request_id=row["request_id"],
                    actor=actor_of(row["actor"]),
                    verb=row["verb"],
                    code=row["code"],
                    at=datetime.fromisoformat(row["at"]),
                )
                yield Refused(
                    number=row["number"],
                    refusal=refusal,
                    times=row["times"],
                    last_at=datetime.fromisoformat(row["last_at"]),
                )

    @asynccontextmanager
    async def read_consistently(
        self, request_id: str = ""
    ) -> AsyncIterator[tuple[AsyncIterator[Columns], Columns | None]]:
        """Give the rows as they stand there, a page at a time, and the head; None: it is gone.

        What is counted meanwhile rewrites the newest rows: they are seen as they were.
        """
        async with self._database.reading() as connection:
            head = (await connection.execute(select(refusals_head))).mappings().one_or_none()
            yield _pages(connection, request_id), dict(head) if head is not None else None

    async def verify(self) -> Verification:
        """Recompute the chain and say where it breaks first; no refusal yet is no flaw."""
        check = ChainVerifier()
        async with self.read_consistently() as (rows, head):
            async for row in rows:
                check.take(row)
        return check.end(head)


class ChainVerifier:
    """Recomputes the chain of refusals, row by row."""

    def __init__(self) -> None:
        self.flaw: Flaw | None = None
        self._rows = 0
        self._previous = GENESIS
        self._at = 0

    def take(self, row: Columns) -> None:
        """Check the next row; after the first flaw nothing more is looked at."""
        if self.flaw is not None:
            return
        self._rows += 1
        if row["number"] != self._rows:
            self.flaw, self._at = Flaw.MISSING, self._rows
        elif row["chain_hash"] != chained(self._previous, row):
            self.flaw, self._at = Flaw.ALTERED, self._rows
        self._previous = row["chain_hash"]

    def end(self, head: Columns | None) -> Verification:
        """Return what was found, with what the head says."""
        if self.flaw is None:
            if head is None or head["number"] > self._rows:
                self.flaw, self._at = Flaw.CUT_SHORT, self._rows + 1
            elif (head["number"], head["chain_hash"]) != (self._rows, self._previous):
                self.flaw, self._at = Flaw.ALTERED, self._rows
        return Verification(request_id=CHAIN, facts=self._rows, flaw=self.flaw, sequence=self._at)


def chained(previous: str, row: Columns) -> str:
    """Return the hex digest that binds every column of a row to the row before it."""
    return bound(previous, {name: one for name, one in row.items() if name != "chain_hash"})


async def _pages(connection: Transaction, request_id: str) -> AsyncIterator[Columns]:
    wanted = select(refusals).order_by(refusals.c.number).limit(PAGE)
    if request_id:
        wanted = wanted.where(refusals.c.request_id == request_id)
    page = wanted
    while True:
        rows = (await connection.execute(page)).mappings().all()
        for row in rows:
            yield dict(row)
        if len(rows) < PAGE:
            return
        page = wanted.where(refusals.c.number > rows[-1]["number"])


async def _final_not_yet(
    connection: Transaction, alike: Columns, at: datetime, newest_of_all: int
) -> Sequence[Columns]:
    """Return the row on which an attempt counts, between the one before it and all after it.

    Nothing where there is no such row. The clocks of two processes may differ a little.
    """
    newest = select(refusals.c.number, refusals.c.at).filter_by(**alike)
    found = await connection.execute(newest.order_by(refusals.c.number.desc()).limit(1))
    row = found.one_or_none()
    if row is None or abs(at - datetime.fromisoformat(row.at)) >= COUNTED_FOR:
        return []
    if newest_of_all - row.number > COUNTED_WITHIN:
        return []
    since = select(refusals).where(refusals.c.number >= row.number - 1)
    rows = (await connection.execute(since.order_by(refusals.c.number))).mappings()
    first: list[Columns] = [] if row.number > 1 else [{"chain_hash": GENESIS}]
    return [*first, *(dict(one) for one in rows)]


def _are_whole(rows: Sequence[Columns], head: str) -> bool:
    """Whether these rows are chained up to the head: what somebody changed is not bound anew."""
    bound = all(
        row["chain_hash"] == chained(before["chain_hash"], row) for before, row in pairwise(rows)
    )
    return bound and rows[-1]["chain_hash"] == head


async def _count(connection: Transaction, since: Sequence[Columns], at: str) -> None:
    """Count one more attempt on the second row of `since`, and bind it and all after it anew."""
    before, counted, *later = since
    last_at = max(counted["last_at"], at, key=datetime.fromisoformat)
    counted = dict(counted) | {"times": counted["times"] + 1, "last_at": last_at}
    previous = before["chain_hash"]
    anew: list[dict[str, object]] = []
    for row in (counted, *later):
        previous = chained(previous, row)
        anew.append(
            {
                "which": row["number"],
                "now_times": row["times"],
                "now_last_at": row["last_at"],
                "now_hash": previous,
            }
        )
    change = update(refusals).where(refusals.c.number == bindparam("which"))
    values: dict[str, object] = {
        "times": bindparam("now_times"),
        "last_at": bindparam("now_last_at"),
        "chain_hash": bindparam("now_hash"),
    }
    await connection.execute(change.values(**values), anew)
    await _set_head(connection, since[-1]["number"], previous)


async def _set_head(connection: Transaction, number: int, digest: str) -> None:
    await connection.execute(update(refusals_head).values(number=number, chain_hash=digest))
