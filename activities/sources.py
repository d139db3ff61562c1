"""One reading's sources: whom each names, and every person and manager asked for only once."""

import asyncio
import math
import re
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from slack_api.cache import Cache
from slack_api.directory import SlackDirectory, UnreadableError
from workflows.rules.people.actors import ApproverSource, ManagedBy, SourceKind, Standing
from workflows.rules.shared.ids import MEMBER_ID

Answer = TypeVar("Answer")


class Sources:
    """What one reading has asked so far. `managers` is the table for who has none in Slack.

    A `fresh` reading takes nobody's standing from an earlier one.
    """

    def __init__(
        self, roster: SlackDirectory, requester: str, managers: Iterable[ManagedBy], *, fresh: bool
    ) -> None:
        self._roster = roster
        self._fresh = fresh
        self._requester = requester
        self._table = {one.person: one.manager for one in managers}
        self._standings: Cache[str, Standing] = Cache(math.inf)
        self._managers: Cache[str, str] = Cache(math.inf)

    async def people(self, source: ApproverSource) -> tuple[str, ...] | None:
        """Return whom a source names; None where Slack does not say."""
        try:
            match source.kind:
                case SourceKind.USER:
                    return (source.value,)
                case SourceKind.EMAIL:
                    return (await self._by_email(source.value),)
                case SourceKind.GROUP:
                    return await self._roster.group(source.value)
                case SourceKind.MANAGER:
                    return (await self._manager_up(int(source.value)),)
        except UnreadableError:
            return None

    async def standing(self, person: str) -> Standing:
        """Return a person's standing; Slack is asked once, however many sources name them."""
        return await self._standings.recall(
            person, lambda: self._roster.standing(person, fresh=self._fresh)
        )

    async def _by_email(self, email: str) -> str:
        person, standing = await self._roster.by_email(email)
        self._standings.put(person, standing)  # Slack has told all of it already
        return person

    async def _manager_up(self, steps: int) -> str:
        """Walk up from the requester, so many steps. Nobody is above themselves."""
        line = [self._requester]
        for _ in range(steps):
            line.append(await self._manager_of(line[-1]))
        if len(set(line)) < len(line):
            raise UnreadableError("a circle of managers")
        return line[-1]

    async def _manager_of(self, person: str) -> str:
        """Return the manager whom the profile names, or else the table."""
        filled_in = await self._managers.recall(person, lambda: self._roster.manager(person))
        manager = filled_in or self._table.get(person, "")
        if not re.fullmatch(MEMBER_ID, manager):
            raise UnreadableError(f"no manager of {person}")
        return manager


async def together(calls: Iterable[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """Await all of them at once. Where one fails, that is raised, and none of the others runs on."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
