"""A refused update says why, and leaves no trace in the history."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.workflows.fakes import World
from tests.workflows.office import (
    BOTH,
    EXPIRE,
    FINANCE,
    SALES,
    ApprovalHandle,
    Office,
    refused,
)
from tests.workflows.weather import Weather
from workflows.rules.approvals.request import Verdict


@dataclass(frozen=True, kw_only=True)
class Case:
    """A press on a request with quorum 2 that UBORIS has approved."""

    given: str
    press: Callable[[Office, ApprovalHandle], Any]
    code: str
    data: dict[str, str] = field(default_factory=dict)


CASES = [
    Case(
        given="a stranger",
        press=lambda office, handle: office.decide(handle, "UEVE"),
        code="not_an_approver",
    ),
    Case(
        given="the requester",
        press=lambda office, handle: office.decide(handle, "UANA"),
        code="own_request",
    ),
    Case(
        given="a second press",
        press=lambda office, handle: office.decide(handle, "UBORIS"),
        code="already_decided",
        data={"verdict": "approve"},
    ),
    Case(
        given="another content",
        press=lambda office, handle: office.decide(handle, "UCLARA", revision=2),
        code="stale_content",
    ),
    Case(
        given="a level that is not reached",
        press=lambda office, handle: office.decide(handle, "UCLARA", level=2),
        code="level_not_open",
    ),
    Case(
        given="a no without a reason",
        press=lambda office, handle: office.decide(handle, "UCLARA", Verdict.REJECT, reason=" "),
        code="reason_required",
    ),
    Case(
        given="a reason that is too long",
        press=lambda office, handle: office.decide(handle, "UCLARA", reason="x" * 3001),
        code="reason_too_long",
        data={"length": "3001"},
    ),
    Case(
        given="somebody else's request taken back",
        press=lambda office, handle: office.withdraw(handle, "UBORIS"),
        code="not_the_requester",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.given)
async def test_a_refused_press_says_why_and_leaves_no_history(office: Office, case: Case) -> None:
    handle = await office.open_request(BOTH)
    await office.decide(handle, "UBORIS")
    before = await office.until_idle(handle)

    refusal = await refused(case.press(office, handle))

    assert refusal.type == f"rejected.{case.code}"
    assert refusal.details[0] == case.data
    assert list(await office.history(handle)) == list(before)


async def test_a_press_on_a_closed_level_is_refused(office: Office) -> None:
    handle = await office.open_request(SALES, FINANCE)
    await office.decide(handle, "UBORIS")
    before = await office.until_idle(handle)

    refusal = await refused(office.decide(handle, "UCLARA", level=1))

    assert refusal.type == "rejected.level_closed"
    assert list(await office.history(handle)) == list(before)


async def test_nobody_counts_at_two_levels(office: Office) -> None:
    handle = await office.open_request(SALES, BOTH)
    await office.decide(handle, "UBORIS")
    await office.until_idle(handle)

    refusal = await refused(office.decide(handle, "UBORIS", level=2))

    assert refusal.type is not None
    assert refusal.type.startswith("rejected.")


async def _close_by_yes(office: Office, handle: ApprovalHandle) -> None:
    await office.decide(handle, "UBORIS")


async def _close_by_withdrawal(office: Office, handle: ApprovalHandle) -> None:
    await office.withdraw(handle)


async def _close_by_clock(office: Office, handle: ApprovalHandle) -> None:
    await office.pass_time(handle, EXPIRE)


@pytest.mark.parametrize(
    ("close", "data"),
    [
        (_close_by_yes, {"status": "approved", "person": "UBORIS"}),
        (_close_by_withdrawal, {"status": "withdrawn", "person": "UANA"}),
        (_close_by_clock, {"status": "expired", "person": ""}),
    ],
    ids=["approved", "withdrawn", "expired"],
)
async def test_a_press_on_a_closed_request_says_who_closed_it(
    office: Office,
    world: World,
    close: Callable[[Office, ApprovalHandle], Awaitable[None]],
    data: dict[str, str],
) -> None:
    handle = await office.open_request()
    world.slack.weather = Weather.REFUSING  # so that the workflow still owes its card
    await close(office, handle)
    before = await office.until_idle(handle)

    refusal = await refused(office.decide(handle, "UCLARA"))

    assert refusal.type == "rejected.request_closed"
    assert refusal.details[0] == data
    assert list(await office.history(handle)) == list(before)


async def test_nobody_may_decide_before_the_approvers_are_known(
    office: Office, world: World
) -> None:
    world.directory.empty = True
    handle = await office.request()
    await world.until(lambda: "LevelBlocked" in world.audit.kinds(handle.id))

    refusal = await refused(office.decide(handle, "UBORIS"))

    assert refusal.type == "rejected.level_not_open"


async def test_a_refusal_tells_the_cards_present_version(office: Office) -> None:
    handle = await office.open_request(BOTH)
    answer = await office.decide(handle, "UBORIS")

    refusal = await refused(office.decide(handle, "UBORIS"))

    assert refusal.details[1] == answer.card_version
