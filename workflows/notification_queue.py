"""The notices that a workflow owes: each told once, none waited for, none in the way of another."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.options import SLACK_TRY
from workflows.ports.approvals import NoticePort, NoticeResult
from workflows.rules.notice import NoticeKind, PendingNotice, notice_of, still_relevant
from workflows.rules.shared.card import CardCopy, long_retry_delay, try_at
from workflows.rules.snapshots import Snapshot

_ONCE = (NoticeKind.REMINDED, NoticeKind.BLOCKED, NoticeKind.ATTENTION)
"""Of these only the latest is told: after an outage nobody needs each of them."""


class NotificationQueue:
    """Sends notices in their order. One that cannot be sent yet lets the others go first."""

    def __init__(self) -> None:
        self._owed: list[PendingNotice] = []
        self._telling: workflow.ActivityHandle[NoticeResult] | None = None
        self._told: PendingNotice | None = None
        self._began: datetime | None = None

    @property
    def owed(self) -> tuple[PendingNotice, ...]:
        """The notices that are not sent yet."""
        return tuple(self._owed)

    @property
    def is_telling(self) -> bool:
        """Whether a try is under way."""
        return self._telling is not None

    def resume(self, owed: Iterable[PendingNotice]) -> None:
        """Owe what an earlier run still owed."""
        self._owed = list(owed)

    def owe(self, new: PendingNotice) -> None:
        """Owe one more notice, or what it says, where the latest of its kind is enough.

        An older one that waits keeps its key: where a try arrived all the same, it is found.
        """
        if new.kind in _ONCE:
            for old in [one for one in self._owed if one.place == new.place]:
                if old is not self._told:
                    self._owed.remove(old)
                    new = _joined(old, new)
        self._owed.append(new)

    def owes_what_slack_takes(self, root: CardCopy | None) -> bool:
        """Whether something can be sent that Slack has not refused until a person mends it.

        What is for the thread of a card that does not stand waits for that card, and for no more.
        """
        return any(not one.refused for one in self._sendable(root))

    def next_at(self, root: CardCopy | None) -> datetime | None:
        """Return the instant of the next try that was put off, if any."""
        if self._telling is not None:
            return None
        put_off = (one.try_at for one in self._sendable(root) if one.try_at is not None)
        return min(put_off, default=None)

    def has_work(self, root: CardCopy | None) -> bool:
        """Whether a try has ended, or one can begin at once."""
        if self._telling is not None:
            return self._telling.done()
        return any(one.try_at is None for one in self._sendable(root))

    def begin(
        self,
        root: CardCopy | None,
        look: Callable[[], Snapshot],
        admins: Callable[[], tuple[str, ...]],
        now: datetime,
    ) -> None:
        """Start the next try, if one is due, and drop what has lost its point by now.

        `root` is the card's copy in its channel; `look` tells what is true now, where it matters,
        `admins` who is told directly where a channel takes nothing: by now they may be known.
        """
        if self._telling is not None or not self._owed:
            return
        snapshot = look()
        left = (still_relevant(one, snapshot) for one in self._owed)
        self._owed = [one for one in left if one is not None]
        due = (one for one in self._sendable(root) if one.try_at is None or one.try_at <= now)
        owed = next(due, None)
        if owed is None:
            return
        people = (admins() or owed.people) if owed.channel else owed.people
        begun = replace(owed, intended_at=owed.intended_at or now, people=people)
        self._owed[self._owed.index(owed)] = begun
        self._told, self._began = begun, now
        self._telling = workflow.start_activity_method(
            NoticePort.tell, notice_of(begun, snapshot, root), **SLACK_TRY
        )

    def end(self, now: datetime) -> None:
        """Take up how the try under way went, if it is over; what failed goes behind the others."""
        if self._telling is None or self._told is None or not self._telling.done():
            return
        handle, self._telling = self._telling, None
        owed, self._told = self._told, None
        try:
            told = handle.result()
        except ActivityError:
            told = NoticeResult(problem="lost", doubtful=True)
        self._owed.remove(owed)
        if not told.problem:
            return
        if told.addressee_gone:
            workflow.logger.warning("notice dropped: nobody is there to read it")
            return
        if told.lasting:
            again_at = now + long_retry_delay(owed.tries, told.retry_after)
        else:
            again_at = try_at(self._began or now, now, owed.tries, told.retry_after)
        again = replace(
            owed,
            doubtful=owed.doubtful or told.doubtful,
            tries=owed.tries + 1,
            try_at=again_at,
            refused=told.lasting,
        )
        self._owed.append(self._merged(again))

    def _merged(self, failed: PendingNotice) -> PendingNotice:
        """Return what failed together with a later one of its kind, where the latest is enough.

        As in `owe`, the earlier one's key is kept, and nothing is sent twice.
        """
        later = [one for one in self._owed if one.kind in _ONCE and one.place == failed.place]
        for one in later:
            self._owed.remove(one)
            failed = _joined(failed, one)
        return failed

    def _sendable(self, root: CardCopy | None) -> Iterable[PendingNotice]:
        """Return what can be sent: a notice for the thread waits for the card to stand."""
        placed = root is not None and bool(root.ts)
        return (one for one in self._owed if one.person or one.channel or placed)


def _joined(earlier: PendingNotice, later: PendingNotice) -> PendingNotice:
    """Return what the later one says, under the key and after the tries of the earlier one."""
    return replace(earlier, people=later.people, level=later.level, problem=later.problem)
