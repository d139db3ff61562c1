"""App Homes: who has opened theirs, what they look at there, and whose is behind the facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from records.columns import Instant
from records.database import Database
from records.schema import home_refreshes, homes
from records.transaction import Transaction

AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)
"""When a home falls due that nobody has in hand: always over, whatever the writer's clock says."""
_TOGETHER = 500
"""People named in one statement."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """One person's App Home: what they look at (JSON text), and Slack's hash of what it shows."""

    person: str
    view: str
    view_hash: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A home that is behind, in the claimer's hands until its time is over."""

    person: str
    turn: int
    tries: int


class Homes:
    """The App Homes that people have opened, and the outbox of those to be shown anew."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, person: str) -> Home | None:
        """Return a person's home; None where they have never opened it."""
        wanted = select(homes.c.person, homes.c.view, homes.c.view_hash)
        async with self._database.reading() as connection:
            found = await connection.execute(wanted.where(homes.c.person == person))
            row = found.one_or_none()
        return Home(person=row.person, view=row.view, view_hash=row.view_hash) if row else None

    async def set_view(self, person: str, view: str, now: datetime) -> None:
        """Note what a person looks at from now on. Safe to repeat."""
        async with self._database.writing(f"home:{person}") as connection:
            known = await connection.execute(
                update(homes).where(homes.c.person == person).values(view=view, opened_at=now)
            )
            if not known.rowcount:
                new = {"person": person, "opened_at": now, "shown_at": AT_ONCE}
                await connection.execute(homes.insert().values(**new, view=view, view_hash=""))

    async def replace_view(self, person: str, was: str, view: str, now: datetime) -> None:
        """Note what a person looks at, unless they have moved on from what it `was`. Safe to repeat."""
        async with self._database.writing(f"home:{person}") as connection:
            await connection.execute(
                update(homes)
                .where(homes.c.person == person, homes.c.view == was)
                .values(view=view, opened_at=now)
            )

    async def shown(self, person: str, view_hash: str, now: datetime) -> None:
        """Note that Slack shows the home anew, and its hash of that."""
        async with self._database.writing(f"home:{person}") as connection:
            await connection.execute(
                update(homes)
                .where(homes.c.person == person)
                .values(view_hash=view_hash, shown_at=now)
            )

    async def forget(self, person: str) -> None:
        """Let go of a home: nobody can see it any more. Safe to repeat."""
        async with self._database.writing(f"home:{person}") as connection:
            await connection.execute(
                delete(home_refreshes).where(home_refreshes.c.person == person)
            )
            await connection.execute(delete(homes).where(homes.c.person == person))

    async def claim(
        self, now: datetime, *, lease: timedelta, rest: timedelta, limit: int
    ) -> tuple[Claim, ...]:
        """Take homes that are behind into one's hands for `lease`, the longest due first.

        One that was shown less than `rest` ago is left for later. Nobody else gets a claimed one
        before its lease is over; then it is due again, in case its claimer has died.
        """
        due = (
            select(home_refreshes.c.person, home_refreshes.c.turn, home_refreshes.c.tries)
            .join(homes, homes.c.person == home_refreshes.c.person)
            .where(home_refreshes.c.due_at <= now, homes.c.shown_at <= now - rest)
            .order_by(home_refreshes.c.due_at)
            .limit(limit)
        )
        async with self._database.reading() as connection:  # mostly there is nothing to write
            if (await connection.execute(due.limit(1))).first() is None:
                return ()
        async with self._database.writing("home_refreshes") as connection:
            found = [Claim(**row) for row in (await connection.execute(due)).mappings()]
            if found:
                mine = home_refreshes.c.person.in_([one.person for one in found])
                held = update(home_refreshes).where(mine).values(due_at=now + lease)
                await connection.execute(held)
        return tuple(found)

    async def done(self, claim: Claim) -> None:
        """Note that a claimed home shows everything up to the claim; what came since is due again."""
        theirs = home_refreshes.c.person == claim.person
        async with self._database.writing("home_refreshes") as connection:
            await connection.execute(
                delete(home_refreshes).where(theirs, home_refreshes.c.turn == claim.turn)
            )
            await connection.execute(
                update(home_refreshes).where(theirs).values(due_at=AT_ONCE, tries=0)
            )

    async def failed(self, claim: Claim, due_at: datetime) -> None:
        """Give a claimed home back: it stays behind and is due again at `due_at`."""
        async with self._database.writing("home_refreshes") as connection:
            await connection.execute(
                update(home_refreshes)
                .where(home_refreshes.c.person == claim.person)
                .values(due_at=due_at, tries=claim.tries + 1)
            )

    async def behind(self) -> tuple[str, ...]:
        """Return whose home is behind."""
        wanted = select(home_refreshes.c.person).order_by(home_refreshes.c.person)
        async with self._database.reading() as connection:
            return tuple(await connection.scalars(wanted))


async def mark_stale(connection: Transaction, people: Iterable[str], at: datetime) -> None:
    """Put the homes of these people, as far as they have opened one, into the outbox.

    The caller's transaction holds what has changed at that instant: both are there, or neither.
    """
    insert = sqlite.insert if connection.dialect == "sqlite" else postgresql.insert
    named = sorted(set(people))
    for start in range(0, len(named), _TOGETHER):
        theirs = homes.c.person.in_(named[start : start + _TOGETHER])
        new = (literal(at, Instant), literal(1), literal(AT_ONCE, Instant), literal(0))
        behind = insert(home_refreshes).from_select(
            ["person", "since", "turn", "due_at", "tries"],
            select(homes.c.person, *new)
            .where(theirs)
            .order_by(homes.c.person),  # in one order: no deadlocks
        )
        await connection.execute(
            behind.on_conflict_do_update(
                index_elements=[home_refreshes.c.person],
                set_={"turn": home_refreshes.c.turn + 1},
            )
        )
