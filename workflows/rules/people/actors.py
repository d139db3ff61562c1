"""People: actors, approver sources, and the evidence of who may decide."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Origin(StrEnum):
    """The door through which an action came. Only a Slack click can have updated the card inline."""

    SLACK = "slack"
    CLI = "cli"
    API = "api"
    WORKFLOW = "workflow"
    CLOCK = "clock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """The person behind an action: a Slack user id, and for the CLI the operating-system user too."""

    person: str
    origin: Origin
    operator: str = ""


CLOCK = Actor(person="", origin=Origin.CLOCK)
"""The actor of deadlines."""

SLACK = Actor(person="", origin=Origin.SLACK)
"""The actor of changes that Slack reports: to a group's members, or a deactivated person."""


class Standing(StrEnum):
    """The status of a person in the directory. Only ACTIVE people may be approvers."""

    ACTIVE = "active"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    GUEST = "guest"
    STRANGER = "stranger"
    UNKNOWN = "unknown"


class SourceKind(StrEnum):
    """The kinds of approver sources."""

    USER = "user"
    EMAIL = "email"
    GROUP = "group"
    MANAGER = "manager"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproverSource:
    """One entry of `approvers`: `user:U0BORIS`, `email:…`, `group:sales-leads`, `manager`.

    The value of a manager is the number of steps up: "1" is the requester's manager, "2" is the
    manager's manager.
    """

    kind: SourceKind
    value: str

    def __str__(self) -> str:
        if self.kind is not SourceKind.MANAGER:
            return f"{self.kind}:{self.value}"
        return "manager" if self.value == "1" else f"manager:{self.value}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One person of an approver set, the source that names them, and their standing."""

    person: str
    source: str
    standing: Standing


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproverSet:
    """The people found by one directory query, and when. `unreadable` sources could not be read."""

    members: tuple[Member, ...]
    read_at: datetime
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedBy:
    """One line of the table `[managers]`: a person's manager if the Slack profile names none."""

    person: str
    manager: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Absence:
    """A person's absence from `starts` (inclusive) until `ends` (exclusive), and their delegate."""

    person: str
    delegate: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectoryQuery:
    """A directory query: the current approvers of a level, and the admins.

    `people` are the delegates on this request. `channel` is the card's channel: approvers who are
    not its members get a direct message. `content_revision` and `turn` identify the query, because
    the result of an earlier query may not include the change that caused the current query.
    """

    request_id: str
    level: int
    requester: str
    sources: tuple[ApproverSource, ...]
    admins: tuple[ApproverSource, ...] = ()
    people: tuple[str, ...] = ()
    managers: tuple[ManagedBy, ...] = ()
    channel: str = ""
    content_revision: int = 1
    turn: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectoryResult:
    """The result of a directory query.

    `absences` are the present and future absences of the approvers and of all their possible
    delegates. `people` has the standing of every delegate. `outside` are the approvers and
    delegates who are not members of the card's channel.
    """

    approvers: ApproverSet
    admins: ApproverSet
    absences: tuple[Absence, ...] = ()
    people: tuple[Member, ...] = ()
    outside: tuple[str, ...] = ()
