"""Comparison of three ledgers: what Slack shows, what the audit trail holds, what the workflows returned."""

import asyncio
from collections import Counter
from collections.abc import Iterable

from temporalio.client import WorkflowFailureError

from emulator.client import text_of
from emulator.errors import Json
from records.audit import AuditTrail
from records.requests import Requests
from records.snapshots import decode_snapshot
from tests.chaos.trial import TrialContext
from tests.journeys.workspace import has_buttons
from tests.records.balance import Balance
from views import cards
from workflows.rules.approvals.request import OPEN, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.order import OrderSnapshot, OrderStatus
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.card import CardCopy
from workflows.rules.shared.ids import approval_id
from workflows.rules.snapshots import Snapshot

DECIDED = {OrderStatus.COMPLETED: Verdict.APPROVE, OrderStatus.REJECTED: Verdict.REJECT}
"""The verdict that an order with this status must have."""


async def ended(context: TrialContext, ids: Iterable[str], seconds: float) -> None:
    """Wait until each of these workflows has ended. A workflow ends when Slack shows its last state.

    A workflow that fails or does not end in time is reported as lost.
    """

    async def end(workflow_id: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                await context.temporal.get_workflow_handle(workflow_id).result()
        except TimeoutError:
            context.report.lost.append(f"{workflow_id} has not ended after {seconds:.0f} s")
        except WorkflowFailureError as error:
            context.report.lost.append(f"{workflow_id} failed: {error.cause}")

    await asyncio.gather(*map(end, ids))


async def compare_orders(context: TrialContext, ids: Iterable[str]) -> None:
    """Compare the three ledgers for these ended orders and report the differences."""
    state = await context.workspace.slack.state()
    for order_id in ids:
        snapshot = await recorded_snapshot(context, order_id)
        if not isinstance(snapshot, OrderSnapshot) or snapshot.ended_at is None:
            context.report.lost.append(f"the records do not contain the end of {order_id}")
            continue
        await _compare_outcome(context, snapshot)
        await compare_trail(context, order_id)
        compare_cards(context, snapshot, state)
    unbalanced = [
        stock
        for stock in await Balance(context.workspace.database).of_stock()
        if not stock.balanced
    ]
    context.report.lost += [f"stock does not add up: {stock}" for stock in unbalanced]


async def recorded_snapshot(context: TrialContext, request_id: str) -> Snapshot | None:
    """Return the last snapshot in the records."""
    record = await Requests(context.workspace.database).get(request_id)
    return decode_snapshot(record.face) if record else None


async def compare_trail(context: TrialContext, request_id: str) -> None:
    """Check that a trail is intact and has at most one decision per person and level."""
    trail = AuditTrail(context.workspace.database)
    found = await trail.verify(request_id)
    if not found.intact:
        context.report.lost.append(f"the trail of {request_id}: {found.flaw} at {found.sequence}")
    decided = Counter(
        (fact.level, fact.content_revision, fact.actor.person)
        for fact in await trail.facts(request_id)
        if fact.kind is Fact.DECISION_RECORDED
    )
    for (level, _, person), times in decided.items():
        if times > 1:
            context.report.doubled.append(f"{person} decided {times} times at {request_id}/{level}")


async def _compare_outcome(context: TrialContext, snapshot: OrderSnapshot) -> None:
    """Compare an order's end with its approval, the workflow's result, and the payments."""
    order_id, report = snapshot.order.order_id, context.report
    returned: OrderSnapshot = await context.temporal.get_workflow_handle(
        order_id, result_type=OrderSnapshot
    ).result()
    if returned.status is not snapshot.status:
        report.stale.append(f"{order_id}: records {snapshot.status}, workflow {returned.status}")
    charged = (await context.workspace.balance(order_id)).paid
    wanted = snapshot.order.total.amount if snapshot.status is OrderStatus.COMPLETED else 0
    if charged > wanted:
        report.doubled.append(f"{order_id} is {snapshot.status} and was charged {charged}")
    if charged < wanted:
        report.lost.append(f"{order_id} is {snapshot.status} and was charged {charged}")
    if snapshot.approval is None:
        return
    approval = approval_id(order_id)
    await compare_trail(context, approval)
    decided = await recorded_snapshot(context, approval)
    if not isinstance(decided, ApprovalSnapshot) or decided.status in OPEN:
        report.lost.append(f"the records do not contain the end of {approval}")
        return
    verdicts = {decision.verdict for level in decided.levels for decision in level.decisions}
    if snapshot.status in DECIDED and DECIDED[snapshot.status] not in verdicts:
        report.lost.append(f"{order_id} is {snapshot.status}, but {approval} holds {verdicts}")


def compare_cards(
    context: TrialContext, snapshot: ApprovalSnapshot | OrderSnapshot, state: Json
) -> None:
    """Check that there is exactly one card in the channel, that it shows `snapshot`, and has no old button."""
    name = snapshot.order.order_id if isinstance(snapshot, OrderSnapshot) else snapshot.request_id
    shown = cards_of(state, name)
    if isinstance(snapshot, OrderSnapshot) and snapshot.approval is None:
        return
    wanted = as_shown(snapshot)
    if not shown:
        context.report.lost.append(f"{name} has no card")
    if len(shown) > 1:
        context.report.doubled.append(f"{name} has {len(shown)} cards")
    for card in shown:
        if text_of(card) != text_of(wanted):
            context.report.stale.append(f"{name}: its card says {text_of(card)[:200]!r}")
        if has_buttons(card) and not has_buttons(wanted):
            context.report.stale.append(f"{name}: its card can still be clicked")


def as_shown(snapshot: Snapshot) -> Json:
    """Return the message that Slack must show for `snapshot`."""
    message = cards.build(snapshot, CardCopy(channel=snapshot.channel, key=""))
    return {"text": message.text, "blocks": message.blocks}


def cards_of(state: Json, name: str) -> list[Json]:
    """Return the cards of this order or request in channels, outside threads."""
    return [
        message
        for channel, messages in state["messages"].items()
        for message in messages
        if not channel.startswith("D")
        and message.get("metadata")
        and message.get("thread_ts", message["ts"]) == message["ts"]
        and name in text_of(message)
    ]
