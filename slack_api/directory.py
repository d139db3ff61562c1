"""The Slack directory: typed reads of users, user groups, managers and channel members."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from records.directory import PEOPLE, Directory, KnownGroup
from slack_api.cache import Cache
from slack_api.channels import Channels
from slack_api.concurrently import run_concurrently
from slack_api.errors import slack_code
from slack_api.listing import PAGE_SIZE, Listing
from slack_api.pages import next_cursor
from slack_api.profiles import email_digest, profile_of
from workflows.rules.people.actors import Standing
from workflows.rules.people.profile import Profile

MAX_CONCURRENT_CALLS = 10
"""Slack calls in flight over all reads of a process."""
READ_SINGLY = 10
"""Up to this many people are read one by one; for more, it costs fewer calls to list everyone."""

CURRENT_FOR, FRESH_FOR = timedelta(minutes=1), timedelta(seconds=10)
"""For how long a profile, or a group's members, count as current, and as fresh.

Slack's events keep them current, so an older value is wrong only if an event was lost. A `fresh`
read has a reason to expect a change; requests with the same reason share what the first one read."""
LIST_CURRENT_FOR, LIST_FRESH_FOR = timedelta(minutes=5), timedelta(minutes=1)
"""The same for reads of more people than `READ_SINGLY`."""
MANAGER_FIELD_TTL, CHANNEL_MEMBERS_TTL = 60.0, 60.0
"""Seconds for which the id of the manager field and a channel's members are cached."""
MANAGER_LABEL = "Manager"

_UNKNOWN_USER = frozenset({"user_not_found", "user_not_visible"})
_GROUP_UNREADABLE = frozenset(
    {"no_such_subteam", "missing_scope", "plan_upgrade_required", "permission_denied"}
)
_EMAIL_UNREADABLE = frozenset({"users_not_found", "missing_scope"})
_PROFILE_UNREADABLE = _UNKNOWN_USER | {"missing_scope"}


class UnreadableError(Exception):
    """Slack's response says that this cannot be read. An immediate retry would fail as well."""


class SlackDirectory:
    """Reads the directory of one workspace. All processes share the results.

    If Slack or the database fails, every method raises one of `slack_api.errors.SLACK_FAILURES` or
    `records.database.DATABASE_FAILURES`.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        store: Directory,
        channels: Channels,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._store = store
        self._channels = channels
        self._now = now
        self._listing = Listing(store, PEOPLE, self._read_page, now)
        self._slots = asyncio.Semaphore(MAX_CONCURRENT_CALLS)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._home: tuple[str, str] | None = None
        self._manager_fields: Cache[str, str] = Cache(MANAGER_FIELD_TTL)
        self._channel_members: Cache[str, frozenset[str]] = Cache(CHANNEL_MEMBERS_TTL)

    async def standings(self, people: Iterable[str], *, fresh: bool) -> dict[str, Standing]:
        """Return the standing of each person; UNKNOWN if Slack knows no such user."""
        wanted = tuple(dict.fromkeys(people))
        age = FRESH_FOR if fresh else CURRENT_FOR
        found = await self._known(wanted, self._now() - age)
        if len(wanted) - len(found) > READ_SINGLY:
            since = self._now() - (LIST_FRESH_FOR if fresh else LIST_CURRENT_FOR)
            await self._listing.ensure(since)
            found |= await self._known((person for person in wanted if person not in found), since)
        missing = [person for person in wanted if person not in found]
        since = self._now() - age
        read = await run_concurrently(self._read_standing(person, since) for person in missing)
        found |= zip(missing, read, strict=True)
        return {person: found[person] for person in wanted}

    async def standing(self, person: str, *, fresh: bool) -> Standing:
        """Return the standing of one person; UNKNOWN if Slack knows no such user."""
        return (await self.standings((person,), fresh=fresh))[person]

    async def _known(self, people: Iterable[str], since: datetime) -> dict[str, Standing]:
        """Return the standings that were confirmed since an instant."""
        known = await self._store.people(people)
        return {
            person: found.profile.standing
            for person, found in known.items()
            if found.read_at >= since
        }

    async def _read_standing(self, person: str, since: datetime) -> Standing:
        """Read one user, unless a concurrent caller has read them since."""
        async with self._locks.setdefault(person, asyncio.Lock()):
            if known := await self._known((person,), since):
                return known[person]
            home, read_at = await self.read_home(), self._now()
            try:
                async with self._slots:
                    response = await self._client.users_info(user=person, include_locale=True)
            except SlackApiError as error:
                if slack_code(error) not in _UNKNOWN_USER:
                    raise
                profile = Profile(person=person, standing=Standing.UNKNOWN)
            else:
                profile = profile_of(response["user"], home)
            await self._store.learn([profile], read_at)
            return profile.standing

    async def _read_page(self, cursor: str) -> str:
        home, read_at = await self.read_home(), self._now()
        page = await self._client.users_list(
            include_locale=True, limit=PAGE_SIZE, cursor=cursor or None
        )
        await self._store.learn((profile_of(user, home) for user in page["members"]), read_at)
        return next_cursor(page)

    async def locales(self) -> Mapping[str, str]:
        """Return the locales of all people, by person, after everyone was listed."""
        await self._listing.ensure(self._now() - LIST_CURRENT_FOR)
        return await self._store.locales()

    async def by_email(self, email: str, *, fresh: bool) -> str:
        """Return the id of the user with this e-mail address.

        Raises:
            UnreadableError: no user has it, or the app may not read e-mail addresses.

        """
        known = await self._store.with_email(email_digest(email))
        read_at = self._now()
        if known and known.read_at >= read_at - (FRESH_FOR if fresh else CURRENT_FOR):
            return known.profile.person
        home = await self.read_home()
        with _unreadable_if(_EMAIL_UNREADABLE):
            async with self._slots:
                response = await self._client.users_lookupByEmail(email=email)
        user = response["user"]
        profile = replace(profile_of(user, home), email=email_digest(email))
        await self._store.learn([profile], read_at)
        return profile.person

    async def group(self, named: str, *, fresh: bool) -> tuple[str, ...]:
        """Return the current members of a user group, given its handle or id.

        Raises:
            UnreadableError: there is no such group, or the app may not read it.

        """
        since = self._now() - (FRESH_FOR if fresh else CURRENT_FOR)
        async with self._locks.setdefault(f"group:{named}", asyncio.Lock()):
            known = await self._store.group(named)
            if known is None and not named.startswith("S"):
                group_id = await self.group_id(named)
                known = await self.read_group(group_id, named)
            elif known is None or known.read_at < since:
                group_id, handle = (known.group_id, known.handle) if known else (named, "")
                known = await self.read_group(group_id, handle)
        return known.members

    async def read_group(self, group_id: str, handle: str) -> KnownGroup:
        """Read a group's members now.

        Raises:
            UnreadableError: there is no such group, or the app may not read it.

        """
        read_at = self._now()
        with _unreadable_if(_GROUP_UNREADABLE):
            try:
                async with self._slots:
                    response = await self._client.usergroups_users_list(usergroup=group_id)
            except SlackApiError:
                await self._store.forget_group(group_id)  # its handle may be another group's by now
                raise
        members = tuple(str(member) for member in response["users"])
        group = KnownGroup(group_id=group_id, handle=handle, members=members, read_at=read_at)
        await self._store.learn_group(group)
        return group

    async def group_id(self, handle: str) -> str:
        """Return the id of the group with this handle.

        Raises:
            UnreadableError: there is no such group, or the app may not read groups.

        """
        ids = {str(group["handle"]): str(group["id"]) for group in await self.groups()}
        if handle not in ids:
            raise UnreadableError(handle)
        return ids[handle]

    async def groups(self) -> list[dict[str, Any]]:
        """Return all groups that are not disabled.

        Raises:
            UnreadableError: the app may not read groups.

        """
        with _unreadable_if(_GROUP_UNREADABLE):
            async with self._slots:
                response = await self._client.usergroups_list()
        found: list[dict[str, Any]] = response["usergroups"]
        return found

    async def manager(self, person: str) -> str:
        """Return the *Manager* field of a user's profile; empty if it is not filled in.

        Raises:
            UnreadableError: the app may not read the profile.

        """
        await self.standing(person, fresh=False)  # a change is only seen in a known profile
        with _unreadable_if(_PROFILE_UNREADABLE):
            field = await self.manager_field()
            if not field:
                return ""
            async with self._slots:
                response = await self._client.users_profile_get(user=person)
        manager = field_of(response["profile"], field)
        await self._store.learn_manager(person, manager)
        return manager

    async def manager_field(self) -> str:
        """Return the id of the profile field for managers; empty if there is no such field."""
        return await self._manager_fields.get_or_load(MANAGER_LABEL, self._find_manager_field)

    async def _find_manager_field(self) -> str:
        async with self._slots:
            response = await self._client.team_profile_get()
        matching = (
            str(field["id"])
            for field in response["profile"].get("fields") or ()
            if str(field.get("label", "")).strip().casefold() == MANAGER_LABEL.casefold()
        )
        return next(matching, "")

    async def channel_members(self, channel: str) -> frozenset[str]:
        """Return the member IDs of a channel, given as `#name` or id, at most a minute old."""
        return await self._channel_members.get_or_load(channel, lambda: self._read_members(channel))

    async def _read_members(self, channel: str) -> frozenset[str]:
        members: set[str] = set()
        channel_id, cursor = await self._channels.channel_id(channel), ""
        while True:
            async with self._slots:
                page = await self._client.conversations_members(
                    channel=channel_id, limit=PAGE_SIZE, cursor=cursor or None
                )
            members |= {str(member) for member in page["members"]}
            cursor = next_cursor(page)
            if not cursor:
                return frozenset(members)

    async def read_home(self) -> tuple[str, str]:
        """Return the ids of our own team and enterprise, which never change.

        The enterprise is empty outside an Enterprise Grid.
        """
        async with self._locks.setdefault("home", asyncio.Lock()):
            if self._home is None:
                me = await self._client.auth_test()
                self._home = (str(me["team_id"]), str(me.get("enterprise_id") or ""))
        return self._home


def field_of(profile: Mapping[str, Any], field: str) -> str:
    """Return a custom field of a profile; empty if it is not filled in."""
    fields = profile.get("fields") or {}  # Slack sends null for "no fields"
    return str((fields.get(field) or {}).get("value") or "").strip()


@contextmanager
def _unreadable_if(codes: frozenset[str]) -> Iterator[None]:
    """Raise UnreadableError instead of a Slack error with one of `codes`."""
    try:
        yield
    except SlackApiError as error:
        if slack_code(error) not in codes:
            raise
        raise UnreadableError(slack_code(error)) from error
