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


class Standing(StrEnum):
    """What the directory knows of a person. Only ACTIVE people may be approvers."""

    ACTIVE = "active"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    GUEST = "guest"
    STRANGER = "stranger"
    UNKNOWN = "unknown"


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
