"""Reads approver sources within one directory reading: each user and manager is read only once."""

import asyncio
import math
import re
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from slack_api.cache import Cache
from slack_api.directory import SlackDirectory, UnreadableError
from workflows.rules.people.actors import ApproverSource, ManagedBy, SourceKind, Standing
from workflows.rules.shared.ids import MEMBER_ID

Result = TypeVar("Result")


class SourceReader:
    """Reads the sources of one directory reading.

    `managers` lists managers of people whose Slack profile names none. A `fresh` reading uses
    no standing that an earlier reading cached.
    """

    def __init__(
        self,
        directory: SlackDirectory,
        requester: str,
        managers: Iterable[ManagedBy],
        *,
        fresh: bool,
    ) -> None:
        self._directory = directory
        self._fresh = fresh
        self._requester = requester
        self._table = {row.person: row.manager for row in managers}
        self._standings: Cache[str, Standing] = Cache(math.inf)
        self._managers: Cache[str, str] = Cache(math.inf)

    async def people(self, source: ApproverSource) -> tuple[str, ...] | None:
        """Return the people that a source names, or None if Slack does not reveal them."""
        try:
            match source.kind:
                case SourceKind.USER:
                    return (source.value,)
                case SourceKind.EMAIL:
                    return (await self._by_email(source.value),)
                case SourceKind.GROUP:
                    return await self._directory.group(source.value)
                case SourceKind.MANAGER:
                    return (await self._manager_up(int(source.value)),)
        except UnreadableError:
            return None

    async def standing(self, person: str) -> Standing:
        """Return a person's standing. It is read once, however many sources name the person."""
        return await self._standings.get_or_load(
            person, lambda: self._directory.standing(person, fresh=self._fresh)
        )

    async def _by_email(self, email: str) -> str:
        person, standing = await self._directory.by_email(email)
        self._standings.put(person, standing)  # the response included the whole user object
        return person

    async def _manager_up(self, steps: int) -> str:
        """Return the manager `steps` levels above the requester. A circle of managers is unreadable."""
        line = [self._requester]
        for _ in range(steps):
            line.append(await self._manager_of(line[-1]))
        if len(set(line)) < len(line):
            raise UnreadableError("a circle of managers")
        return line[-1]

    async def _manager_of(self, person: str) -> str:
        """Return the manager from the person's profile, or else from the table."""
        from_profile = await self._managers.get_or_load(
            person, lambda: self._directory.manager(person)
        )
        manager = from_profile or self._table.get(person, "")
        if not re.fullmatch(MEMBER_ID, manager):
            raise UnreadableError(f"no manager of {person}")
        return manager


async def run_concurrently(calls: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Await all calls. If one fails, cancel the others and raise its exception."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
