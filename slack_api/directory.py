"""The Slack directory: typed reads of users, user groups, profiles and channel members."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_api.cache import Cache
from slack_api.errors import slack_code
from slack_api.poster import Poster
from workflows.rules.people.actors import Standing

MAX_CONCURRENT_CALLS = 10
"""Slack calls in flight over all reads. A large group needs one call for each of its members."""

GROUP_ID_TTL, MANAGER_FIELD_TTL, CHANNEL_MEMBERS_TTL = 60.0, 60.0, 10.0
"""Seconds for which a group's id, the id of the manager field and a channel's members are cached.

The members of a user group are read every time: the usual reason for a read is that someone left."""

STANDING_TTL = 30.0
"""Seconds for which a user's standing is cached, unless the caller needs a fresh one.

Requests of the same hour name the same people, and a failed attempt is repeated soon."""

MANAGER_LABEL = "Manager"

_UNKNOWN_USER = frozenset({"user_not_found", "user_not_visible"})
_MEMBER_FLAGS = ("is_bot", "is_restricted", "is_ultra_restricted")
"""Flags that Slack sets for every member. If one is missing, the user's standing is unknown.
`deleted` may be missing."""

_GROUP_UNREADABLE = frozenset(
    {"no_such_subteam", "missing_scope", "plan_upgrade_required", "permission_denied"}
)
_EMAIL_UNREADABLE = frozenset({"users_not_found", "missing_scope"})
_PROFILE_UNREADABLE = _UNKNOWN_USER | {"missing_scope"}


class UnreadableError(Exception):
    """Slack's response says that this cannot be read. An immediate retry would fail as well."""


class SlackDirectory:
    """Reads the directory of one workspace.

    If a call fails, every method raises one of `slack_api.errors.SLACK_FAILURES`.
    """

    def __init__(self, client: AsyncWebClient, poster: Poster) -> None:
        self._client = client
        self._poster = poster
        self._slots = asyncio.Semaphore(MAX_CONCURRENT_CALLS)
        self._home: tuple[str, str] | None = None
        self._home_lock = asyncio.Lock()
        self._group_ids: Cache[str, str] = Cache(GROUP_ID_TTL)
        self._manager_fields: Cache[str, str] = Cache(MANAGER_FIELD_TTL)
        self._channel_members: Cache[str, frozenset[str]] = Cache(CHANNEL_MEMBERS_TTL)
        self._standings: Cache[str, Standing] = Cache(STANDING_TTL)

    async def standing(self, person: str, *, fresh: bool) -> Standing:
        """Return a user's standing, from the cache unless it must be `fresh`.

        UNKNOWN if Slack knows no such user.
        """
        read = self._standings.reload if fresh else self._standings.get_or_load
        return await read(person, lambda: self._read_standing(person))

    async def _read_standing(self, person: str) -> Standing:
        home = await self._read_home()
        try:
            async with self._slots:
                response = await self._client.users_info(user=person)
        except SlackApiError as error:
            if slack_code(error) not in _UNKNOWN_USER:
                raise
            return Standing.UNKNOWN
        return standing(response["user"], home)

    async def by_email(self, email: str) -> tuple[str, Standing]:
        """Return the id and standing of the user with this e-mail address.

        Raises:
            UnreadableError: no user has it, or the app may not read e-mail addresses.

        """
        home = await self._read_home()
        with _unreadable_if(_EMAIL_UNREADABLE):
            async with self._slots:
                started_at = monotonic()
                response = await self._client.users_lookupByEmail(email=email)
        person, known = str(response["user"]["id"]), standing(response["user"], home)
        self._standings.put(person, known, started_at)
        return person, known

    async def group(self, named: str) -> tuple[str, ...]:
        """Return the current members of a user group, given its handle or id.

        Raises:
            UnreadableError: there is no such group, or the app may not read it.

        """
        with _unreadable_if(_GROUP_UNREADABLE):
            group = named if named.startswith("S") else await self._group_id(named)
            try:
                async with self._slots:
                    response = await self._client.usergroups_users_list(usergroup=group)
            except SlackApiError:
                self._group_ids.invalidate(named)  # the handle may belong to another group by now
                raise
        return tuple(str(member) for member in response["users"])

    async def _group_id(self, handle: str) -> str:
        return await self._group_ids.get_or_load(handle, lambda: self._find_group(handle))

    async def _find_group(self, handle: str) -> str:
        async with self._slots:
            response = await self._client.usergroups_list()
        matching = (
            str(group["id"]) for group in response["usergroups"] if group["handle"] == handle
        )
        found = next(matching, "")
        if not found:
            raise UnreadableError(handle)
        return found

    async def manager(self, person: str) -> str:
        """Return the *Manager* field of a user's profile; empty if it is not filled in.

        Raises:
            UnreadableError: the app may not read the profile.

        """
        with _unreadable_if(_PROFILE_UNREADABLE):
            field = await self._manager_field()
            if not field:
                return ""
            async with self._slots:
                response = await self._client.users_profile_get(user=person)
        fields = response["profile"].get("fields") or {}  # Slack sends null for "no fields"
        return str((fields.get(field) or {}).get("value") or "").strip()

    async def _manager_field(self) -> str:
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
        """Return the member IDs of a channel, given as `#name` or id, at most 10 seconds old."""
        return await self._channel_members.get_or_load(channel, lambda: self._read_members(channel))

    async def _read_members(self, channel: str) -> frozenset[str]:
        members: set[str] = set()
        channel_id, cursor = await self._poster.channel_id(channel), ""
        while True:
            async with self._slots:
                page = await self._client.conversations_members(
                    channel=channel_id, limit=1000, cursor=cursor or None
                )
            members |= {str(member) for member in page["members"]}
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return frozenset(members)

    async def _read_home(self) -> tuple[str, str]:
        """Return the ids of our own team and enterprise, which never change.

        The enterprise is empty outside an Enterprise Grid.
        """
        async with self._home_lock:
            if self._home is None:
                me = await self._client.auth_test()
                self._home = (str(me["team_id"]), str(me.get("enterprise_id") or ""))
        return self._home


@contextmanager
def _unreadable_if(codes: frozenset[str]) -> Iterator[None]:
    """Raise UnreadableError instead of a Slack error with one of `codes`."""
    try:
        yield
    except SlackApiError as error:
        if slack_code(error) not in codes:
            raise
        raise UnreadableError(slack_code(error)) from error


def standing(user: dict[str, Any], home: tuple[str, str]) -> Standing:
    """Return a user's standing, given Slack's user object (docs.slack.dev, the user object).

    Fails closed: only a user who is clearly a full member of our own workspace or Grid is ACTIVE.
    """
    if user.get("deleted"):
        return Standing.DEACTIVATED
    if user.get("is_bot") or user.get("is_workflow_bot") or user.get("id") == "USLACKBOT":
        return Standing.BOT
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Standing.GUEST
    if user.get("is_stranger") or not _is_at_home(user, home):
        return Standing.STRANGER
    if any(user.get(flag) is not False for flag in _MEMBER_FLAGS):
        return Standing.UNKNOWN
    return Standing.ACTIVE


def _is_at_home(user: dict[str, Any], home: tuple[str, str]) -> bool:
    team, enterprise = home
    if team and user.get("team_id") == team:
        return True
    grid = user.get("enterprise_user")
    return bool(enterprise and isinstance(grid, dict) and grid.get("enterprise_id") == enterprise)
