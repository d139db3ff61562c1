"""Starts, approves and amends HR requests."""

import asyncio
import uuid
from dataclasses import replace
from datetime import date
from typing import Any

from temporalio.client import WorkflowHandle

from tests.workflows.fake_slack import TIMEOUT
from tests.workflows.harness import ANA, ApprovalHandle, Harness, level, new_id, policy, usd
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
    """Return a policy in which every request needs all these levels."""
    rules = levels or (MANAGER, HR)
    always = (Tier(up_to=None, levels=tuple(level.name for level in rules)),)
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


async def ask(harness: Harness, request: HrRequest, *levels: LevelRule) -> HrHandle:
    """Start an HR request."""
    return await harness.client.start_workflow(
        HrRequestWorkflow.run,
        HrInput(
            request=request,
            requester=ANA,
            policy=hr_policy(*levels, name=request.type.value),
        ),
        id=request.request_id,
        task_queue=harness.queue,
    )


async def awaiting(
    harness: Harness, request: HrRequest | None = None, *levels: LevelRule
) -> tuple[HrHandle, ApprovalHandle]:
    """Start an HR request and wait until its approval is open."""
    handle = await ask(harness, request or time_off(), *levels)
    await harness.ports.until(lambda: "HrRequestReceived" in harness.ports.audit.kinds(handle.id))
    approval = harness.client.get_workflow_handle_for(ApprovalWorkflow.run, approval_id(handle.id))
    await harness.until_idle(approval)
    await harness.until_idle(handle)
    return handle, approval


async def approve_all(harness: Harness, approval: ApprovalHandle, *, revision: int = 1) -> None:
    """Approve as manager, then as HR."""
    await harness.decide(
        approval, "UBORIS", revision=revision, click=f"{approval.id}-{revision}-first"
    )
    await harness.until_idle(approval)
    await harness.decide(
        approval, "UCLARA", level=2, revision=revision, click=f"{approval.id}-{revision}-second"
    )


async def amend(
    harness: Harness, approval: ApprovalHandle, request: HrRequest, *, click: str = ""
) -> ApprovalSnapshot:
    """Amend the request as the employee."""
    del harness
    amendment = Amendment(actor=ANA, content=content_from_request(request), content_revision=1)
    async with asyncio.timeout(TIMEOUT):
        return await approval.execute_update(
            ApprovalWorkflow.amend, amendment, id=click or uuid.uuid4().hex
        )
