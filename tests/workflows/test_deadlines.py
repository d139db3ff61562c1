"""Requests expire exactly at their deadline, and waiting costs one timer."""

from datetime import timedelta

from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import BOTH, CLOSE, EXPIRE, FINANCE, SALES, Harness, level
from tests.workflows.history import kinds
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.request import Status


async def test_a_request_expires_at_its_instant(harness: Harness, ports: FakePorts) -> None:
    handle = await harness.open_request()
    snapshot = await handle.query(ApprovalWorkflow.state)

    await harness.run_to_end(handle)

    expired = ports.audit.fact(handle.id, "RequestExpired")
    due = snapshot.levels[0].expires_at
    assert due is not None
    assert due <= expired.at < due + CLOSE
    assert expired.rule == "expire_after"


async def test_a_request_is_pending_until_its_instant(harness: Harness, ports: FakePorts) -> None:
    handle = await harness.open_request()

    await harness.fast_forward(handle, EXPIRE - 2 * CLOSE)

    assert "RequestExpired" not in ports.audit.kinds(handle.id)
    answer = await harness.decide(handle, "UBORIS")
    assert answer.status is Status.APPROVED


async def test_the_second_level_expires_by_its_own_clock(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(SALES, FINANCE)
    await harness.fast_forward(handle, timedelta(minutes=4))
    await harness.decide(handle, "UBORIS")
    await harness.until_idle(handle)

    await harness.run_to_end(handle)

    passed = ports.audit.fact(handle.id, "LevelPassed").at
    expired = ports.audit.fact(handle.id, "RequestExpired").at
    assert passed + EXPIRE <= expired < passed + EXPIRE + CLOSE


async def test_a_request_without_a_deadline_waits_forever(harness: Harness) -> None:
    handle = await harness.open_request(level("patient", "UBORIS", expire=None))
    await harness.fast_forward(handle, timedelta(days=365))

    answer = await harness.decide(handle, "UBORIS")

    assert answer.status is Status.APPROVED


async def test_waiting_costs_only_one_timer(harness: Harness) -> None:
    handle = await harness.open_request(level("slow", "UBORIS", expire=timedelta(days=3)))
    before = kinds(await harness.history(handle))

    await harness.fast_forward(handle, timedelta(days=2))

    after = kinds(await harness.history(handle))
    assert after == before
    assert after.count("TIMER_STARTED") == 1


async def test_a_decision_that_closes_nothing_does_not_rearm_the_deadline(
    harness: Harness,
) -> None:
    handle = await harness.open_request(BOTH)

    await harness.decide(handle, "UBORIS")

    after = kinds(await harness.until_idle(handle))
    assert after.count("TIMER_STARTED") == 1
