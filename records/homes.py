"""App Homes: what each person views there, and the outbox of homes that are out of date."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from records.columns import Instant
from records.database import Database
from records.schema import home_refreshes, homes
from records.transaction import Transaction

DUE_NOW = datetime(2000, 1, 1, tzinfo=UTC)
"""The due time of an unclaimed home: in the past, whatever the writer's clock shows."""
_BATCH_SIZE = 500
"""People per statement."""
_NO_NOTICE = '"notice":""'
"""Part of the JSON of a home without a notice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """One person's App Home: the view they chose (JSON text), and Slack's hash of the published view."""

    person: str
    view: str
    view_hash: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """An out-of-date home that the claiming process may refresh until the lease expires."""

    person: str
    turn: int
    tries: int


class Homes:
    """The App Homes that people have opened, and the outbox of homes to publish again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, person: str) -> Home | None:
        """Return a person's home, or None if they have never opened it."""
        wanted = select(homes.c.person, homes.c.view, homes.c.view_hash)
        async with self._database.reading() as connection:
            found = await connection.execute(wanted.where(homes.c.person == person))
            row = found.one_or_none()
        return Home(person=row.person, view=row.view, view_hash=row.view_hash) if row else None

    async def set_view(self, person: str, view: str, now: datetime) -> None:
        """Store the view that a person has chosen. Safe to repeat."""
        async with self._database.writing(f"home:{person}") as connection:
            known = await connection.execute(
                update(homes).where(homes.c.person == person).values(view=view, opened_at=now)
            )
            if not known.rowcount:
                new = {"person": person, "opened_at": now, "shown_at": DUE_NOW}
                await connection.execute(homes.insert().values(**new, view=view, view_hash=""))

    async def replace_view(self, person: str, was: str, view: str, now: datetime) -> None:
        """Replace a person's view, unless it has changed from `was`. Safe to repeat."""
        async with self._database.writing(f"home:{person}") as connection:
            await connection.execute(
                update(homes)
                .where(homes.c.person == person, homes.c.view == was)
                .values(view=view, opened_at=now)
            )

    async def shown(self, person: str, view_hash: str, now: datetime) -> None:
        """Record that the home was published, with Slack's hash of the view."""
        async with self._database.writing(f"home:{person}") as connection:
            await connection.execute(
                update(homes)
                .where(homes.c.person == person)
                .values(view_hash=view_hash, shown_at=now)
            )

    async def forget(self, person: str) -> None:
        """Remove a home that its owner can no longer see. Safe to repeat."""
        async with self._database.writing(f"home:{person}") as connection:
            await connection.execute(
                delete(home_refreshes).where(home_refreshes.c.person == person)
            )
            await connection.execute(delete(homes).where(homes.c.person == person))

    async def claim(
        self, now: datetime, *, lease: timedelta, rest: timedelta, limit: int
    ) -> tuple[Claim, ...]:
        """Claim up to `limit` out-of-date homes for `lease`, those that are due longest first.

        A home that was published less than `rest` ago is not claimed yet. A claimed home is due
        again when its lease expires, in case the process that claimed it has died.
        """
        due = (
            select(home_refreshes.c.person, home_refreshes.c.turn, home_refreshes.c.tries)
            .join(homes, homes.c.person == home_refreshes.c.person)
            .where(home_refreshes.c.due_at <= now, homes.c.shown_at <= now - rest)
            .order_by(home_refreshes.c.due_at)
            .limit(limit)
        )
        async with self._database.reading() as connection:  # usually there is nothing to claim
            if (await connection.execute(due.limit(1))).first() is None:
                return ()
        async with self._database.writing("home_refreshes") as connection:
            found = [Claim(**row) for row in (await connection.execute(due)).mappings()]
            if found:
                claimed = home_refreshes.c.person.in_([claim.person for claim in found])
                held = update(home_refreshes).where(claimed).values(due_at=now + lease)
                await connection.execute(held)
        return tuple(found)

    async def done(self, claim: Claim) -> None:
        """Record that a claimed home is up to date as of the claim. Later changes are due at once."""
        theirs = home_refreshes.c.person == claim.person
        async with self._database.writing("home_refreshes") as connection:
            await connection.execute(
                delete(home_refreshes).where(theirs, home_refreshes.c.turn == claim.turn)
            )
            await connection.execute(
                update(home_refreshes).where(theirs).values(due_at=DUE_NOW, tries=0)
            )

    async def failed(self, claim: Claim, due_at: datetime) -> None:
        """Release a claim: the home stays out of date and is due again at `due_at`."""
        async with self._database.writing("home_refreshes") as connection:
            await connection.execute(
                update(home_refreshes)
                .where(home_refreshes.c.person == claim.person)
                .values(due_at=due_at, tries=claim.tries + 1)
            )

    async def stale(self) -> tuple[str, ...]:
        """Return the people whose home is out of date."""
        wanted = select(home_refreshes.c.person).order_by(home_refreshes.c.person)
        async with self._database.reading() as connection:
            return tuple(await connection.scalars(wanted))


async def mark_stale(connection: Transaction, people: Iterable[str], at: datetime) -> None:
    """Put the homes of these people into the outbox, if they have opened one.

    Runs in the transaction that stores the change, so that neither exists without the other.
    """
    insert = sqlite.insert if connection.dialect == "sqlite" else postgresql.insert
    named = sorted(set(people))
    for start in range(0, len(named), _BATCH_SIZE):
        theirs = homes.c.person.in_(named[start : start + _BATCH_SIZE])
        new = (literal(at, Instant), literal(1), literal(DUE_NOW, Instant), literal(0))
        refreshes = insert(home_refreshes).from_select(
            ["person", "since", "turn", "due_at", "tries"],
            select(homes.c.person, *new)
            .where(theirs)
            .order_by(homes.c.person),  # always in the same order, to avoid deadlocks
        )
        await connection.execute(
            refreshes.on_conflict_do_update(
                index_elements=[home_refreshes.c.person],
                set_={"turn": home_refreshes.c.turn + 1},
            )
        )


async def forget_notices(connection: Transaction) -> frozenset[str]:
    """Remove the notices at the top of all homes: they quote texts. Return whose homes had one."""
    noticed = select(homes.c.person, homes.c.view).where(~homes.c.view.contains(_NO_NOTICE))
    found = {row.person: row.view for row in await connection.execute(noticed)}
    for person, view in found.items():
        place = json.dumps(
            json.loads(view) | {"notice": ""}, ensure_ascii=False, separators=(",", ":")
        )
        await connection.execute(update(homes).filter_by(person=person).values(view=place))
    return frozenset(found)
