"""A fake directory: people, groups, managers, absences, and people outside the channel."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from tests.workflows.fake_slack import Slack
from workflows.ports.approvals import DirectoryPort
from workflows.rules.people.actors import (
    Absence,
    ApproverSet,
    ApproverSource,
    DirectoryQuery,
    DirectoryResult,
    Member,
    SourceKind,
    Standing,
)


@dataclass
class FakeDirectory(DirectoryPort):
    """A directory in which everyone is active, unless `standings` has another value.

    An `empty` directory has no people. A missing group or manager is unreadable. The result is
    the state at the time of the call, even if the answer comes later.
    """

    slack: Slack
    standings: dict[str, Standing] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    managers: tuple[str, ...] = ()
    absences: tuple[Absence, ...] = ()
    outside: tuple[str, ...] = ()
    empty: bool = False
    questions: list[DirectoryQuery] = field(default_factory=list)

    @property
    def reads(self) -> int:
        return len(self.questions)

    @activity.defn
    async def approvers(self, question: DirectoryQuery) -> DirectoryResult:
        self.questions.append(question)
        reading = self._reading(question)
        if not await self.slack.call():
            raise ApplicationError("Slack is down", type="slack.unavailable")
        return reading

    def _reading(self, question: DirectoryQuery) -> DirectoryResult:
        delegates = (*question.people, *(absence.delegate for absence in self.absences))
        return DirectoryResult(
            approvers=self._read(() if self.empty else question.sources),
            admins=self._read(question.admins),
            absences=self.absences,
            people=tuple(self._member(person, "asked") for person in delegates),
            outside=self.outside,
        )

    def _read(self, sources: tuple[ApproverSource, ...]) -> ApproverSet:
        found = [(source, self._people(source)) for source in sources]
        return ApproverSet(
            members=tuple(self._member(p, str(source)) for source, people in found for p in people),
            read_at=datetime(2026, 1, 1, tzinfo=UTC),
            unreadable=tuple(
                str(source)
                for source, people in found
                if not people and str(source) not in map("group:{}".format, self.groups)
            ),
        )

    def _people(self, source: ApproverSource) -> tuple[str, ...]:
        match source.kind:
            case SourceKind.USER | SourceKind.EMAIL:
                return (source.value,)
            case SourceKind.GROUP:
                return self.groups.get(source.value, ())
            case SourceKind.MANAGER:
                return self.managers[int(source.value) - 1 : int(source.value)]

    def _member(self, person: str, source: str) -> Member:
        standing = self.standings.get(person, Standing.ACTIVE)
        return Member(person=person, source=source, standing=standing)
