"""HR requests in the office: asked for, approved level by level, and waited for."""

import asyncio
import uuid
from dataclasses import replace
from datetime import date
from typing import Any

from temporalio.client import WorkflowHandle

from tests.workflows.office import ANA, ApprovalHandle, Office, level, new_id, policy, usd
from tests.workflows.weather import PATIENCE
from workflows.approval import ApprovalWorkflow
from workflows.hr_request import HrRequestWorkflow
from workflows.rules.approvals.policy import LevelRule, Policy, Tier
from workflows.rules.approvals.request import Amendment
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.request import HrRequest, HrType, content_from_request
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.messages import HrInput
from workflows.rules.shared.ids import approval_id

HrHandle = WorkflowHandle[HrRequestWorkflow, HrSnapshot]

MANAGER = level("manager", "UBORIS")
HR = level("hr", "UCLARA")
FIRST, LAST = date(2027, 3, 1), date(2027, 3, 5)


def hr_policy(*levels: LevelRule, name: str = "time_off") -> Policy:
    """Return a policy by which every request passes all these levels."""
    rules = levels or (MANAGER, HR)
    always = (Tier(up_to=None, levels=tuple(one.name for one in rules)),)
    return replace(policy(*rules), name=name, title="Time off", tiers=always)


def time_off(request_id: str = "", **parts: Any) -> HrRequest:
    return replace(
        HrRequest(
            request_id=request_id or new_id("HR"),
            type=HrType.TIME_OFF,
            title="A week at the sea",
            starts=FIRST,
            ends=LAST,
        ),
        **parts,
    )


def expense(amount: str = "120.00") -> HrRequest:
    return HrRequest(
        request_id=new_id("HR"), type=HrType.EXPENSE, title="Train to Bonn", amount=usd(amount)
    )


async def ask(office: Office, request: HrRequest, *levels: LevelRule) -> HrHandle:
    """Send an HR request."""
    return await office.client.start_workflow(
        HrRequestWorkflow.run,
        HrInput(
            request=request,
            requester=ANA,
            policy=hr_policy(*levels, name=request.type.value),
        ),
        id=request.request_id,
        task_queue=office.queue,
    )


async def awaiting(
    office: Office, request: HrRequest | None = None, *levels: LevelRule
) -> tuple[HrHandle, ApprovalHandle]:
    """Send an HR request and wait until its approval is open."""
    handle = await ask(office, request or time_off(), *levels)
    await office.world.until(lambda: "HrRequestReceived" in office.world.audit.kinds(handle.id))
    approval = office.client.get_workflow_handle_for(ApprovalWorkflow.run, approval_id(handle.id))
    await office.until_idle(approval)
    await office.until_idle(handle)
    return handle, approval


async def approve_all(office: Office, approval: ApprovalHandle, *, revision: int = 1) -> None:
    """Have manager and HR say yes."""
    await office.decide(
        approval, "UBORIS", revision=revision, click=f"{approval.id}-{revision}-first"
    )
    await office.until_idle(approval)
    await office.decide(
        approval, "UCLARA", level=2, revision=revision, click=f"{approval.id}-{revision}-second"
    )


async def amend(
    office: Office, approval: ApprovalHandle, request: HrRequest, *, click: str = ""
) -> ApprovalSnapshot:
    """Have the employee change what is asked for."""
    del office
    amendment = Amendment(actor=ANA, content=content_from_request(request), content_revision=1)
    async with asyncio.timeout(PATIENCE):
        return await approval.execute_update(
            ApprovalWorkflow.amend, amendment, id=click or uuid.uuid4().hex
        )
