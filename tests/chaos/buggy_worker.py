"""The real worker with workflows that raise, for requests and orders that name a bug in their title.

Only tests run this program; the product has no such hook. Bugs raise plain exceptions, which fail the
workflow task but not the workflow.
"""

import runpy
from datetime import datetime
from enum import StrEnum
from unittest.mock import patch

from temporalio import workflow

from workflows import registry
from workflows.approval import ApprovalWorkflow
from workflows.order import OrderWorkflow
from workflows.rules.approvals.request import Decision
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.messages import ApprovalInput, ApprovalOutcome, Menu, OrderInput
from workflows.rules.orders.order import OrderChange, OrderSnapshot
from workflows.rules.people.actors import Actor


class Bug(StrEnum):
    """The place of a bug. The value is part of the title of the affected request."""

    RUN = "bug in run"
    UPDATE = "bug in an update"
    VALIDATOR = "bug in a validator"
    QUERY = "bug in a query"
    ORDER = "bug in the order"


class BugError(Exception):
    """An unexpected exception."""


@workflow.defn(name="ApprovalWorkflow")
class BuggyApproval(ApprovalWorkflow):
    """An approval with bugs."""

    @workflow.init
    def __init__(self, approval_input: ApprovalInput) -> None:
        super().__init__(approval_input)
        self._title = approval_input.request.content.title

    @workflow.run
    async def run(self, approval_input: ApprovalInput) -> ApprovalOutcome:
        return await super().run(approval_input)

    @workflow.update
    def decide(self, decision: Decision) -> ApprovalSnapshot:  # type: ignore[override]
        self._raise_for(Bug.UPDATE)
        return self._execute(decision)

    @decide.validator
    def _check_decide(self, decision: Decision) -> None:
        self._raise_for(Bug.VALIDATOR)
        self._check(decision)

    @workflow.query
    def menu(self, person: str) -> Menu:
        self._raise_for(Bug.QUERY)
        return super().menu(person)

    def _next_deadline(self) -> datetime | None:
        self._raise_for(Bug.RUN)
        return super()._next_deadline()

    def _raise_for(self, bug: Bug) -> None:
        if bug in self._title:
            raise BugError(bug)


@workflow.defn(name="OrderWorkflow")
class BuggyOrder(OrderWorkflow):
    """An order with a bug in the steps after its approval."""

    @workflow.init
    def __init__(self, order_input: OrderInput) -> None:
        super().__init__(order_input)
        self._customer = order_input.order.customer

    @workflow.run
    async def run(self, order_input: OrderInput) -> OrderSnapshot:
        return await super().run(order_input)

    def _apply(self, change: OrderChange, *, actor: Actor | None = None) -> None:
        if Bug.ORDER in self._customer:
            raise BugError(Bug.ORDER)
        super()._apply(change, actor=actor)


if __name__ == "__main__":
    # The sandbox imports a workflow's module by name, which `__main__` is not.
    from tests.chaos import buggy_worker
    from tests.journeys.starter import ROOT

    with patch.object(registry, "WORKFLOWS", [buggy_worker.BuggyApproval, buggy_worker.BuggyOrder]):
        runpy.run_path(str(ROOT / "worker.py"), run_name="__main__")
