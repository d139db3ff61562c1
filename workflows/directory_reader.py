"""Reads the approvers of a level: once immediately, then again for as long as too few are known."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

from workflows.options import LOCAL_ONCE, SLACK_ONCE
from workflows.ports.approvals import DirectoryPort
from workflows.rules.approvals import directory as rules
from workflows.rules.approvals.request import ApprovalState, Change
from workflows.rules.people.actors import ApproverSet, DirectoryQuery, DirectoryResult
from workflows.rules.shared.card import retry_delay

READ_AGAIN = timedelta(minutes=1)
"""The first pause before a level's approvers are read again, if Slack named too few of them.

A directory that answers does not change soon, so the pause doubles up to LAST_PAUSE; a change of
a group or an account that Slack reports triggers a reading at once anyway. A directory that is
down may be back soon, so there the pause is shorter.
"""
LAST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Attempt:
    question: DirectoryQuery
    handle: workflow.ActivityHandle[DirectoryResult]


class DirectoryReader:
    """Reads approvers, at most one reading at a time. Its result wakes the workflow's wait."""

    def __init__(self) -> None:
        self._attempt: _Attempt | None = None
        self._read_at: datetime | None = None
        self._tries = 0
        self._is_first = True

    @property
    def is_reading(self) -> bool:
        """Whether a reading is under way."""
        return self._attempt is not None

    @property
    def is_local(self) -> bool:
        """Whether the reading is a local activity, which holds the workflow task."""
        return self._attempt is not None and self._is_first and not self._attempt.handle.done()

    def reset(self) -> None:
        """Start over for a new level: its first reading may be local."""
        self._read_at, self._tries, self._is_first = None, 0, True

    def read_soon(self) -> None:
        """Drop the pause before the next reading."""
        self._read_at = None

    def next_at(self, state: ApprovalState) -> datetime | None:
        """Return the instant of the next reading, if one is needed and was postponed."""
        return self._read_at if state.waits_for_approvers and self._attempt is None else None

    def has_work(self, state: ApprovalState) -> bool:
        """Whether a reading has ended, or must start at once."""
        if self._attempt is not None:
            return self._attempt.handle.done()
        return state.waits_for_approvers and self._read_at is None

    def start(self, state: ApprovalState, now: datetime) -> None:
        """Start a reading, if one is due. The first one of a level is a local activity."""
        if not state.waits_for_approvers or self._attempt is not None:
            return
        if self._read_at is not None and now < self._read_at:
            return
        question = rules.directory_query(state)
        if self._is_first:
            handle = workflow.start_local_activity_method(
                DirectoryPort.approvers, question, **LOCAL_ONCE
            )
        else:
            handle = workflow.start_activity_method(DirectoryPort.approvers, question, **SLACK_ONCE)
        self._attempt = _Attempt(question=question, handle=handle)

    def collect(self, state: ApprovalState, now: datetime) -> Change:
        """Return the change that a finished reading makes, and schedule the next reading."""
        if self._attempt is None or not self._attempt.handle.done():
            return Change(state=state)
        attempt, self._attempt = self._attempt, None
        self._is_first = False
        wait: timedelta | None = min(READ_AGAIN * (1 << min(self._tries, 6)), LAST_PAUSE)
        try:
            reading = attempt.handle.result()
        except FailureError as error:  # a local activity's failure is not wrapped
            self._tries += 1
            wait = _retry_after(error)
            if self._tries == 1:  # one failure alone means little: read again before reporting it
                self._read_at = now + wait if wait else None
                return Change(state=state)
            reading = _unreadable(attempt.question, now)
        change = rules.apply_directory_result(state, attempt.question, reading, now)
        if not change.state.waits_for_approvers:
            self._read_at, self._tries = None, 0
        elif attempt.question == rules.directory_query(change.state):
            self._read_at = now + retry_delay(self._tries, wait)
            self._tries += 1
        return change


def _retry_after(error: FailureError) -> timedelta | None:
    """Return Slack's Retry-After: the error's first detail, in seconds."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError) and cause.details:
        return timedelta(seconds=float(cause.details[0])) or None
    return None


def _unreadable(question: DirectoryQuery, now: datetime) -> DirectoryResult:
    """Return a reading in which no source could be read."""
    sources = tuple(str(source) for source in question.sources)
    empty = ApproverSet(members=(), read_at=now, unreadable=sources)
    return DirectoryResult(approvers=empty, admins=empty)
