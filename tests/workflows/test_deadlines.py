"""Too late is too late, to the second; and waiting costs one timer."""

from datetime import timedelta

from tests.workflows.fakes import World
from tests.workflows.history import kinds
from tests.workflows.office import BOTH, CLOSE, EXPIRE, FINANCE, SALES, Office, level
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.request import Status


async def test_a_request_expires_at_its_instant(office: Office, world: World) -> None:
    handle = await office.open_request()
    snapshot = await handle.query(ApprovalWorkflow.state)

    await office.end(handle)

    expired = world.audit.fact(handle.id, "RequestExpired")
    due = snapshot.levels[0].expires_at
    assert due is not None
    assert due <= expired.at < due + CLOSE
    assert expired.rule == "expire_after"


async def test_a_request_is_pending_until_its_instant(office: Office, world: World) -> None:
    handle = await office.open_request()

    await office.pass_time(handle, EXPIRE - 2 * CLOSE)

    assert "RequestExpired" not in world.audit.kinds(handle.id)
    answer = await office.decide(handle, "UBORIS")
    assert answer.status is Status.APPROVED


async def test_the_second_level_expires_by_its_own_clock(office: Office, world: World) -> None:
    handle = await office.open_request(SALES, FINANCE)
    await office.pass_time(handle, timedelta(minutes=4))
    await office.decide(handle, "UBORIS")
    await office.until_idle(handle)

    await office.end(handle)

    passed = world.audit.fact(handle.id, "LevelPassed").at
    expired = world.audit.fact(handle.id, "RequestExpired").at
    assert passed + EXPIRE <= expired < passed + EXPIRE + CLOSE


async def test_a_request_without_a_deadline_waits_for_ever(office: Office) -> None:
    handle = await office.open_request(level("patient", "UBORIS", expire=None))
    await office.pass_time(handle, timedelta(days=365))

    answer = await office.decide(handle, "UBORIS")

    assert answer.status is Status.APPROVED


async def test_waiting_costs_one_timer_and_nothing_else(office: Office) -> None:
    handle = await office.open_request(level("slow", "UBORIS", expire=timedelta(days=3)))
    before = kinds(await office.history(handle))

    await office.pass_time(handle, timedelta(days=2))

    after = kinds(await office.history(handle))
    assert after == before
    assert after.count("TIMER_STARTED") == 1


async def test_a_decision_that_closes_nothing_arms_no_timer_for_the_deadline_again(
    office: Office,
) -> None:
    handle = await office.open_request(BOTH)

    await office.decide(handle, "UBORIS")

    after = kinds(await office.until_idle(handle))
    assert after.count("TIMER_STARTED") == 1
