"""Ports of every workflow that owns a card: audit trail, calendar, directory, cards and notices."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import activity

from workflows.rules.notice import Notice
from workflows.rules.people.actors import ApproverQuestion, Reading
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.card import CardCopy
from workflows.rules.snapshots import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditBatch:
    """Facts to write down, in order, with the state they led to (what the inbox reads).

    `watches` are the people and groups on which the request depends as long as it is open,
    `readers` those who may read the whole of a private one.
    """

    request_id: str
    owner_id: str
    facts: tuple[AuditEvent, ...]
    face: Snapshot
    watches: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()


class AuditPort:
    """The audit trail."""

    @activity.defn
    async def append(self, batch: AuditBatch) -> None:
        """Append the facts and store the face, in one transaction.

        Safe to repeat: a fact that is there already, under its request id and sequence, is left
        alone. Raises ApplicationError `audit.conflict` where another fact stands under the same
        sequence and `audit.gap` where earlier ones are missing; both are retried until mended.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadlineQuestion:
    """A question: when is each of `windows` over, counted from `start`."""

    start: datetime
    windows: tuple[timedelta, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadlines:
    """Instants in UTC, in the order of the question."""

    at: tuple[datetime, ...]


class CalendarPort:
    """Durations become instants here, once, so that replay never depends on a library."""

    @activity.defn
    async def deadlines(self, question: DeadlineQuestion) -> Deadlines:
        """Return the instants. Pure: safe to repeat, raises nothing."""
        raise NotImplementedError


class DirectoryPort:
    """The people of the workspace."""

    @activity.defn
    async def approvers(self, question: ApproverQuestion) -> Reading:
        """Read everybody whom the question is about, now. Safe to repeat.

        A source that cannot be read (an unknown group, a missing scope, a manager who is not
        filled in) stands in `unreadable`; nothing is guessed. Raises ApplicationError `slack.*`
        when Slack cannot be asked at all; its first detail is the Retry-After in seconds, 0 where
        there is none.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishCard:
    """Bring every copy of a card to this face, the copies in direct messages too."""

    face: Snapshot
    copies: tuple[CardCopy, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedCard:
    """Where the card stands now.

    `problem` names what kept a copy from it (empty: all is well), `lasting` says that only a
    person can help: the bot is not in the channel, the channel is archived.
    """

    copies: tuple[CardCopy, ...]
    version: int
    problem: str = ""
    lasting: bool = False
    retry_after: timedelta | None = None


class CardPort:
    """The messages whose buttons people press."""

    @activity.defn
    async def publish(self, card: PublishCard) -> PublishedCard:
        """Write the face to every copy: post where there is none yet, else edit in place.

        One try, no waiting. Safe to repeat: for a `doubtful` copy the channel is searched for its
        key since `intended_at` first (chat.postMessage has no idempotency key). What Slack
        refuses comes back as `problem`, an unknown outcome of a post as `doubtful`.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeResult:
    """How telling went. `problem` is empty when the people have been told.

    `lasting` says that only a person can help (the bot is not in the channel), `addressee_gone`
    that nobody can: the account is deactivated.
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
        """Send the notice once. One try, no waiting. See `rules.notice.PendingNotice` for where it goes.

        Safe to repeat: a `doubtful` notice is looked for by its key since `intended_at` first.
        What Slack refuses comes back as `problem`, `lasting` where no retry can help.
        """
        raise NotImplementedError
