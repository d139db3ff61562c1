"""Reads approver sources within one directory reading: each manager is read only once."""

import math
import re
from collections.abc import Iterable

from slack_api.cache import Cache
from slack_api.directory import SlackDirectory, UnreadableError
from workflows.rules.people.actors import ApproverSource, ManagedBy, SourceKind, Standing
from workflows.rules.shared.ids import MEMBER_ID


class SourceReader:
    """Reads the sources of one directory reading.

    `managers` lists managers of people whose Slack profile names none. A `fresh` reading has a reason
    to expect a change.
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
        self._managers: Cache[str, str] = Cache(math.inf)

    async def people(self, source: ApproverSource) -> tuple[str, ...] | None:
        """Return the people that a source names, or None if Slack does not reveal them."""
        try:
            match source.kind:
                case SourceKind.USER:
                    return (source.value,)
                case SourceKind.EMAIL:
                    return (await self._directory.by_email(source.value, fresh=self._fresh),)
                case SourceKind.GROUP:
                    return await self._directory.group(source.value, fresh=self._fresh)
                case SourceKind.MANAGER:
                    return (await self._manager_up(int(source.value)),)
        except UnreadableError:
            return None

    async def standings(self, people: Iterable[str]) -> dict[str, Standing]:
        """Return the standing of each person."""
        return await self._directory.standings(people, fresh=self._fresh)

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
