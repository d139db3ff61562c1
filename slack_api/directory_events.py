"""What Slack's events say about people and groups, and whether it can affect who may decide."""

import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from records.directory import Directory, KnownGroup
from slack_api.directory import SlackDirectory, UnreadableError, field_of
from slack_api.profiles import profile_of
from views.payload import text_at, texts_at


class DirectoryEvents:
    """Keeps the directory current. Every method is safe to repeat.

    If a call fails, every method raises one of `slack_api.errors.SLACK_FAILURES`.
    """

    def __init__(
        self, directory: SlackDirectory, store: Directory, now: Callable[[], datetime]
    ) -> None:
        self._directory = directory
        self._store = store
        self._now = now

    async def user_changed(self, user: dict[str, Any]) -> bool:
        """Learn from `user_change`; return whether it can affect who may decide.

        The event has the whole profile, so there is usually no call. Only for a person whose manager
        was read before, and if the event has no custom fields, the manager is read.
        """
        profile = profile_of(user, await self._directory.read_home())
        matters = await self._store.learn([profile], self._now())
        known = (await self._store.people([profile.person]))[profile.person].profile
        if matters or known.manager is None:
            return bool(matters)
        fields = (user.get("profile") or {}).get("fields")
        try:
            if not fields:
                return await self._directory.manager(profile.person) != known.manager
            manager = field_of(user["profile"], await self._directory.manager_field())
        except UnreadableError:
            return True
        return await self._store.learn_manager(profile.person, manager)

    async def group_changed(self, subteam: Mapping[str, Any]) -> bool:
        """Learn from `subteam_created` and `subteam_updated`; return whether it matters."""
        group_id = text_at(subteam, "id")
        handle = text_at(subteam, "handle")
        if subteam.get("date_delete") or "users" not in subteam:
            await self._store.group_changed(group_id, self._now(), handle)
            return True
        group = KnownGroup(
            group_id=group_id,
            handle=handle,
            members=texts_at(subteam, "users"),
            read_at=self._now(),
        )
        return await self._store.learn_group(group)

    async def members_changed(self, group_id: str) -> str:
        """Learn from `subteam_members_changed`; return the group's handle, which the event lacks.

        The next request that needs the members reads them again, for all requests: the event's own list could
        be overtaken by another event's. The handle is empty if Slack does not list the group.
        """
        handle = await self._store.group_changed(group_id, self._now())
        with contextlib.suppress(UnreadableError):
            handle = handle or await self._handle_of(group_id)
        return handle

    async def _handle_of(self, group_id: str) -> str:
        groups = await self._directory.groups()
        return next((str(group["handle"]) for group in groups if group["id"] == group_id), "")
