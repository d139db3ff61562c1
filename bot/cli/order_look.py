"""Looking up orders for the command line: now, at their end, or the approval to decide."""

import asyncio
from dataclasses import replace

from pydantic import ValidationError

from bot.actions.execute import TemporalUnavailableError, readable_as
from bot.cli import execution
from bot.cli.context import CliContext, require_readable, unknown, unreadable
from bot.cli.order_output import next_step_text
from bot.cli.request_output import UNREAD
from bot.cli.terminal import CommandError, remark
from records.requests import RequestRecord
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.messages import OrderInput
from workflows.rules.orders.order import OrderSnapshot, OrderStatus

POLL_INTERVAL = 0.1
"""Seconds between two queries while the approvers are being looked up."""


async def look_up(context: CliContext, order_id: str) -> OrderSnapshot:
    """Return the current order; if it does not answer, its last recorded state, with `as_of`.

    Raises:
        CommandError: there is no such order, or it does not answer and the records do not have it.

    """
    try:
        orders = await context.orders()
    except TemporalUnavailableError:
        snapshot = await _recorded(context, order_id)
        if snapshot is None:
            raise
        return snapshot
    try:
        found = await orders.look_up(order_id)
        if found is None:
            raise _silent(order_id) if await orders.exists(order_id) else unknown(order_id)
    except ValidationError:
        raise unreadable(order_id) from None
    return found


def _silent(order_id: str) -> CommandError:
    return CommandError(
        f"{order_id} does not answer: is the worker running? Please try again in a minute."
    )


async def _recorded(context: CliContext, order_id: str) -> OrderSnapshot | None:
    record = await context.record(order_id)
    snapshot = readable_as(record, OrderSnapshot)
    if record is None or snapshot is None:
        return None
    return replace(snapshot, as_of=record.changed_at)


async def requires_approval(context: CliContext, order_id: str) -> bool:
    """Return whether an order needs an approval, from the order or the records."""
    try:
        answer = await (await context.orders()).requires_approval(order_id)
    except TemporalUnavailableError:
        answer = None
    if answer is not None:
        return answer
    snapshot = await look_up(context, order_id)
    waits = snapshot.status is OrderStatus.AWAITING_APPROVAL
    return waits or await context.record(snapshot.approval_id) is not None


async def outcome(
    context: CliContext, order_id: str, asked: OrderInput | None = None
) -> OrderSnapshot:
    """Wait until the records have the end of an order, however long that takes.

    If this command started the order, `asked` is what it asked for.
    What the order waits for is shown after two reads have seen it: the first may be outdated.
    """
    seen: list[str] = []

    def remark_next_step(record: RequestRecord) -> None:
        text = next_step_text(OrderStatus(record.status), order_id)
        if text and seen.count(text) == 1:
            remark(text)
        seen.append(text)

    record = await execution.last_record(context, order_id, remark_next_step, asked)
    return require_readable(record, OrderSnapshot)


async def approval_to_decide(context: CliContext, order_id: str, person: str) -> ApprovalSnapshot:
    """Return an order's approval once its approvers are known; at once if it has ended.

    Raises:
        CommandError: the order needs no approval, or its approvers are not known in time.

    """
    order = await look_up(context, order_id)
    if order.status is not OrderStatus.AWAITING_APPROVAL:
        if order.approval is None:
            raise CommandError(f"{order_id} needs no approval, so there is nothing to decide.")
        return order.approval
    approvals = await context.approvals()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + context.retry_for
    while loop.time() < deadline:
        try:
            menu = await approvals.menu(order.approval_id, person)
        except TemporalUnavailableError:
            raise _silent(order_id) from None
        if menu is not None and _has_approvers(menu.face):
            return menu.face
        await asyncio.sleep(POLL_INTERVAL)
    raise CommandError(
        f"The approvers of {order_id} are not known yet. "
        f"See `countersign request show {order.approval_id}`."
    )


def _has_approvers(approval: ApprovalSnapshot) -> bool:
    looked_up = bool(approval.levels) and approval.levels[-1].blocked != UNREAD
    return looked_up or not approval.is_open
