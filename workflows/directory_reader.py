"""Reading a level's people: once at once, then again and again for as long as they are missing."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

from workflows.options import QUICK, SLACK_TRY
from workflows.ports.approvals import DirectoryPort
from workflows.rules.approvals import directory as rules
from workflows.rules.approvals.request import ApprovalState, Change
from workflows.rules.people.actors import ApproverSet, DirectoryQuery, DirectoryResult
from workflows.rules.shared.card import retry_delay

READ_AGAIN = timedelta(minutes=1)
"""How soon a level's people are read again when Slack has said that too few may decide.

A directory that answers will not change its mind soon, so the pause doubles up to LAST_PAUSE; what
Slack reports of groups and people has them read at once anyway. One that is down may be back.
"""
LAST_PAUSE = timedelta(hours=1)


class DirectoryReader:
    """At most one reading is under way. Its answer is one more condition of the workflow's wait."""

    def __init__(self) -> None:
        self._question: DirectoryQuery | None = None
        self._reading: workflow.ActivityHandle[DirectoryResult] | None = None
        self._read_at: datetime | None = None
        self._tries = 0
        self._is_first = True

    @property
    def is_reading(self) -> bool:
        """Whether a reading is under way."""
        return self._reading is not None

    @property
    def is_local(self) -> bool:
        """Whether the reading under way is the quick one, which holds up the workflow task."""
        return self._reading is not None and self._is_first and not self._reading.done()

    def begin_level(self) -> None:
        """Begin anew: the first reading of a level may be quick."""
        self._read_at, self._tries, self._is_first = None, 0, True

    def read_soon(self) -> None:
        """Have the next reading begin at once, where one is wanted."""
        self._read_at = None

    def next_at(self, state: ApprovalState) -> datetime | None:
        """Return the instant of the next reading, where one is wanted and was put off."""
        return self._read_at if state.waits_for_approvers and self._reading is None else None

    def has_work(self, state: ApprovalState) -> bool:
        """Whether a reading has ended, or one is to begin at once."""
        if self._reading is not None:
            return self._reading.done()
        return state.waits_for_approvers and self._read_at is None

    def begin(self, state: ApprovalState, now: datetime) -> None:
        """Start a reading, if one is due: a level's very first try is quick and local."""
        if not state.waits_for_approvers or self._reading is not None:
            return
        if self._read_at is not None and now < self._read_at:
            return
        self._question = rules.directory_query(state)
        if self._is_first:
            self._reading = workflow.start_local_activity_method(
                DirectoryPort.approvers, self._question, **QUICK
            )
        else:
            self._reading = workflow.start_activity_method(
                DirectoryPort.approvers, self._question, **SLACK_TRY
            )

    def end(self, state: ApprovalState, now: datetime) -> Change:
        """Return what the answer changes, if there is one; and put off the next reading."""
        if self._reading is None or self._question is None or not self._reading.done():
            return Change(state=state)
        handle, self._reading = self._reading, None
        self._is_first = False
        asked, self._question = self._question, None
        patience: timedelta | None = min(READ_AGAIN * (1 << min(self._tries, 6)), LAST_PAUSE)
        try:
            answer = handle.result()
        except FailureError as error:  # a local activity's failure comes bare
            self._tries += 1
            patience = _retry_after(error)
            if self._tries == 1:  # one try alone says little: ask again, patiently
                self._read_at = now + patience if patience else None
                return Change(state=state)
            answer = _unreadable(asked, now)
        change = rules.apply_directory_result(state, asked, answer, now)
        if not change.state.waits_for_approvers:
            self._read_at, self._tries = None, 0
        elif asked == rules.directory_query(change.state):
            self._read_at = now + retry_delay(self._tries, patience)
            self._tries += 1
        return change


def _retry_after(error: FailureError) -> timedelta | None:
    """Return how long Slack wants to be left alone: the first detail, in seconds."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError) and cause.details:
        return timedelta(seconds=float(cause.details[0])) or None
    return None


def _unreadable(asked: DirectoryQuery, now: datetime) -> DirectoryResult:
    sources = tuple(str(source) for source in asked.sources)
    nobody = ApproverSet(members=(), read_at=now, unreadable=sources)
    return DirectoryResult(approvers=nobody, admins=nobody)
