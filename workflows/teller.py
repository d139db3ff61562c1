"""The notices that a workflow owes: told one after the other, each once, and never waited for."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.options import SLACK_TRY
from workflows.ports import NoticePort, Told
from workflows.rules.card import CardCopy, pause
from workflows.rules.notice import Notice, NoticeKind


class Teller:
    """Sends notices in their order. One whose card does not stand yet lets the others go first."""

    def __init__(self) -> None:
        self._notices: list[Notice] = []
        self._telling: workflow.ActivityHandle[Told] | None = None
        self._told: Notice | None = None
        self._tell_at: datetime | None = None
        self._tries = 0

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The notices that are not sent yet."""
        return tuple(self._notices)

    @property
    def is_telling(self) -> bool:
        """Whether a try is under way."""
        return self._telling is not None

    def resume(self, notices: Iterable[Notice]) -> None:
        """Owe what an earlier run still owed."""
        self._notices = list(notices)

    def owe(self, notice: Notice) -> None:
        """Owe one more notice."""
        self._notices.append(notice)

    def forget(self, kinds: Iterable[NoticeKind]) -> None:
        """Drop notices of these kinds that nobody has begun to send: they have lost their point."""
        dropped = frozenset(kinds)
        self._notices = [
            one for one in self._notices if one.kind not in dropped or one.intended_at is not None
        ]

    def next_at(self, root: CardCopy | None) -> datetime | None:
        """Return the instant of the next try, where one is owed and its time was put off."""
        return self._tell_at if self._next(root) and self._telling is None else None

    def has_work(self, root: CardCopy | None) -> bool:
        """Whether a try has ended, or one can begin at once."""
        if self._telling is not None:
            return self._telling.done()
        return self._tell_at is None and self._next(root) is not None

    def begin(self, root: CardCopy | None, now: datetime) -> None:
        """Start the next try, if one is due; `root` is the card's copy in its channel."""
        notice = self._next(root)
        if notice is None or self._telling is not None:
            return
        if self._tell_at is not None and now < self._tell_at:
            return
        begun = replace(notice, card=root, intended_at=notice.intended_at or now)
        self._change(notice, begun)
        self._told = begun
        self._telling = workflow.start_activity_method(NoticePort.tell, begun, **SLACK_TRY)

    def end(self, now: datetime) -> None:
        """Take up how the try under way went, if it is over."""
        if self._telling is None or self._told is None or not self._telling.done():
            return
        handle, self._telling = self._telling, None
        notice, self._told = self._told, None
        try:
            told = handle.result()
        except ActivityError:
            told = Told(problem="lost", doubtful=True)
        if not told.problem or told.lasting:
            self._notices.remove(notice)
            self._tell_at, self._tries = None, 0
            return
        self._change(notice, replace(notice, doubtful=notice.doubtful or told.doubtful))
        self._tell_at = now + pause(self._tries, told.retry_after)
        self._tries += 1

    def _next(self, root: CardCopy | None) -> Notice | None:
        """Return the first notice that can be sent: one for the thread waits for the card."""
        placed = root is not None and bool(root.ts)
        ready = (one for one in self._notices if one.person or one.channel or placed)
        return next(ready, None)

    def _change(self, old: Notice, new: Notice) -> None:
        self._notices[self._notices.index(old)] = new
