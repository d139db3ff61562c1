"""A worker with fake ports on the real server, and methods that start and update workflows."""

import asyncio
import uuid
import warnings
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Interceptor, Worker, WorkflowRunner

from tests.sandbox import product_runner
from tests.time_skipping import skip
from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import TIMEOUT
from tests.workflows.history import is_idle, until_history
from tests.workflows.updates import Update, source, sources
from workflows.approval import ApprovalWorkflow
from workflows.order import OrderWorkflow
from workflows.registry import WORKFLOWS
from workflows.rules.approvals.policy import LevelRule, Policy, Quorum, Tier, route
from workflows.rules.approvals.request import ApprovalRequest, Decision, Verdict, Withdrawal
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.messages import ApprovalInput, ApprovalOutcome, OrderInput
from workflows.rules.orders.order import (
    Cancellation,
    Order,
    OrderLine,
    OrderSnapshot,
    PaymentConfirmation,
    Resumption,
)
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.content import Content
from workflows.rules.shared.ids import approval_id
from workflows.rules.shared.money import Money

ApprovalHandle = WorkflowHandle[ApprovalWorkflow, ApprovalOutcome]
OrderHandle = WorkflowHandle[OrderWorkflow, OrderSnapshot]

ANA = Actor(person="UANA", origin=Origin.CLI)
"""The requester."""
PAID_AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
EXPIRE = timedelta(minutes=5)
CLOSE = timedelta(seconds=1)
"""The longest time between an instant and its effect: two workflow tasks on a busy machine."""


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def level(
    name: str,
    *people: str,
    quorum: int = 1,
    reject_quorum: int = 1,
    expire: timedelta | None = EXPIRE,
    **settings: Any,
) -> LevelRule:
    """Return a level; `people` are entries of `approvers` as in a policy."""
    return LevelRule(
        name=name,
        approvers=sources(*people),
        quorum=Quorum(count=quorum),
        reject_quorum=reject_quorum,
        expire_after=expire,
        max_expire_after=timedelta(days=28),
        **settings,
    )


SALES = level("sales", "UBORIS", "UCLARA")
BOTH = level("both", "UBORIS", "UCLARA", quorum=2)
FINANCE = level("finance", "UDORA")


def policy(*levels: LevelRule) -> Policy:
    return Policy(
        name="order",
        title="Customer order",
        channel="#approvals",
        tiers=(
            Tier(up_to=usd("1000.00"), levels=()),
            Tier(up_to=None, levels=tuple(level.name for level in levels)),
        ),
        levels=levels,
        admins=(source("UGUS"),),
        admin_channel="#approvals-admin",
        version="test",
    )


def an_order(
    total: str, order_id: str = "", *, and_lines: tuple[OrderLine, ...] = (), **parts: Any
) -> Order:
    """Return an order of one item and `and_lines`; `parts` are further fields of the order."""
    return Order(
        order_id=order_id or new_id("ORD"),
        customer="Ada",
        lines=(OrderLine(sku="DESK-1", quantity=1, unit_price=usd(total)), *and_lines),
        card_expiry="12/30",
        **parts,
    )


def new_id(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


@dataclass
class Harness:
    """A worker's task queue on the real server, and its fake ports."""

    env: WorkflowEnvironment
    client: Client
    queue: str
    ports: FakePorts

    async def start_request(
        self,
        *levels: LevelRule,
        request_id: str = "",
        amount: str = "1500.00",
        expire_after: timedelta | None = None,
        **settings: Any,
    ) -> ApprovalHandle:
        """Start a request with these levels (default: SALES); `settings` are fields of the policy."""
        request_id = request_id or new_id("APR")
        rules = replace(policy(*(levels or (SALES,))), **settings)
        request = ApprovalRequest(
            request_id=request_id,
            requester=ANA,
            content=Content(title="A new desk"),
            policy=rules,
            route=route(rules, usd(amount)),
            expire_after=expire_after,
        )
        return await self.client.start_workflow(
            ApprovalWorkflow.run,
            ApprovalInput(request=request),
            id=request_id,
            task_queue=self.queue,
        )

    async def open_request(
        self, *levels: LevelRule, request_id: str = "", **settings: Any
    ) -> ApprovalHandle:
        """Start a request and wait until its first level is open and its card is posted."""
        handle = await self.start_request(*levels, request_id=request_id, **settings)
        await self.until_idle(handle)
        return handle

    async def start_order(
        self, total: str, *levels: LevelRule, order_id: str = "", **parts: Any
    ) -> OrderHandle:
        """Submit an order for this total (default level: SALES); `parts` are fields of the order."""
        return await self.submit_order(an_order(total, order_id, **parts), *levels)

    async def submit_order(self, order: Order, *levels: LevelRule, **settings: Any) -> OrderHandle:
        """Submit an order; `settings` are fields of the input, or `search_attributes`."""
        attributes = settings.pop("search_attributes", None)
        rules = policy(*(levels or (SALES,)))
        workflow_input = OrderInput(order=order, requester=ANA, policy=rules, **settings)
        return await self.client.start_workflow(
            OrderWorkflow.run,
            workflow_input,
            id=order.order_id,
            task_queue=self.queue,
            search_attributes=attributes,
        )

    async def cancel(
        self, order: OrderHandle, actor: Actor = ANA, *, reason: str = "", click: str = ""
    ) -> OrderSnapshot:
        cancellation = Cancellation(actor=actor, reason=reason)
        return await order.execute_update(
            OrderWorkflow.cancel, cancellation, id=click or uuid.uuid4().hex
        )

    async def resume(self, order: OrderHandle, actor: Actor = ANA) -> OrderSnapshot:
        return await order.execute_update(
            OrderWorkflow.resume, Resumption(actor=actor), id=uuid.uuid4().hex
        )

    async def pay(self, order: OrderHandle, amount: str, event_id: str = "evt-1") -> None:
        """Confirm a payment as the gateway's webhook does."""
        confirmation = PaymentConfirmation(
            event_id=event_id, amount=Decimal(amount), currency="USD", paid_at=PAID_AT
        )
        await order.signal(OrderWorkflow.confirm_payment, confirmation)

    def approval_of(self, order: OrderHandle) -> ApprovalHandle:
        return self.client.get_workflow_handle_for(ApprovalWorkflow.run, approval_id(order.id))

    async def order_awaiting_approval(
        self, total: str = "1500.00", *levels: LevelRule, order_id: str = ""
    ) -> tuple[OrderHandle, ApprovalHandle]:
        """Submit an order that needs an approval, and wait until the approval is open."""
        order = await self.start_order(total, *levels, order_id=order_id)
        await self.ports.until(lambda: "OrderReceived" in self.ports.audit.kinds(order.id))
        approval = self.approval_of(order)
        await self.until_idle(approval)
        await self.until_idle(order)
        return order, approval

    async def send(
        self, handle: ApprovalHandle, update: Update, *, click: str = ""
    ) -> ApprovalSnapshot:
        """Send an update, under the id of its click."""
        snapshot: ApprovalSnapshot = await handle.execute_update(
            update.name, update.message, id=click or uuid.uuid4().hex, result_type=ApprovalSnapshot
        )
        return snapshot

    async def decide(  # noqa: PLR0913 - a click has this many parts
        self,
        handle: ApprovalHandle,
        person: str,
        verdict: Verdict = Verdict.APPROVE,
        *,
        reason: str = "",
        click: str = "",
        origin: Origin = Origin.CLI,
        level: int = 1,
        revision: int = 1,
    ) -> ApprovalSnapshot:
        decision = Decision(
            actor=Actor(person=person, origin=origin),
            verdict=verdict,
            reason=reason,
            content_revision=revision,
            level=level,
        )
        return await handle.execute_update(
            ApprovalWorkflow.decide, decision, id=click or uuid.uuid4().hex
        )

    async def click_decide(
        self, handle: ApprovalHandle, person: str, **parts: Any
    ) -> ApprovalSnapshot:
        """Decide with a Slack button."""
        return await self.decide(handle, person, origin=Origin.SLACK, **parts)

    async def withdraw(
        self, handle: ApprovalHandle, person: str = "UANA", reason: str = ""
    ) -> ApprovalSnapshot:
        withdrawal = Withdrawal(actor=Actor(person=person, origin=Origin.CLI), reason=reason)
        return await handle.execute_update(
            ApprovalWorkflow.withdraw, withdrawal, id=uuid.uuid4().hex
        )

    async def fast_forward(
        self, handle: WorkflowHandle[Any, Any], duration: timedelta, *, timers: int = 1
    ) -> None:
        """Advance a workflow's clock, past at most `timers` timers."""
        async with asyncio.timeout(TIMEOUT):
            await skip(self.env, handle, duration, timers=timers)

    async def run_to_end(self, handle: WorkflowHandle[Any, Any]) -> Any:
        """Advance the workflow's clock until it ends, and return its result."""
        async with asyncio.timeout(TIMEOUT):
            try:
                await self.env.fast_forward(handle)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:  # it has ended already
                    raise
            return await handle.result()

    async def history(self, handle: WorkflowHandle[Any, Any]) -> Sequence[HistoryEvent]:
        return (await handle.fetch_history()).events

    async def until_idle(
        self, handle: WorkflowHandle[Any, Any], *, but: str = ""
    ) -> Sequence[HistoryEvent]:
        """Wait until nothing is under way except timers and the activity `but`."""
        async with asyncio.timeout(TIMEOUT):
            return await until_history(handle, lambda events: is_idle(events, but=but))

    async def workflow_time(self, handle: WorkflowHandle[Any, Any]) -> datetime:
        """Return the time on the workflow's own clock."""
        return await self.env.get_current_time(handle)


@asynccontextmanager
async def run_harness(  # noqa: PLR0913 - a worker has this many parts
    env: WorkflowEnvironment,
    ports: FakePorts,
    *,
    queue: str = "",
    identity: str | None = None,
    runner: WorkflowRunner | None = None,
    interceptors: Sequence[Interceptor] = (),
    others: Sequence[type] = (),
    max_cached_workflows: int = 1000,
    sticky_timeout: timedelta = timedelta(seconds=10),
) -> AsyncIterator[Harness]:
    """Run a worker with the fake ports, for our workflows and `others`.

    Without the sandbox by default, as in the product: tests/replay runs every path in it.
    """
    queue = queue or new_id("test")
    async with Worker(
        env.client,
        task_queue=queue,
        identity=identity,
        workflows=[*WORKFLOWS, *others],
        activities=ports.activities(),
        workflow_runner=runner or product_runner(),
        max_concurrent_workflow_task_polls=2,
        max_concurrent_activity_task_polls=1,
        interceptors=interceptors,
        max_cached_workflows=max_cached_workflows,
        sticky_queue_schedule_to_start_timeout=sticky_timeout,
        graceful_shutdown_timeout=timedelta(0),
    ):
        try:
            yield Harness(env=env, client=env.client, queue=queue, ports=ports)
        finally:
            # A worker that stops while an activity ends may emit this warning. As an error, it would
            # kill the SDK's activity poller during its shutdown, which then never ends.
            warnings.filterwarnings("ignore", message="Cannot find activity to cancel")


async def refused(update: Coroutine[Any, Any, object]) -> ApplicationError:
    """Await an update that must be refused, and return the refusal."""
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await update
    assert isinstance(caught.value.cause, ApplicationError)
    return caught.value.cause
