"""The pending notices of a workflow: each is sent once, and none blocks another."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.options import SLACK_ONCE
from workflows.ports.approvals import NoticePort, NoticeResult
from workflows.rules.notice import NoticeKind, PendingNotice, notice_of, still_relevant
from workflows.rules.shared.card import CardCopy, long_retry_delay, try_at
from workflows.rules.snapshots import Snapshot

_LATEST_ONLY = (
    NoticeKind.REMINDED,
    NoticeKind.BLOCKED,
    NoticeKind.ATTENTION,
    NoticeKind.COMMENTED,
)
"""Only the latest notice of these kinds is sent: after an outage the older ones are noise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Attempt:
    handle: workflow.ActivityHandle[NoticeResult]
    notice: PendingNotice
    started_at: datetime


class NotificationQueue:
    """Sends notices in order, one at a time. A notice that must wait lets the others pass."""

    def __init__(self) -> None:
        self._pending: list[PendingNotice] = []
        self._attempt: _Attempt | None = None

    @property
    def pending(self) -> tuple[PendingNotice, ...]:
        """The notices that are not sent yet."""
        return tuple(self._pending)

    @property
    def is_sending(self) -> bool:
        """Whether an attempt is under way."""
        return self._attempt is not None

    def restore(self, pending: Iterable[PendingNotice]) -> None:
        """Queue the notices that were pending when the previous run ended."""
        self._pending = list(pending)

    def add(self, new: PendingNotice) -> None:
        """Queue a notice. If only the latest of its kind counts, it replaces an older one.

        It then keeps the key of the older one: an earlier attempt may have arrived, and is found.
        """
        if new.kind in _LATEST_ONLY:
            sending = self._attempt.notice if self._attempt is not None else None
            for old in [notice for notice in self._pending if notice.place == new.place]:
                if old is not sending:
                    self._pending.remove(old)
                    new = _merged(old, new)
        self._pending.append(new)

    def has_deliverable(self, root: CardCopy | None) -> bool:
        """Whether a notice can be sent that Slack has not refused until a person fixes it.

        Notices for the thread wait for the card to be posted, and do not count before that.
        """
        return any(not notice.refused for notice in self._sendable(root))

    def next_at(self, root: CardCopy | None) -> datetime | None:
        """Return the instant of the next postponed attempt, if there is one."""
        if self._attempt is not None:
            return None
        instants = (notice.try_at for notice in self._sendable(root) if notice.try_at is not None)
        return min(instants, default=None)

    def has_work(self, root: CardCopy | None) -> bool:
        """Whether an attempt has ended, or can start at once."""
        if self._attempt is not None:
            return self._attempt.handle.done()
        return any(notice.try_at is None for notice in self._sendable(root))

    def start_next(
        self,
        root: CardCopy | None,
        current: Callable[[], Snapshot],
        admins: Callable[[], tuple[str, ...]],
        now: datetime,
    ) -> None:
        """Start the next attempt, if one is due, and drop the notices that have become obsolete.

        `root` is the card's copy in its channel. `current` returns the snapshot of this moment.
        `admins` get a notice directly if their channel refuses it; by now they may be known.
        """
        if self._attempt is not None or not self._pending:
            return
        snapshot = current()
        relevant = (still_relevant(notice, snapshot) for notice in self._pending)
        self._pending = [notice for notice in relevant if notice is not None]
        notice = self._due(root, now)
        if notice is None:
            return
        people = (admins() or notice.people) if notice.channel else notice.people
        started = replace(notice, intended_at=notice.intended_at or now, people=people)
        self._pending[self._pending.index(notice)] = started
        handle = workflow.start_activity_method(
            NoticePort.tell, notice_of(started, snapshot, root), **SLACK_ONCE
        )
        self._attempt = _Attempt(handle=handle, notice=started, started_at=now)

    def collect(self, now: datetime) -> None:
        """Apply the result of the attempt, if it has ended. A failed notice is queued last."""
        if self._attempt is None or not self._attempt.handle.done():
            return
        attempt, self._attempt = self._attempt, None
        try:
            result = attempt.handle.result()
        except ActivityError:
            result = NoticeResult(problem="lost", doubtful=True)
        self._pending.remove(attempt.notice)
        if result.addressee_gone and result.problem:
            workflow.logger.warning("notice dropped: the account is deactivated")
        elif result.problem:
            self._pending.append(self._with_later(_retried(attempt, result, now)))

    def _with_later(self, failed: PendingNotice) -> PendingNotice:
        """Merge a failed notice with a later one, if only the latest of its kind counts.

        As in `add`, the earlier key is kept, so that nothing is sent twice.
        """
        later = [
            notice
            for notice in self._pending
            if notice.kind in _LATEST_ONLY and notice.place == failed.place
        ]
        for notice in later:
            self._pending.remove(notice)
            failed = _merged(failed, notice)
        return failed

    def _due(self, root: CardCopy | None, now: datetime) -> PendingNotice | None:
        sendable = self._sendable(root)
        return next((n for n in sendable if n.try_at is None or n.try_at <= now), None)

    def _sendable(self, root: CardCopy | None) -> Iterable[PendingNotice]:
        """Return the notices that can be sent: those for the thread need a posted card."""
        is_posted = root is not None and bool(root.ts)
        return (notice for notice in self._pending if notice.person or notice.channel or is_posted)


def _retried(attempt: _Attempt, result: NoticeResult, now: datetime) -> PendingNotice:
    """Return the notice of a failed attempt, with the instant of the next one."""
    notice = attempt.notice
    if result.lasting:
        next_at = now + long_retry_delay(notice.tries, result.retry_after)
    else:
        next_at = try_at(attempt.started_at, now, notice.tries, result.retry_after)
    return replace(
        notice,
        doubtful=notice.doubtful or result.doubtful,
        tries=notice.tries + 1,
        try_at=next_at,
        refused=result.lasting,
    )


def _merged(earlier: PendingNotice, later: PendingNotice) -> PendingNotice:
    """Return the later notice's content with the earlier one's key and attempts."""
    return replace(earlier, people=later.people, level=later.level, problem=later.problem)
