"""Refusals: who attempted what on which request, and why it was refused.

Refusals leave no history in Temporal. They form one chain over all requests: the hash of each row
covers the row before it, and the head row holds the number and hash of the newest one. A row is
final one minute after it was stored. Until then, the same refusal of the same person is counted in
that row.
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
from workflows.rules.shared.audit import GENESIS, chain_digest

COUNT_WINDOW = timedelta(minutes=1)
"""How long the same refusal is counted in the row of the first."""
MAX_REHASHED_ROWS = 200
"""The most rows that may follow a row that is still counted in. Their hashes must be recomputed, and
no other process can write during that time."""
CHAIN = "refusals"
"""The name of the chain, used in place of a request id."""
PAGE_SIZE = 500
"""Rows per page when all of them are read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One refused attempt. `verb` is the action, `code` the reason for the refusal."""

    request_id: str
    actor: Actor
    verb: str
    code: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusalRow:
    """One row of the chain: the first attempt, the number of attempts and the time of the last."""

    number: int
    refusal: Refusal
    times: int
    last_at: datetime


class Refusals:
    """All refusals, as stored by the part of the bot that refused."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, refusal: Refusal) -> None:
        """Store a refusal, or count it if the same refusal was stored within the last minute.

        Not safe to repeat: two appends are two attempts. Appends run one after another, across all
        processes, because each locks the head row.
        """
        same = {
            "request_id": refusal.request_id,
            "actor": actor_text(refusal.actor),
            "verb": refusal.verb,
            "code": refusal.code,
        }
        at = instant_text(refusal.at)
        async with self._database.writing(CHAIN) as connection:
            head = (await connection.execute(select(refusals_head).with_for_update())).one()
            since = await _rows_since_same(connection, same, refusal.at, head.number)
            if since and _is_intact(since, head.chain_hash):
                await _count(connection, since, at)
                return
            row = same | {"number": head.number + 1, "at": at, "last_at": at, "times": 1}
            digest = row_hash(head.chain_hash, row)
            await connection.execute(insert(refusals).values(row | {"chain_hash": digest}))
            await _set_head(connection, head.number + 1, digest)

    async def of(self, request_id: str) -> tuple[Refusal, ...]:
        """Return the refusals of one request, the oldest first, each once however often it was counted."""
        return tuple([row.refusal async for row in self.all(request_id)])

    async def all(self, request_id: str = "") -> AsyncIterator[RefusalRow]:
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
                yield RefusalRow(
                    number=row["number"],
                    refusal=refusal,
                    times=row["times"],
                    last_at=datetime.fromisoformat(row["last_at"]),
                )

    @asynccontextmanager
    async def read_consistently(
        self, request_id: str = ""
    ) -> AsyncIterator[tuple[AsyncIterator[Columns], Columns | None]]:
        """Yield the rows, read in pages, and the head row, or None if it was deleted.

        All of them are from the same moment: attempts counted in the meantime, which rewrite the
        newest rows, are not visible.
        """
        async with self._database.reading() as connection:
            head = (await connection.execute(select(refusals_head))).mappings().one_or_none()
            yield _pages(connection, request_id), dict(head) if head is not None else None

    async def verify(self) -> Verification:
        """Recompute the chain and return its first flaw. An empty chain is intact."""
        verifier = ChainVerifier()
        async with self.read_consistently() as (rows, head):
            async for row in rows:
                verifier.add(row)
        return verifier.finish(head)


class ChainVerifier:
    """Recomputes the chain of refusals row by row."""

    def __init__(self) -> None:
        self.flaw: Flaw | None = None
        self._rows = 0
        self._previous = GENESIS
        self._at = 0

    def add(self, row: Columns) -> None:
        """Check the next row. After the first flaw, further rows are ignored."""
        if self.flaw is not None:
            return
        self._rows += 1
        if row["number"] != self._rows:
            self.flaw, self._at = Flaw.MISSING, self._rows
        elif row["chain_hash"] != row_hash(self._previous, row):
            self.flaw, self._at = Flaw.ALTERED, self._rows
        self._previous = row["chain_hash"]

    def finish(self, head: Columns | None) -> Verification:
        """Check the head row and return the result."""
        if self.flaw is None:
            if head is None or head["number"] > self._rows:
                self.flaw, self._at = Flaw.CUT_SHORT, self._rows + 1
            elif (head["number"], head["chain_hash"]) != (self._rows, self._previous):
                self.flaw, self._at = Flaw.ALTERED, self._rows
        return Verification(request_id=CHAIN, facts=self._rows, flaw=self.flaw, sequence=self._at)


def row_hash(previous: str, row: Columns) -> str:
    """Return the hex digest over every column of a row and the hash of the row before it."""
    return chain_digest(
        previous, {name: value for name, value in row.items() if name != "chain_hash"}
    )


async def _pages(connection: Transaction, request_id: str) -> AsyncIterator[Columns]:
    wanted = select(refusals).order_by(refusals.c.number).limit(PAGE_SIZE)
    if request_id:
        wanted = wanted.where(refusals.c.request_id == request_id)
    page = wanted
    while True:
        rows = (await connection.execute(page)).mappings().all()
        for row in rows:
            yield dict(row)
        if len(rows) < PAGE_SIZE:
            return
        page = wanted.where(refusals.c.number > rows[-1]["number"])


async def _rows_since_same(
    connection: Transaction, same: Columns, at: datetime, newest_of_all: int
) -> Sequence[Columns]:
    """Return the row in which to count an attempt, with the row before it and all rows after it.

    Empty if there is no such row. The clocks of two processes may differ slightly.
    """
    newest = select(refusals.c.number, refusals.c.at).filter_by(**same)
    found = await connection.execute(newest.order_by(refusals.c.number.desc()).limit(1))
    row = found.one_or_none()
    if row is None or abs(at - datetime.fromisoformat(row.at)) >= COUNT_WINDOW:
        return []
    if newest_of_all - row.number > MAX_REHASHED_ROWS:
        return []
    since = select(refusals).where(refusals.c.number >= row.number - 1)
    rows = (await connection.execute(since.order_by(refusals.c.number))).mappings()
    first: list[Columns] = [] if row.number > 1 else [{"chain_hash": GENESIS}]
    return [*first, *(dict(found_row) for found_row in rows)]


def _is_intact(rows: Sequence[Columns], head: str) -> bool:
    """Whether these rows are chained up to the head. Rows that were tampered with are not rehashed."""
    chained = all(
        row["chain_hash"] == row_hash(before["chain_hash"], row) for before, row in pairwise(rows)
    )
    return chained and rows[-1]["chain_hash"] == head


async def _count(connection: Transaction, since: Sequence[Columns], at: str) -> None:
    """Count one more attempt in the second row of `since`, and rehash that row and all after it."""
    before, counted, *later = since
    last_at = max(counted["last_at"], at, key=datetime.fromisoformat)
    counted = dict(counted) | {"times": counted["times"] + 1, "last_at": last_at}
    previous = before["chain_hash"]
    rehashed: list[dict[str, object]] = []
    for row in (counted, *later):
        previous = row_hash(previous, row)
        rehashed.append(
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
    await connection.execute(change.values(**values), rehashed)
    await _set_head(connection, since[-1]["number"], previous)


async def _set_head(connection: Transaction, number: int, digest: str) -> None:
    await connection.execute(update(refusals_head).values(number=number, chain_hash=digest))
