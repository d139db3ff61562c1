"""Windows: reminders, escalations and expiry of a level, within the policy's limits."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.rules.builders import (
    BORIS,
    NOON,
    after,
    apply_result,
    latest_level,
    level,
    open_request,
    request,
    result_naming,
    submitted,
    table,
)
from tests.rules.example_clock import (
    CLOCKWORK,
    ESCALATE,
    EXPIRE,
    MINUTE,
    READ,
    REMIND,
    RULE,
    TO_DORA,
    TO_DORA_INSTEAD,
    at,
    ticks,
)
from workflows.rules.approvals import approval, deadlines
from workflows.rules.approvals.clock import Tick, TickKind, Window, sorted_ticks
from workflows.rules.approvals.levels import next_windows, reach_level
from workflows.rules.approvals.policy import LevelRule

# Windows and order


@dataclass(frozen=True, kw_only=True)
class Waits:
    description: str
    given: LevelRule
    wish: timedelta | None = None
    then: tuple[Window, ...]


def window(minutes: float, kind: TickKind, step: int = 0) -> Window:
    return Window(kind=kind, after=minutes * MINUTE, step=step)


@table(
    Waits(
        description="all windows of the policy, counted from when the level is reached",
        given=RULE,
        then=(window(1, REMIND), window(2, REMIND), window(4, ESCALATE), window(5, EXPIRE)),
    ),
    Waits(
        description="an earlier expiry leaves out the windows that are not before it",
        given=RULE,
        wish=2 * MINUTE,
        then=(window(1, REMIND), window(2, EXPIRE)),
    ),
    Waits(
        description="a later expiry changes only the expiry",
        given=level(BORIS, remind_after=(MINUTE,), max_expire_after=9 * MINUTE),
        wish=7 * MINUTE,
        then=(window(1, REMIND), window(7, EXPIRE)),
    ),
    Waits(
        description="without an expiry nothing is left out",
        given=level(BORIS, remind_after=(MINUTE,), escalate=(TO_DORA,), expire_after=None),
        then=(window(1, REMIND), window(4, ESCALATE)),
    ),
    Waits(
        description="a request may ask for an expiry if the policy has none",
        given=level(BORIS, remind_after=(MINUTE,), escalate=(TO_DORA,), expire_after=None),
        wish=3 * MINUTE,
        then=(window(1, REMIND), window(3, EXPIRE)),
    ),
    Waits(
        description="a requested expiry is cut to a limit of the policy",
        given=level(BORIS, expire_after=None, max_expire_after=9 * MINUTE),
        wish=60 * MINUTE,
        then=(window(9, EXPIRE),),
    ),
    Waits(
        description="the escalations are numbered",
        given=level(BORIS, escalate=(TO_DORA, TO_DORA_INSTEAD)),
        then=(window(4, ESCALATE), window(4, ESCALATE, 1), window(5, EXPIRE)),
    ),
)
def test_the_windows_of_a_level(row: Waits) -> None:
    state = approval.submit(request(row.given, expire_after=row.wish), NOON).state

    found = next_windows(state)

    assert found == row.then


def test_the_expiry_is_last_among_ticks_of_one_instant() -> None:
    mixed = ticks((1, EXPIRE), (1, ESCALATE), (0, EXPIRE), (1, REMIND), (1, READ))

    assert sorted_ticks(mixed) == ticks(
        (0, EXPIRE), (1, READ), (1, REMIND), (1, ESCALATE), (1, EXPIRE)
    )


def test_a_reached_level_has_its_clock_in_order() -> None:
    state = reach_level(submitted(RULE), reversed(CLOCKWORK))

    assert latest_level(state).clock == CLOCKWORK
    assert latest_level(state).expires_at == at(5)


@pytest.mark.parametrize("days", [1, 14])
def test_fourteen_days_of_reminders_are_exactly_their_instants(days: int) -> None:
    rule = level(BORIS, remind_after=tuple(timedelta(days=day) for day in range(1, 14)))
    clock = [Tick(at=after(days=day), kind=REMIND) for day in range(1, 14)]
    clock.append(Tick(at=after(days=14), kind=EXPIRE))

    change = deadlines.advance_clock(open_request(request(rule), *clock), after(days=days))

    assert [fact.at for fact in change.facts] == [after(days=day) for day in range(1, days + 1)]


def test_the_evidence_has_the_expiry_of_the_level() -> None:
    change = apply_result(reach_level(submitted(RULE), CLOCKWORK), result_naming(RULE))

    assert change.facts[0].data["expires_at"] == "2026-03-02T12:05:00+00:00"
