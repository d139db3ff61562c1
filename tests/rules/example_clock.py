"""A level with two reminders, an escalation and an expiry, and its clock."""

from datetime import datetime, timedelta

from tests.rules.builders import BORIS, CLARA, DORA, after, level, quorum_of, users
from workflows.rules.approvals.clock import Tick, TickKind
from workflows.rules.approvals.policy import Escalation

READ, REMIND, ESCALATE, EXPIRE = TickKind
MINUTE = timedelta(minutes=1)
TO_DORA = Escalation(after=4 * MINUTE, to=users(DORA))
TO_DORA_INSTEAD = Escalation(after=4 * MINUTE, to=users(DORA), replace=True)
RULE = level(
    BORIS,
    CLARA,
    quorum=quorum_of(2),
    remind_after=(MINUTE, 2 * MINUTE),
    escalate=(TO_DORA,),
    expire_after=5 * MINUTE,
)
INSTEAD = level(BORIS, CLARA, escalate=(TO_DORA_INSTEAD,))


def at(minutes: float) -> datetime:
    return after(minutes=minutes)


def ticks(*pairs: tuple[float, TickKind]) -> tuple[Tick, ...]:
    return tuple(Tick(at=at(minutes), kind=kind) for minutes, kind in pairs)


CLOCKWORK = ticks((1, REMIND), (2, REMIND), (4, ESCALATE), (5, EXPIRE))
