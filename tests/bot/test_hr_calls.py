"""HR requests on a real worker: started once, provisioned, and verified against their history."""

from dataclasses import replace
from datetime import date

from temporalio.testing import WorkflowEnvironment

from bot.actions.audit_verification import Compared, check
from bot.listeners.services import Services
from bot.runtime.ids import new_id
from emulator.client import text_of
from records.database import Database
from records.personnel import Personnel
from records.time_off import DEFAULT_DAYS, TimeOff
from tests.bot.commands import send
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    BORIS,
    CLARA,
    OrderDriver,
    cli_approval_by,
    has_approve_button,
)
from workflows.hr_request import HrRequestWorkflow
from workflows.rules.approvals.policy import LevelRule, Policy, Tier
from workflows.rules.approvals.request import Status
from workflows.rules.hr.request import HrRequest, HrType
from workflows.rules.hr.snapshot import Provisioning
from workflows.rules.messages import HrInput
from workflows.rules.people.actors import Actor, ApproverSource, Origin, SourceKind
from workflows.rules.shared.ids import approval_id


def _policy(order_driver: OrderDriver) -> Policy:
    levels = tuple(
        LevelRule(name=name, approvers=(ApproverSource(kind=SourceKind.USER, value=person),))
        for name, person in (("manager", BORIS), ("hr", CLARA))
    )
    always = (Tier(up_to=None, levels=("manager", "hr")),)
    return replace(
        order_driver.policy, name="time_off", title="Time off", tiers=always, levels=levels
    )


async def _started(order_driver: OrderDriver, days: int = 5) -> HrInput:
    """Start a time-off request for this many days and wait until its level is open."""
    request = HrRequest(
        request_id=new_id("HR"),
        type=HrType.TIME_OFF,
        title="A week at the sea",
        starts=date(2027, 3, 1),
        ends=date(2027, 3, days),
    )
    who = Actor(person=ANA, origin=Origin.SLACK)
    hr_input = HrInput(request=request, requester=who, policy=_policy(order_driver))
    assert await order_driver.workflows.start(hr_input) is True
    await order_driver.slack.wait_for_message(
        APPROVALS, BORIS, lambda m: request.request_id in text_of(m) and has_approve_button(m)
    )
    await order_driver.until_idle(approval_id(request.request_id))
    return hr_input


async def _approve(order_driver: OrderDriver, hr_input: HrInput) -> None:
    approval = approval_id(hr_input.request.request_id)
    await send(order_driver.workflows, approval, "boris", cli_approval_by(BORIS))
    await order_driver.until_idle(approval)
    await send(order_driver.workflows, approval, "clara", replace(cli_approval_by(CLARA), level=2))
    await order_driver.skip_to_end(hr_input.request.request_id)


async def test_a_request_that_two_levels_approve_is_booked_and_confirmed(
    order_driver: OrderDriver, database: Database
) -> None:
    hr_input = await _started(order_driver)

    await _approve(order_driver, hr_input)

    message = await order_driver.direct_message(ANA, "carried out")
    request = order_driver.env.client.get_workflow_handle_for(
        HrRequestWorkflow.run, hr_input.request.request_id
    )
    snapshot = await request.query(HrRequestWorkflow.state)
    assert (snapshot.status, snapshot.provisioning) == (Status.APPROVED, Provisioning.DONE)
    assert f"{DEFAULT_DAYS - 5} days off left in 2027" in text_of(message)
    assert (await TimeOff(database).balance(ANA, 2027)).booked == 5
    assert len(await Personnel(database).entries_of(ANA)) == 1


async def test_too_many_days_end_approved_but_not_provisioned(
    order_driver: OrderDriver, database: Database
) -> None:
    hr_input = await _started(order_driver, days=31)

    await _approve(order_driver, hr_input)

    await order_driver.direct_message(ANA, f"31 requested, {DEFAULT_DAYS} left")
    assert (await TimeOff(database).balance(ANA, 2027)).booked == 0
    assert await Personnel(database).entries_of(ANA) == ()


async def test_a_request_is_started_only_once(order_driver: OrderDriver) -> None:
    hr_input = await _started(order_driver)

    assert await order_driver.workflows.start(hr_input) is False


async def test_the_trail_of_an_hr_request_matches_its_history(
    services: Services, order_driver: OrderDriver, temporal: WorkflowEnvironment
) -> None:
    hr_input = await _started(order_driver)
    await _approve(order_driver, hr_input)

    for name in (hr_input.request.request_id, approval_id(hr_input.request.request_id)):
        checked = await check(services.trail, temporal.client, name)
        assert checked.is_whole
        assert checked.compared is Compared.AGREES
