"""Updates that arrive while a workflow closes are completed or refused, never cut off."""

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.workflow import UnfinishedSignalHandlersWarning, UnfinishedUpdateHandlersWarning

from tests.workflows.harness import ANA, Harness
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.request import Withdrawal

UNFINISHED = (UnfinishedSignalHandlersWarning, UnfinishedUpdateHandlersWarning)


NOT_ACCEPTED = {RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION}
"""The workflow has closed; or the server discarded the workflow task and its updates, because
another event came before the last command (UnhandledCommand): then send the same id again."""


def _is_clean(answer: object) -> bool:
    """Whether an update was done, refused by a rule, or not accepted."""
    if isinstance(answer, WorkflowUpdateFailedError):
        cause = answer.cause
        return isinstance(cause, ApplicationError) and str(cause.type).startswith("rejected.")
    if isinstance(answer, RPCError):
        return answer.status in NOT_ACCEPTED
    return not isinstance(answer, BaseException)


async def test_no_update_is_cut_off_by_the_end_of_the_workflow(
    harness: Harness, recwarn: pytest.WarningsRecorder
) -> None:
    handle = await harness.open_request()

    answers = await asyncio.gather(
        harness.decide(handle, "UBORIS"),
        *(handle.execute_update(ApprovalWorkflow.republish) for _ in range(3)),
        harness.decide(handle, "UCLARA"),
        harness.withdraw(handle),
        *(handle.execute_update(ApprovalWorkflow.republish) for _ in range(3)),
        return_exceptions=True,
    )
    await handle.result()

    assert [answer for answer in answers if not _is_clean(answer)] == []
    assert [warning for warning in recwarn if issubclass(warning.category, UNFINISHED)] == []


async def test_no_update_is_cut_off_when_a_child_releases_its_card(
    harness: Harness, recwarn: pytest.WarningsRecorder
) -> None:
    order, approval = await harness.order_awaiting_approval()

    answers = await asyncio.gather(
        harness.decide(approval, "UBORIS"),
        *(approval.execute_update(ApprovalWorkflow.republish) for _ in range(4)),
        approval.signal("withdraw", Withdrawal(actor=ANA)),
        return_exceptions=True,
    )
    await harness.run_to_end(order)

    assert [answer for answer in answers if not _is_clean(answer)] == []
    assert [warning for warning in recwarn if issubclass(warning.category, UNFINISHED)] == []
