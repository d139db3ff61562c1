"""Ports of every workflow that owns a card: audit trail, calendar, directory, cards and notices."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import activity

from workflows.rules.approvals.registration import Registration
from workflows.rules.notice import Notice
from workflows.rules.people.actors import DirectoryQuery, DirectoryResult
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.card import CardCopy
from workflows.rules.snapshots import Snapshot

START_REFUSED = "start.refused"
"""The error type of a refused start. Its details are the code and the admin channel."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditBatch:
    """Facts to append, in order, and the snapshot after them (which the inbox reads).

    `watches` are the people and groups that an open request depends on, `readers` those who may
    read a private request in full. `copies` are the places of the card, posted or planned. The first batch
    has the `registration` to check; batches of releases before 0.3 have none.
    """

    request_id: str
    owner_id: str
    facts: tuple[AuditEvent, ...]
    face: Snapshot
    watches: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    copies: tuple[CardCopy, ...] = ()
    registration: Registration | None = None


class AuditPort:
    """The audit trail."""

    @activity.defn
    async def append(self, batch: AuditBatch) -> None:
        """Append the facts and store the snapshot, in one transaction.

        Safe to repeat: a fact with a known request id and sequence is skipped. Raises
        ApplicationError `audit.conflict` if a different fact has the same sequence and `audit.gap`
        if earlier facts are missing. Both are retried until the trail is fixed. If the different
        fact is the first, the id belongs to another request: that is START_REFUSED, not retried. So is
        a first fact whose policy or route is not the policy file's, or whose request id is not the
        id of the workflow.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadlineQuestion:
    """Windows of time that all begin at `start`; the answer is when each of them ends."""

    start: datetime
    windows: tuple[timedelta, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadlines:
    """The ends in UTC, in the order of the windows, and the version of the time-zone data."""

    at: tuple[datetime, ...]


class CalendarPort:
    """Turns durations into instants, once, so that replay never depends on a library."""

    @activity.defn
    async def deadlines(self, question: DeadlineQuestion) -> Deadlines:
        """Return the instants. A pure function: safe to repeat, and it raises nothing."""
        raise NotImplementedError


class DirectoryPort:
    """The people of the workspace."""

    @activity.defn
    async def approvers(self, question: DirectoryQuery) -> DirectoryResult:
        """Read the current approvers and admins of a request. Safe to repeat.

        A source that cannot be read (an unknown group, a missing scope, an empty manager field) is
        listed in `unreadable`; nothing is guessed. Raises ApplicationError `slack.*` if Slack
        cannot be reached. The error's first detail is the Retry-After in seconds, or 0.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishCard:
    """Show the snapshot `face` on every copy of a card, including those in direct messages."""

    face: Snapshot
    copies: tuple[CardCopy, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedCard:
    """The copies of the card after a publish.

    `problem` is the code of what prevented a copy, empty if all were written. `lasting` means that
    only a person can fix it: the bot is not in the channel, or the channel is archived.
    """

    copies: tuple[CardCopy, ...]
    version: int
    problem: str = ""
    lasting: bool = False
    retry_after: timedelta | None = None


class CardPort:
    """The messages with the buttons."""

    @activity.defn
    async def publish(self, card: PublishCard) -> PublishedCard:
        """Write the snapshot to every copy: post the missing ones, edit the others in place.

        One attempt without waiting. Safe to repeat: chat.postMessage has no idempotency key, so
        for a `doubtful` copy the channel is searched first for the copy's key, from `intended_at`
        on. A refusal by Slack is returned as `problem`, a post with unknown outcome as `doubtful`.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeResult:
    """The result of sending a notice. `problem` is empty if it was sent.

    `lasting` means that only a person can fix it (the bot is not in the channel).
    `addressee_gone` means that no retry can help: the account is deactivated.
    """

    problem: str = ""
    lasting: bool = False
    addressee_gone: bool = False
    doubtful: bool = False
    retry_after: timedelta | None = None


class NoticePort:
    """Messages that notify: to one person, into a card's thread, to the admins."""

    @activity.defn
    async def tell(self, notice: Notice) -> NoticeResult:
        """Send the notice. One attempt without waiting. `rules.notice.PendingNotice` has the routing.

        Safe to repeat: Slack is searched first for the key of a `doubtful` notice, from
        `intended_at` on. A refusal by Slack is returned as `problem`, and is `lasting` if a retry
        cannot help.
        """
        raise NotImplementedError
