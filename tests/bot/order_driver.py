"""Starts orders without the form, and waits for their messages, states and records."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from bot.runtime.ids import new_id
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient, text_of
from records.refusals import Refusals
from records.requests import Requests
from records.snapshots import decode_snapshot
from tests.bot.commands import send
from tests.time_skipping import skip
from tests.workflows.history import until_history
from workflows.rules.approvals.policy import Policy, Quorum
from workflows.rules.approvals.request import Decision, Verdict
from workflows.rules.messages import OrderInput
from workflows.rules.orders.order import Order, OrderLine, PaymentConfirmation, PaymentMode
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.ids import approval_id
from workflows.rules.shared.money import Money

Json = dict[str, Any]

ANA, BORIS, CLARA, FAY, GUS = "U0ANA", "U0BORIS", "U0CLARA", "U0FAY", "U0GUS"
"""Ana is the requester, Boris and Clara are approvers, Fay is an admin, Gus is not involved."""
APPROVALS = "C0APPROVALS"
SETTLE = timedelta(seconds=3)
"""The time after a click in which the durable publish waits for the inline write."""
TIMEOUT = 30
"""Real seconds to wait for something immediate, on a machine that is busy with other tests."""


class RunningWorker:
    """A worker that can be stopped and started again."""

    def __init__(self, make: Callable[[], Worker]) -> None:
        self._make = make
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        await self._stack.enter_async_context(self._make())

    async def stop(self) -> None:
        await self._stack.aclose()


@dataclass(frozen=True, kw_only=True)
class Card:
    """An order, and the message with its card."""

    order_id: str
    message: Json

    @property
    def approval_id(self) -> str:
        return approval_id(self.order_id)

    @property
    def ts(self) -> str:
        return str(self.message["ts"])


@dataclass
class OrderDriver:
    """Starts orders and reads their state."""

    slack: StandInClient
    env: WorkflowEnvironment
    workflows: WorkflowClient
    policy: Policy
    requests: Requests
    refusals: Refusals

    async def order(
        self,
        total: str = "1500.00",
        *,
        policy: Policy | None = None,
        payment: PaymentMode = PaymentMode.CHARGE,
    ) -> str:
        """Start an order of Ana's and return its id."""
        order = replace(make_order(total), payment=payment)
        pending = OrderInput(
            order=order,
            requester=Actor(person=ANA, origin=Origin.SLACK),
            policy=policy or self.policy,
        )
        assert await self.workflows.start(pending)
        return order.order_id

    async def waiting_order(self, *, quorum: int = 1) -> Card:
        """Start an order that needs approvals, and wait for its card and until it is idle."""
        order_id = await self.order(policy=self.policy_with_quorum(quorum))
        message = await self.card(order_id, has_approve_button)
        card = Card(order_id=order_id, message=message)
        await self.until_idle(card.approval_id)
        return card

    async def approved_unpaid_order(self) -> Card:
        """Start an order that Boris approves, and wait until its card shows that it awaits payment."""
        order_id = await self.order(payment=PaymentMode.AWAIT)
        approval = approval_id(order_id)
        await self.card(order_id, has_approve_button)
        await self.until_idle(approval)
        await send(self.workflows, approval, "boris", cli_approval_by(BORIS))
        message = await self.card(order_id, lambda m: "Waiting for payment" in text_of(m))
        await self.until_idle(order_id)
        return Card(order_id=order_id, message=message)

    async def unpaid_order(self, total: str) -> str:
        """Start an order that needs no approval, and wait until it awaits payment."""
        order_id = await self.order(total, payment=PaymentMode.AWAIT)
        await self.until_idle(order_id)
        return order_id

    async def pay(self, order_id: str, amount: str) -> None:
        """Confirm the payment as the gateway does."""
        payment = PaymentConfirmation(
            event_id=f"evt-{order_id}",
            amount=Decimal(amount),
            currency="USD",
            paid_at=datetime.now(UTC),
        )
        assert await self.workflows.confirm_payment(order_id, payment)

    def policy_with_quorum(self, quorum: int) -> Policy:
        levels = tuple(
            replace(level, quorum=Quorum(count=quorum), reject_quorum=1)
            for level in self.policy.levels
        )
        return replace(self.policy, levels=levels)

    async def card(self, order_id: str, predicate: Callable[[Json], bool]) -> Json:
        """Wait until the order's card matches."""
        return await self.slack.wait_for_message(
            APPROVALS, BORIS, lambda m: order_id in text_of(m) and predicate(m)
        )

    async def cards(self, order_id: str) -> list[Json]:
        """Return the public messages that name the order."""
        seen = await self.slack.messages(APPROVALS, FAY)
        return [m for m in seen if order_id in text_of(m) and not m.get("is_ephemeral")]

    async def private_message(self, person: str, words: str, *, channel: str = APPROVALS) -> Json:
        """Wait for an ephemeral message to the person with these words."""
        return await self.slack.wait_for_message(
            channel,
            person,
            lambda m: words in text_of(m) and bool(m.get("is_ephemeral")),
        )

    async def direct_message(self, person: str, words: str) -> Json:
        """Wait for a direct message with these words."""
        return await self.slack.wait_for_message(
            f"D{person}", person, lambda m: words in text_of(m)
        )

    async def skip_settle_time(self, workflow_id: str) -> None:
        """Skip the settle time of a card, once the workflow is idle and has started that timer."""
        await self.until_idle(workflow_id)
        await self.skip(workflow_id, SETTLE)

    async def skip(self, workflow_id: str, duration: timedelta, *, timers: int = 1) -> None:
        """Skip time on a workflow's clock, past at most `timers` timers."""
        async with asyncio.timeout(TIMEOUT):
            await skip(self.env, self._handle(workflow_id), duration, timers=timers)

    async def skip_to_end(self, workflow_id: str) -> None:
        """Skip time until the workflow has ended; it may have ended already."""
        async with asyncio.timeout(TIMEOUT):
            try:
                await self.env.fast_forward(self._handle(workflow_id))
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            await self._handle(workflow_id).result()

    async def history(self, workflow_id: str) -> list[HistoryEvent]:
        return list((await self._handle(workflow_id).fetch_history()).events)

    async def updates(self, workflow_id: str, name: str) -> int:
        """Count the accepted updates of this name in the history."""
        return sum(
            event.workflow_execution_update_accepted_event_attributes.accepted_request.input.name
            == name
            for event in await self.history(workflow_id)
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
        )

    async def version(self, request_id: str) -> int:
        """Return the recorded version of the card."""
        record = await self.requests.get(request_id)
        assert record is not None
        return decode_snapshot(record.face).card_version

    async def until_idle(self, workflow_id: str) -> int:
        """Wait until only timers and children are open; return the length of the history."""
        async with asyncio.timeout(TIMEOUT):
            return len(await until_history(self._handle(workflow_id), _is_idle))

    async def refusals_of(self, request_id: str) -> list[tuple[str, str]]:
        """Return the recorded refusals: person and code."""
        return [
            (refusal.actor.person, refusal.code) for refusal in await self.refusals.of(request_id)
        ]

    def _handle(self, workflow_id: str) -> WorkflowHandle[Any, Any]:
        return self.env.client.get_workflow_handle(workflow_id)


def cli_approval_by(person: str) -> Decision:
    """Return the person's approval as the command line sends it."""
    return Decision(
        actor=Actor(person=person, origin=Origin.CLI),
        verdict=Verdict.APPROVE,
        content_revision=1,
        level=1,
    )


async def exists(env: WorkflowEnvironment, workflow_id: str) -> bool:
    """Return whether a workflow with this id was ever started."""
    try:
        await env.client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


def _is_idle(events: Sequence[HistoryEvent]) -> bool:
    open_work = 0
    for event in events:
        match event.event_type:
            case (
                EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED
                | EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
            ):
                open_work += 1
            case (
                EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
                | EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT
                | EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
                | EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
                | EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED
                | EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT
            ):
                open_work -= 1
    return open_work == 0


def make_order(total: str = "1500.00") -> Order:
    price = Money(amount=Decimal(total), currency="USD")
    return Order(
        order_id=new_id("ORD"),
        customer="Acme GmbH",
        lines=(OrderLine(sku="DESK-OAK", quantity=1, unit_price=price),),
        card_expiry="12/39",
    )


def has_approve_button(message: Json) -> bool:
    """Return whether the message has an Approve button."""
    return any(
        element.get("action_id") == "approve"
        for block in message.get("blocks", [])
        for element in block.get("elements", [])
    )


def shows(*words: str) -> Callable[[Json], bool]:
    """Return a predicate for messages with these words and without an Approve button."""
    return lambda m: not has_approve_button(m) and all(word in text_of(m) for word in words)


async def listeners_finished() -> None:
    """Wait until every called listener has finished."""
    async with asyncio.timeout(TIMEOUT):
        while left := {task for task in asyncio.all_tasks() if "run_ack_function" in repr(task)}:
            await asyncio.wait(left)


def unique(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(4)}"
