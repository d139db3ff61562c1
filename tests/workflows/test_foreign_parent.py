"""An approval as the child of a workflow that is not ours finishes its card itself."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import ANA, SALES, Harness, new_id, policy, run_harness, usd
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.policy import route
from workflows.rules.approvals.request import ApprovalRequest, RequestKind, Status
from workflows.rules.messages import ApprovalInput, ApprovalOutcome
from workflows.rules.notice import NoticeKind
from workflows.rules.shared.content import Content
from workflows.rules.shared.ids import approval_id


@workflow.defn
class Contract:
    """A workflow of a caller: it waits for the approval and knows nothing about its card."""

    @workflow.run
    async def run(self, approval: ApprovalInput) -> ApprovalOutcome:
        return await workflow.execute_child_workflow(
            ApprovalWorkflow.run, approval, id=approval.request.request_id
        )


ContractHandle = WorkflowHandle[Contract, ApprovalOutcome]


@pytest.fixture
async def harness(temporal: WorkflowEnvironment, ports: FakePorts) -> AsyncIterator[Harness]:
    async with run_harness(temporal, ports, others=[Contract]) as harness:
        yield harness


async def _start(
    harness: Harness, child_id: str, parent_id: str, **parts: object
) -> ContractHandle:
    rules = policy(SALES)
    request = ApprovalRequest(
        request_id=child_id,
        requester=ANA,
        content=Content(title="A contract"),
        policy=rules,
        route=route(rules, usd("1500.00")),
    )
    return await harness.client.start_workflow(
        Contract.run,
        ApprovalInput(request=replace(request, **parts)),  # type: ignore[arg-type]  # its fields
        id=parent_id,
        task_queue=harness.queue,
    )


@pytest.mark.parametrize(
    ("child", "about"),
    [
        ("REQ", RequestKind.APPROVAL),
        ("named like ours", RequestKind.APPROVAL),
        ("REQ", RequestKind.ORDER),
    ],
)
async def test_a_foreign_parent_leaves_no_stale_card(
    harness: Harness, ports: FakePorts, child: str, about: RequestKind
) -> None:
    parent_id = new_id("contract")
    child_id = new_id("REQ") if child == "REQ" else approval_id(parent_id)
    parent = await _start(harness, child_id, parent_id, about=about)
    await ports.until(lambda: bool(ports.cards.published))
    approval = harness.client.get_workflow_handle_for(ApprovalWorkflow.run, child_id)
    await harness.until_idle(approval)

    await harness.click_decide(approval, "UBORIS")
    await harness.run_to_end(approval)
    outcome = await parent.result()

    assert outcome.face.status is Status.APPROVED
    assert ports.cards.shown(child_id).status is Status.APPROVED
    assert (NoticeKind.OUTCOME.value, ANA.person) in ports.notices.summary()
    assert ports.audit.owners[child_id] == child_id
