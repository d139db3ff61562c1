"""The roster: Slack's calls about people, groups, profiles and members, each one typed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_api.cache import Cache
from slack_api.errors import slack_code
from slack_api.posting import Poster
from workflows.rules.people.actors import Standing

AT_ONCE = 10
"""Calls under way at one time, over all readings: a large group asks for everybody in it."""

HANDLES_KEPT, FIELD_KEPT, MEMBERS_KEPT = 60.0, 60.0, 10.0
"""Seconds for which a group's handle, the manager's field, a channel's members are not read again.

A group's members are read each time: that somebody left it is why it is read again."""

STANDINGS_KEPT = 30.0
"""Seconds for which a person's standing is not read again, unless the reading is to be fresh.

Many requests of one hour name the same people, and a try that failed is soon repeated."""

MANAGER_LABEL = "Manager"

_NOBODY = frozenset({"user_not_found", "user_not_visible"})
_TOLD_OF_MEMBERS = ("is_bot", "is_restricted", "is_ultra_restricted")
"""Slack says these of every member. Where one is missing, nothing is known; `deleted` may be."""

_REFUSED_GROUP = frozenset(
    {"no_such_subteam", "missing_scope", "plan_upgrade_required", "permission_denied"}
)
_REFUSED_EMAIL = frozenset({"users_not_found", "missing_scope"})
_REFUSED_PROFILE = _NOBODY | {"missing_scope"}


class UnreadableError(Exception):
    """Slack answered, and the answer is that this cannot be read: asking again at once is no use."""


class SlackDirectory:
    """Slack's answers. Where Slack cannot be asked, what `slack_errors.SLACK_FAILURES` lists."""

    def __init__(self, client: AsyncWebClient, poster: Poster) -> None:
        self._client = client
        self._poster = poster
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._home: tuple[str, str] | None = None
        self._home_is_read = asyncio.Lock()
        self._handles: Cache[str, str] = Cache(HANDLES_KEPT)
        self._field: Cache[str, str] = Cache(FIELD_KEPT)
        self._inside: Cache[str, frozenset[str]] = Cache(MEMBERS_KEPT)
        self._standings: Cache[str, Standing] = Cache(STANDINGS_KEPT)

    async def standing(self, person: str, *, fresh: bool) -> Standing:
        """Say what Slack knows of a person, or knew a moment ago where it need not be `fresh`.

        UNKNOWN where there is no such member.
        """
        ask = self._standings.renew if fresh else self._standings.recall
        return await ask(person, lambda: self._read_standing(person))

    async def _read_standing(self, person: str) -> Standing:
        home = await self._read_home()
        try:
            async with self._gate:
                answer = await self._client.users_info(user=person)
        except SlackApiError as error:
            if slack_code(error) not in _NOBODY:
                raise
            return Standing.UNKNOWN
        return standing(answer["user"], home)

    async def by_email(self, email: str) -> tuple[str, Standing]:
        """Return who has this e-mail, with their standing. Raises UnreadableError: nobody has."""
        home = await self._read_home()
        with _refusals(_REFUSED_EMAIL):
            async with self._gate:
                asked_at = monotonic()
                answer = await self._client.users_lookupByEmail(email=email)
        person, known = str(answer["user"]["id"]), standing(answer["user"], home)
        self._standings.put(person, known, asked_at)
        return person, known

    async def group(self, named: str) -> tuple[str, ...]:
        """Return a group's members now, by its handle or id. Raises UnreadableError."""
        with _refusals(_REFUSED_GROUP):
            group = named if named.startswith("S") else await self._group_id(named)
            try:
                async with self._gate:
                    answer = await self._client.usergroups_users_list(usergroup=group)
            except SlackApiError:
                self._handles.forget(named)  # it may stand for another group by now
                raise
        return tuple(str(one) for one in answer["users"])

    async def _group_id(self, handle: str) -> str:
        return await self._handles.recall(handle, lambda: self._find_group(handle))

    async def _find_group(self, handle: str) -> str:
        async with self._gate:
            answer = await self._client.usergroups_list()
        named = (str(group["id"]) for group in answer["usergroups"] if group["handle"] == handle)
        found = next(named, "")
        if not found:
            raise UnreadableError(handle)
        return found

    async def manager(self, person: str) -> str:
        """Return what the profile's field *Manager* says; empty where nothing is filled in.

        Raises UnreadableError where the profile may not be read.
        """
        with _refusals(_REFUSED_PROFILE):
            field = await self._manager_field()
            if not field:
                return ""
            async with self._gate:
                answer = await self._client.users_profile_get(user=person)
        filled_in = answer["profile"].get("fields") or {}  # Slack's own word for none is null
        return str((filled_in.get(field) or {}).get("value") or "").strip()

    async def _manager_field(self) -> str:
        """Return the id of the profile's field for managers; empty where there is none."""
        return await self._field.recall(MANAGER_LABEL, self._find_manager_field)

    async def _find_manager_field(self) -> str:
        async with self._gate:
            answer = await self._client.team_profile_get()
        named = (
            str(field["id"])
            for field in answer["profile"].get("fields") or ()
            if str(field.get("label", "")).strip().casefold() == MANAGER_LABEL.casefold()
        )
        return next(named, "")

    async def channel_members(self, channel: str) -> frozenset[str]:
        """Return the ids of the members of `#name` or an id, at most some seconds old."""
        return await self._inside.recall(channel, lambda: self._read_members(channel))

    async def _read_members(self, channel: str) -> frozenset[str]:
        found: set[str] = set()
        place, cursor = await self._poster.channel_id(channel), ""
        while True:
            async with self._gate:
                page = await self._client.conversations_members(
                    channel=place, limit=1000, cursor=cursor or None
                )
            found |= {str(one) for one in page["members"]}
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return frozenset(found)

    async def _read_home(self) -> tuple[str, str]:
        """Return the ids of our own team and enterprise ("" outside a Grid); they never change."""
        async with self._home_is_read:
            if self._home is None:
                me = await self._client.auth_test()
                self._home = (str(me["team_id"]), str(me.get("enterprise_id") or ""))
        return self._home


@contextmanager
def _refusals(codes: frozenset[str]) -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        if slack_code(error) not in codes:
            raise
        raise UnreadableError(slack_code(error)) from error


def standing(user: dict[str, Any], home: tuple[str, str]) -> Standing:
    """Say what Slack's user object makes of a person (docs.slack.dev, the user object).

    Fails closed: who is not plainly a full member of our own workspace or Grid may not decide.
    """
    if user.get("deleted"):
        return Standing.DEACTIVATED
    if user.get("is_bot") or user.get("is_workflow_bot") or user.get("id") == "USLACKBOT":
        return Standing.BOT
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Standing.GUEST
    if user.get("is_stranger") or not _is_at_home(user, home):
        return Standing.STRANGER
    if any(user.get(flag) is not False for flag in _TOLD_OF_MEMBERS):
        return Standing.UNKNOWN
    return Standing.ACTIVE


def _is_at_home(user: dict[str, Any], home: tuple[str, str]) -> bool:
    team, enterprise = home
    if team and user.get("team_id") == team:
        return True
    grid = user.get("enterprise_user")
    return bool(enterprise and isinstance(grid, dict) and grid.get("enterprise_id") == enterprise)
