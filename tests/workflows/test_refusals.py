"""A refused update returns the reason and leaves no trace in the history."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import (
    BOTH,
    EXPIRE,
    FINANCE,
    SALES,
    ApprovalHandle,
    Harness,
    refused,
)
from workflows.rules.approvals.request import Verdict


@dataclass(frozen=True, kw_only=True)
class Case:
    """A click on a request with quorum 2 that UBORIS has approved."""

    given: str
    press: Callable[[Harness, ApprovalHandle], Any]
    code: str
    data: dict[str, str] = field(default_factory=dict)


CASES = [
    Case(
        given="a stranger",
        press=lambda harness, handle: harness.decide(handle, "UEVE"),
        code="not_an_approver",
    ),
    Case(
        given="the requester",
        press=lambda harness, handle: harness.decide(handle, "UANA"),
        code="own_request",
    ),
    Case(
        given="a second click",
        press=lambda harness, handle: harness.decide(handle, "UBORIS"),
        code="already_decided",
        data={"verdict": "approve"},
    ),
    Case(
        given="outdated content",
        press=lambda harness, handle: harness.decide(handle, "UCLARA", revision=2),
        code="stale_content",
    ),
    Case(
        given="a level that has not opened",
        press=lambda harness, handle: harness.decide(handle, "UCLARA", level=2),
        code="level_not_open",
    ),
    Case(
        given="a rejection without a reason",
        press=lambda harness, handle: harness.decide(handle, "UCLARA", Verdict.REJECT, reason=" "),
        code="reason_required",
    ),
    Case(
        given="a reason that is too long",
        press=lambda harness, handle: harness.decide(handle, "UCLARA", reason="x" * 3001),
        code="reason_too_long",
        data={"length": "3001"},
    ),
    Case(
        given="a withdrawal by another person",
        press=lambda harness, handle: harness.withdraw(handle, "UBORIS"),
        code="not_the_requester",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.given)
async def test_a_refused_click_returns_the_reason_and_writes_no_history(
    harness: Harness, case: Case
) -> None:
    handle = await harness.open_request(BOTH)
    await harness.decide(handle, "UBORIS")
    before = await harness.until_idle(handle)

    refusal = await refused(case.press(harness, handle))

    assert refusal.type == f"rejected.{case.code}"
    assert refusal.details[0] == case.data
    assert list(await harness.history(handle)) == list(before)


async def test_a_click_on_a_closed_level_is_refused(harness: Harness) -> None:
    handle = await harness.open_request(SALES, FINANCE)
    await harness.decide(handle, "UBORIS")
    before = await harness.until_idle(handle)

    refusal = await refused(harness.decide(handle, "UCLARA", level=1))

    assert refusal.type == "rejected.level_closed"
    assert list(await harness.history(handle)) == list(before)


async def test_no_one_decides_on_two_levels(harness: Harness) -> None:
    handle = await harness.open_request(SALES, BOTH)
    await harness.decide(handle, "UBORIS")
    await harness.until_idle(handle)

    refusal = await refused(harness.decide(handle, "UBORIS", level=2))

    assert refusal.type is not None
    assert refusal.type.startswith("rejected.")


async def _approve(harness: Harness, handle: ApprovalHandle) -> None:
    await harness.decide(handle, "UBORIS")


async def _withdraw(harness: Harness, handle: ApprovalHandle) -> None:
    await harness.withdraw(handle)


async def _expire(harness: Harness, handle: ApprovalHandle) -> None:
    await harness.fast_forward(handle, EXPIRE)


@pytest.mark.parametrize(
    ("close", "data"),
    [
        (_approve, {"status": "approved", "person": "UBORIS"}),
        (_withdraw, {"status": "withdrawn", "person": "UANA"}),
        (_expire, {"status": "expired", "person": ""}),
    ],
    ids=["approved", "withdrawn", "expired"],
)
async def test_a_click_on_a_closed_request_returns_who_closed_it(
    harness: Harness,
    ports: FakePorts,
    close: Callable[[Harness, ApprovalHandle], Awaitable[None]],
    data: dict[str, str],
) -> None:
    handle = await harness.open_request()
    ports.slack.mode = SlackMode.REFUSING  # so that the last publish is still pending
    await close(harness, handle)
    before = await harness.until_idle(handle)

    refusal = await refused(harness.decide(handle, "UCLARA"))

    assert refusal.type == "rejected.request_closed"
    assert refusal.details[0] == data
    assert list(await harness.history(handle)) == list(before)


async def test_no_one_may_decide_before_the_approvers_are_known(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.empty = True
    handle = await harness.start_request()
    await ports.until(lambda: "LevelBlocked" in ports.audit.kinds(handle.id))

    refusal = await refused(harness.decide(handle, "UBORIS"))

    assert refusal.type == "rejected.level_not_open"


async def test_a_refusal_returns_the_current_card_version(harness: Harness) -> None:
    handle = await harness.open_request(BOTH)
    answer = await harness.decide(handle, "UBORIS")

    refusal = await refused(harness.decide(handle, "UBORIS"))

    assert refusal.details[1] == answer.card_version
