"""The people of the workspace: who is meant by a source, may they decide, who stands in for them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.sources import Sources, together
from records.absences import Absences
from records.database import Database
from slack_api.cache import Cache
from slack_api.directory import SlackDirectory
from slack_api.errors import SLACK_FAILURES, classify
from slack_api.posting import Poster
from workflows.ports.approvals import DirectoryPort
from workflows.rules.people.actors import (
    Absence,
    ApproverSet,
    ApproverSource,
    DirectoryQuery,
    DirectoryResult,
    Member,
    Standing,
)

ADMINS_KEPT = 60.0
"""Seconds for which the house's admins are not read again, unless the reading is to be fresh: every
reading would cost them twice (usergroups.users.list gives 20 calls a minute), and they decide
nothing."""

STANDS_IN = "stands in"
"""What stands where a source would, for who was asked or is a delegate and no source names."""


class DirectoryActivities(DirectoryPort):
    """The port on a real (or stand-in) Slack. `now` is when a reading is made."""

    def __init__(
        self,
        client: AsyncWebClient,
        database: Database,
        poster: Poster,
        now: Callable[[], datetime],
    ) -> None:
        self._roster = SlackDirectory(client, poster)
        self._absences = Absences(database)
        self._admins: Cache[tuple[ApproverSource, ...], ApproverSet] = Cache(ADMINS_KEPT)
        self._now = now

    @activity.defn
    async def approvers(self, question: DirectoryQuery) -> DirectoryResult:
        """Read everybody whom the question is about, now; see the port.

        A level's first reading may take from memory what was read a moment ago. Each later `turn`
        has a reason (a reminder, an escalation, an admin, what Slack reports): it reads all anew.
        Where Slack asks for patience, the error's first detail says for how many seconds.
        """
        fresh = question.turn > 0
        sources = Sources(self._roster, question.requester, question.managers, fresh=fresh)
        try:
            approvers, admins = await together(
                [
                    self._read(sources, question.sources),
                    self._read_admins(question.admins, fresh=fresh),
                ]
            )
            found = [member.person for member in approvers.members]
            absences = await self._absences.reaching((*found, *question.people), self._now())
            people = await self._stand_ins(sources, question.people, absences)
            outside = await self._outside(question.channel, [*approvers.members, *people])
        except SLACK_FAILURES as error:
            problem = classify(error)
            msg = f"the people could not be read: {problem.code}"
            seconds = problem.retry_after.total_seconds() if problem.retry_after else 0.0
            raise ApplicationError(msg, seconds, type=problem.code) from error
        return DirectoryResult(
            approvers=approvers,
            admins=admins,
            absences=absences,
            people=people,
            outside=outside,
        )

    async def _read(self, sources: Sources, wanted: Sequence[ApproverSource]) -> ApproverSet:
        """Read every source; each person once, by the first source that names them."""
        found = await together(sources.people(one) for one in wanted)
        by_person: dict[str, ApproverSource] = {}
        for source, people in zip(wanted, found, strict=True):
            for person in people or ():
                by_person.setdefault(person, source)
        standings = await together(map(sources.standing, by_person))
        members = tuple(
            Member(person=person, source=str(source), standing=standing)
            for (person, source), standing in zip(by_person.items(), standings, strict=True)
        )
        unreadable = tuple(
            str(source) for source, people in zip(wanted, found, strict=True) if people is None
        )
        return ApproverSet(members=members, read_at=self._now(), unreadable=unreadable)

    async def _read_admins(self, wanted: tuple[ApproverSource, ...], *, fresh: bool) -> ApproverSet:
        ask = self._admins.renew if fresh else self._admins.recall
        return await ask(
            wanted,
            lambda: self._read(Sources(self._roster, "", (), fresh=fresh), wanted),
            lambda found: not found.unreadable,
        )

    async def _stand_ins(
        self, sources: Sources, asked: Iterable[str], absences: Iterable[Absence]
    ) -> tuple[Member, ...]:
        people = dict.fromkeys((*asked, *(one.delegate for one in absences)))
        standings = await together(map(sources.standing, people))
        return tuple(
            Member(person=person, source=STANDS_IN, standing=standing)
            for person, standing in zip(people, standings, strict=True)
        )

    async def _outside(self, channel: str, members: Iterable[Member]) -> tuple[str, ...]:
        """Return who is no member of the card's channel; nobody, where that cannot be read."""
        able = dict.fromkeys(one.person for one in members if one.standing is Standing.ACTIVE)
        if not channel or not able:
            return ()
        try:
            inside = await self._roster.channel_members(channel)
        except SLACK_FAILURES:
            return ()
        return tuple(person for person in able if person not in inside)
