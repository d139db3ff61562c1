"""The directory: what Slack last said about people, groups and channels, shared by all processes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, delete, select, update

from records.database import Database
from records.homes import DUE_NOW as NEVER
from records.schema import directory_channels, directory_groups, directory_lists, directory_people
from records.transaction import Transaction
from workflows.rules.people.actors import Standing
from workflows.rules.people.profile import Profile, after_change, matters

PEOPLE, CHANNELS = "people", "channels"
"""The subjects of listings."""
_BATCH_SIZE = 500
"""Ids per statement."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownProfile:
    """A profile, and when Slack confirmed it last."""

    profile: Profile
    read_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownGroup:
    """A user group, and when its members were read last."""

    group_id: str
    handle: str
    members: tuple[str, ...]
    read_at: datetime


class Directory:
    """What Slack last said. Every method is safe to repeat."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def people(self, people: Iterable[str]) -> dict[str, KnownProfile]:
        """Return the known ones of these people."""
        async with self._database.reading() as connection:
            return await _people(connection, sorted(set(people)))

    async def with_email(self, email: str) -> KnownProfile | None:
        """Return the active person whose address has this digest, as read last, or None."""
        people = directory_people.c
        is_theirs = (people.email == email) & (people.standing != Standing.DEACTIVATED)
        wanted = select(directory_people).where(is_theirs).order_by(people.read_at.desc()).limit(1)
        async with self._database.reading() as connection:
            row = (await connection.execute(wanted)).mappings().first()
        return _profile(row) if row else None

    async def locales(self) -> dict[str, str]:
        """Return the known locales of all people."""
        wanted = select(directory_people.c.person, directory_people.c.locale)
        async with self._database.reading() as connection:
            found = await connection.execute(wanted.where(directory_people.c.locale != ""))
            return {row.person: row.locale for row in found}

    async def learn(self, profiles: Iterable[Profile], now: datetime) -> frozenset[str]:
        """Store what Slack says now; return the people that the change affects.

        An older report than the stored one changes only the time of the reading.
        """
        new = {profile.person: profile for profile in profiles}
        async with self._database.writing("directory") as connection:
            known = await _people(connection, sorted(new))
            old = {person: found.profile for person, found in known.items()}
            kept = {person: after_change(old.get(person), new[person]) for person in new}
            rows = [asdict(profile) | {"read_at": now} for profile in kept.values()]
            await connection.upsert(directory_people, rows)
        return frozenset(person for person in new if matters(old.get(person), kept[person]))

    async def learn_manager(self, person: str, manager: str) -> bool:
        """Store a person's manager; return whether it differs from the stored one."""
        theirs = directory_people.c.person == person
        async with self._database.writing("directory") as connection:
            known = await connection.scalar(select(directory_people.c.manager).where(theirs))
            await connection.execute(update(directory_people).where(theirs).values(manager=manager))
        return bool(known != manager)

    async def group(self, named: str) -> KnownGroup | None:
        """Return the group with this handle or id that was read last."""
        groups = directory_groups.c
        wanted = select(directory_groups).where(
            (groups.handle == named) | (groups.group_id == named)
        )
        async with self._database.reading() as connection:
            found = await connection.execute(wanted.order_by(groups.read_at.desc()).limit(1))
            row = found.first()
        if row is None:
            return None
        return KnownGroup(
            group_id=row.group_id,
            handle=row.handle,
            members=tuple(row.members),
            read_at=row.read_at,
        )

    async def learn_group(self, group: KnownGroup) -> bool:
        """Store a group and its members; return whether either has changed.

        A reading that began before the stored one, or before the last change, changes nothing.
        """
        async with self._database.writing("directory") as connection:
            theirs = directory_groups.c.group_id == group.group_id
            row = (await connection.execute(select(directory_groups).where(theirs))).first()
            if row is not None and max(row.read_at, row.changed_at) > group.read_at:
                return False
            changed_at = row.changed_at if row else NEVER
            new = asdict(group) | {"members": [*group.members], "changed_at": changed_at}
            await connection.upsert(directory_groups, [new])
        return row is None or (row.handle, set(row.members)) != (group.handle, {*group.members})

    async def group_changed(self, group_id: str, now: datetime, handle: str = "") -> str:
        """Record that a group has changed and must be read again; return its handle, if known."""
        theirs = directory_groups.c.group_id == group_id
        async with self._database.writing("directory") as connection:
            known = await connection.scalar(select(directory_groups.c.handle).where(theirs))
            handle = handle or known or ""
            changed: dict[str, object] = {
                "group_id": group_id,
                "handle": handle,
                "members": [],
                "read_at": NEVER,
                "changed_at": now,
            }
            await connection.upsert(directory_groups, [changed])
        return handle

    async def forget_group(self, named: str) -> None:
        """Forget a group, by its handle or id: it is read again when it is needed."""
        groups = directory_groups.c
        async with self._database.writing("directory") as connection:
            await connection.execute(
                delete(directory_groups).where(
                    (groups.handle == named) | (groups.group_id == named)
                )
            )

    async def channel_named(self, name: str) -> str:
        """Return the id of the channel with this name; empty if none is known."""
        channels = directory_channels.c
        wanted = select(channels.channel).where(channels.name == name)
        async with self._database.reading() as connection:
            newest = wanted.order_by(channels.read_at.desc()).limit(1)
            return await connection.scalar(newest) or ""

    async def learn_channels(self, names: Mapping[str, str], now: datetime) -> None:
        """Store the names of channels, by id."""
        rows = [
            {"channel": channel, "name": name, "read_at": now} for channel, name in names.items()
        ]
        async with self._database.writing("directory") as connection:
            await connection.upsert(directory_channels, rows)

    async def forget_channel(self, channel: str) -> None:
        """Forget a channel, which was archived or deleted, or which cannot be used."""
        theirs = directory_channels.c.channel == channel
        async with self._database.writing("directory") as connection:
            await connection.execute(delete(directory_channels).where(theirs))

    async def listed_at(self, subject: str) -> datetime:
        """Return when the last complete listing of a subject was started."""
        wanted = select(directory_lists.c.completed_at).where(directory_lists.c.subject == subject)
        async with self._database.reading() as connection:
            return await connection.scalar(wanted) or NEVER

    async def claim_list(
        self, subject: str, now: datetime, *, since: datetime, lease: timedelta
    ) -> str | None:
        """Claim the next page of a listing and return its cursor; None if another process has it.

        An interrupted listing of any process continues, unless it is older than `since`.
        """
        lists = directory_lists.c
        async with self._database.writing("directory") as connection:
            found = await connection.execute(
                select(directory_lists).where(lists.subject == subject)
            )
            row = found.first()
            if row is not None and row.held_until > now:
                return None
            cursor = row.cursor if row and row.started_at >= since else ""
            held = {
                "subject": subject,
                "cursor": cursor,
                "started_at": row.started_at if row and cursor else now,
                "completed_at": row.completed_at if row else NEVER,
                "held_until": now + lease,
            }
            await connection.upsert(directory_lists, [held])
        return cursor

    async def page_listed(self, subject: str, following: str) -> None:
        """Record that a page is stored, and the cursor of the page that follows; empty at the end.

        Channels that a complete listing does not name are archived or deleted, and are forgotten.
        """
        lists = directory_lists.c
        theirs = lists.subject == subject
        values: dict[str, object] = {"cursor": following, "held_until": NEVER}
        async with self._database.writing("directory") as connection:
            if not following:
                values["completed_at"] = lists.started_at
                started = await connection.scalar(select(lists.started_at).where(theirs))
                if subject == CHANNELS:
                    gone = directory_channels.c.read_at < started
                    await connection.execute(delete(directory_channels).where(gone))
            await connection.execute(update(directory_lists).where(theirs).values(values))

    async def page_failed(self, subject: str, cursor: str) -> None:
        """Let the next process read the page at `cursor`."""
        theirs = directory_lists.c.subject == subject
        values = {"cursor": cursor, "held_until": NEVER}
        async with self._database.writing("directory") as connection:
            await connection.execute(update(directory_lists).where(theirs).values(values))


async def _people(connection: Transaction, people: Sequence[str]) -> dict[str, KnownProfile]:
    found: dict[str, KnownProfile] = {}
    for start in range(0, len(people), _BATCH_SIZE):
        theirs = directory_people.c.person.in_(people[start : start + _BATCH_SIZE])
        rows = await connection.execute(select(directory_people).where(theirs))
        found |= {row["person"]: _profile(row) for row in rows.mappings()}
    return found


def _profile(row: RowMapping) -> KnownProfile:
    columns: dict[str, object] = {**row}
    read_at = columns.pop("read_at")
    columns["standing"] = Standing(str(columns["standing"]))
    return KnownProfile(profile=Profile(**columns), read_at=read_at)  # type: ignore[arg-type]
