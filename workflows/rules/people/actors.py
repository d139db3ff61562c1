"""Who acts, who may be asked, and on what evidence."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Origin(StrEnum):
    """Where an action came from. Only a Slack click can have written to the card inline."""

    SLACK = "slack"
    CLI = "cli"
    API = "api"
    WORKFLOW = "workflow"
    CLOCK = "clock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who did it: a Slack user id, and for the command line the operating-system user too."""

    person: str
    origin: Origin
    operator: str = ""


CLOCK = Actor(person="", origin=Origin.CLOCK)
"""The actor of what falls due by itself."""

SLACK = Actor(person="", origin=Origin.SLACK)
"""The actor of what Slack reports: a group's members have changed, a person was deactivated."""


class Standing(StrEnum):
    """What the directory knows of a person. Only ACTIVE people may be approvers."""

    ACTIVE = "active"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    GUEST = "guest"
    STRANGER = "stranger"
    UNKNOWN = "unknown"


class SourceKind(StrEnum):
    """Where approvers come from."""

    USER = "user"
    EMAIL = "email"
    GROUP = "group"
    MANAGER = "manager"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproverSource:
    """One entry of `approvers`: `user:U0BORIS`, `email:…`, `group:sales-leads`, `manager`.

    A manager's value is how far up: "1" is the requester's manager, "2" that manager's manager.
    """

    kind: SourceKind
    value: str

    def __str__(self) -> str:
        if self.kind is not SourceKind.MANAGER:
            return f"{self.kind}:{self.value}"
        return "manager" if self.value == "1" else f"manager:{self.value}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One person of an approver set, the source that named them, and their standing."""

    person: str
    source: str
    standing: Standing


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproverSet:
    """The evidence of one reading: who, by which source, when. `unreadable` sources failed."""

    members: tuple[Member, ...]
    read_at: datetime
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedBy:
    """One line of the table `[managers]`: who manages a person where Slack's profile is silent."""

    person: str
    manager: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Absence:
    """Somebody is away from `starts` (inclusive) until `ends` (exclusive); `delegate` stands in."""

    person: str
    delegate: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectoryQuery:
    """A question to the directory: who is meant now, by the level and by the house.

    `people` are those who were asked to stand in on this request. `channel` is where the card
    stands: who is not a member there is reached another way. `content_revision` and `turn` say
    for which wish it is asked: an answer to an earlier one may have missed what caused this one.
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
    """What the directory answered.

    `absences` are those of the approvers and of everybody who would stand in, present and to
    come; `people` holds the standing of everybody who stands in. `outside` are approvers and
    their stand-ins who are not members of the card's channel.
    """

    approvers: ApproverSet
    admins: ApproverSet
    absences: tuple[Absence, ...] = ()
    people: tuple[Member, ...] = ()
    outside: tuple[str, ...] = ()
