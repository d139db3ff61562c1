"""The approval that the benchmarks measure: one level, reminder and expiry armed."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from temporalio.client import Client

from workflows.approval import ApprovalWorkflow
from workflows.registry import TASK_QUEUE
from workflows.rules.approvals.policy import LevelRule, Policy, Tier, route
from workflows.rules.approvals.request import ApprovalRequest, Decision, Verdict
from workflows.rules.messages import ApprovalInput
from workflows.rules.people.actors import Actor, ApproverSource, Origin, SourceKind
from workflows.rules.shared.content import Content
from workflows.rules.shared.money import Money

CHANNEL, APPROVER = "C0APPROVALS", "U0BORIS"


def request() -> ApprovalRequest:
    """Return a new request."""
    level = LevelRule(
        name="sales",
        approvers=(ApproverSource(kind=SourceKind.USER, value=APPROVER),),
        remind_after=(timedelta(minutes=30),),
        expire_after=timedelta(hours=1),
    )
    policy = Policy(
        name="bench",
        title="Benchmark",
        channel=CHANNEL,
        tiers=(Tier(up_to=None, levels=("sales",)),),
        levels=(level,),
    )
    return ApprovalRequest(
        request_id=f"APR-{uuid.uuid4().hex[:12]}",
        requester=Actor(person="U0ANA", origin=Origin.SLACK),
        content=Content(title="Oak desks", amount=Money(amount=Decimal("1500.00"), currency="USD")),
        policy=policy,
        route=route(policy, None),
    )


def decision(origin: Origin = Origin.CLI) -> Decision:
    """Return the approver's decision."""
    return Decision(
        actor=Actor(person=APPROVER, origin=origin),
        verdict=Verdict.APPROVE,
        content_revision=1,
        level=1,
    )


async def start(temporal: Client, started: ApprovalRequest) -> Any:
    """Start the request's workflow and return its handle."""
    return await temporal.start_workflow(
        ApprovalWorkflow.run,
        ApprovalInput(request=started),
        id=started.request_id,
        task_queue=TASK_QUEUE,
    )
