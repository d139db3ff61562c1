"""The directory port: the people a source names, whether they may decide, and their delegates."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.sources import SourceReader
from records.absences import Absences
from slack_api.concurrently import run_concurrently
from slack_api.directory import SlackDirectory
from slack_api.errors import SLACK_FAILURES, classify
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

STANDS_IN = "stands in"
"""The source of a delegate, which no source of the policy names."""


class DirectoryActivities(DirectoryPort):
    """The directory in Slack, and the absences in the database. `now` returns the current time."""

    def __init__(
        self,
        directory: SlackDirectory,
        absences: Absences,
        now: Callable[[], datetime],
    ) -> None:
        self._directory = directory
        self._absences = absences
        self._now = now

    @activity.defn
    async def approvers(self, question: DirectoryQuery) -> DirectoryResult:
        """Read everyone the question is about, now; see the port.

        The first reading of a level may use what was read some minutes ago. Each later `turn` has a
        reason (a reminder, an escalation, an admin's request, an event from Slack) and uses only
        what was read a moment ago. If Slack rate-limits the reading, the first detail of the error is the number of
        seconds to wait.
        """
        fresh = question.turn > 0
        sources = SourceReader(self._directory, question.requester, question.managers, fresh=fresh)
        try:
            approvers, admins = await run_concurrently(
                [self._read(sources, question.sources), self._read(sources, question.admins)]
            )
            found = [member.person for member in approvers.members]
            absences = await self._absences.reaching((*found, *question.people), self._now())
            people = await self._stand_ins(sources, question.people, absences)
            outside = await self._outside(question.channel, [*approvers.members, *people])
        except SLACK_FAILURES as error:
            problem = classify(error)
            msg = f"cannot read the directory: {problem.code}"
            seconds = problem.retry_after.total_seconds() if problem.retry_after else 0.0
            raise ApplicationError(msg, seconds, type=problem.code) from error
        return DirectoryResult(
            approvers=approvers,
            admins=admins,
            absences=absences,
            people=people,
            outside=outside,
        )

    async def _read(self, reader: SourceReader, sources: Sequence[ApproverSource]) -> ApproverSet:
        """Read every source. Each person appears once, with the first source that names them."""
        found = await run_concurrently(reader.people(source) for source in sources)
        by_person: dict[str, ApproverSource] = {}
        for source, people in zip(sources, found, strict=True):
            for person in people or ():
                by_person.setdefault(person, source)
        standings = await reader.standings(by_person)
        members = tuple(
            Member(person=person, source=str(source), standing=standings[person])
            for person, source in by_person.items()
        )
        unreadable = tuple(
            str(source) for source, people in zip(sources, found, strict=True) if people is None
        )
        return ApproverSet(members=members, read_at=self._now(), unreadable=unreadable)

    async def _stand_ins(
        self, reader: SourceReader, asked: Iterable[str], absences: Iterable[Absence]
    ) -> tuple[Member, ...]:
        people = dict.fromkeys((*asked, *(absence.delegate for absence in absences)))
        standings = await reader.standings(people)
        return tuple(
            Member(person=person, source=STANDS_IN, standing=standings[person]) for person in people
        )

    async def _outside(self, channel: str, members: Iterable[Member]) -> tuple[str, ...]:
        """Return the people who are not in the card's channel; empty if its members are unreadable."""
        able = dict.fromkeys(
            member.person for member in members if member.standing is Standing.ACTIVE
        )
        if not channel or not able:
            return ()
        try:
            inside = await self._directory.channel_members(channel)
        except SLACK_FAILURES:
            return ()
        return tuple(person for person in able if person not in inside)
