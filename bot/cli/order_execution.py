"""What commands do with orders: start one, look, wait for its end, have it decided, send a deed."""

import asyncio
from dataclasses import replace
from typing import assert_never

from pydantic import ValidationError

from bot.actions.commands import OrderDeed, send_to_order, verb_of
from bot.actions.order_lookup import OrderLookup
from bot.cli import execution
from bot.cli.context import Desk, readable
from bot.cli.order_output import next_words
from bot.cli.request_output import UNREAD
from bot.cli.terminal import CommandError, Exit, remark
from bot.temporal.client import (
    Accepted,
    Ended,
    OrderAnswer,
    Refused,
    TemporalUnavailableError,
    Unknown,
    WorkflowClient,
)
from records.requests import RequestRecord
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.messages import OrderInput
from workflows.rules.orders.order import ENDED, OrderSnapshot, OrderStatus
from workflows.rules.shared.click import click_id
from workflows.rules.shared.errors import OrderClosedError

ASK_EVERY = 0.1
"""Seconds between two looks whether an approval's people are known."""


async def start(desk: Desk, asked: OrderInput) -> bool:
    """Start an order; False where its id was used before, for the same order.

    Raises:
        CommandError: the id stands for another order, or nothing is confirmed.

    """
    client, order = await desk.workflows(), asked.order
    new = await execution.started(
        desk, order.order_id, lambda: client.start_order(asked), what="order"
    )
    if not new:
        known = await look(desk, order.order_id)
        if (known.order, known.requester.person) != (order, asked.requester.person):
            raise CommandError(
                f"{order.order_id} exists already, and it is another order: nothing was changed. "
                "Choose another --id."
            )
    return new


async def look(desk: Desk, order_id: str) -> OrderSnapshot:
    """Return how an order stands: by itself or, with `as_of`, as the records last heard of it.

    Raises:
        CommandError: there is no such order, or nobody knows of it yet.

    """
    try:
        client = await desk.workflows()
    except (CommandError, TemporalUnavailableError):
        snapshot = await _recorded(desk, order_id)
        if snapshot is None:
            raise
        return snapshot
    try:
        found = await OrderLookup(desk.requests, client).look_up(order_id)
    except ValidationError:
        raise _unreadable(order_id) from None
    if found is None:
        await desk.require_namespace()
        raise await _unknown(client, order_id)
    return found


async def _unknown(client: WorkflowClient, order_id: str) -> CommandError:
    """Tell an order that there is not from one of which nobody knows anything yet."""
    try:
        begun = await client.order_status(order_id) is not None
    except TemporalUnavailableError:
        begun = True
    if begun:
        return _silent(order_id)
    return CommandError(
        f"There is no order {order_id}. `countersign order list` shows those there are."
    )


def _silent(order_id: str) -> CommandError:
    return CommandError(
        f"Nobody tells how {order_id} stands: is the worker running? Please try again in a minute."
    )


async def _recorded(desk: Desk, order_id: str) -> OrderSnapshot | None:
    record = await desk.record(order_id)
    snapshot = readable(record) if record else None
    if record is None or not isinstance(snapshot, OrderSnapshot):
        return None
    return replace(snapshot, as_of=record.changed_at)


def _unreadable(order_id: str) -> CommandError:
    return CommandError(f"{order_id} was written down by another version of Countersign.")


async def requires_approval(desk: Desk, order_id: str) -> bool:
    """Return whether anybody is asked about an order: by itself, or as the records know."""
    try:
        client = await desk.workflows()
        answer = await client.order_requires_approval(order_id)
    except (CommandError, TemporalUnavailableError):
        answer = None
    if answer is not None:
        return answer
    snapshot = await look(desk, order_id)
    waits = snapshot.status is OrderStatus.AWAITING_APPROVAL
    return waits or await desk.record(snapshot.approval_id) is not None


async def outcome(desk: Desk, order_id: str) -> OrderSnapshot:
    """Wait, for as long as it takes, until the records say how an order ended.

    What it waits for is said once two looks have seen it: the first may be of before a decision.
    """
    seen: list[str] = []

    def has_ended(record: RequestRecord) -> bool:
        words = next_words(OrderStatus(record.status), order_id)
        if words and seen.count(words) == 1:
            remark(words)
        seen.append(words)
        return record.status in ENDED

    snapshot = readable(await execution.last_record(desk, order_id, has_ended))
    if isinstance(snapshot, OrderSnapshot):
        return snapshot
    raise _unreadable(order_id)


async def approval_to_decide(desk: Desk, order_id: str, person: str) -> ApprovalSnapshot:
    """Return an order's approval as soon as its people are known; at once where it has ended.

    Raises:
        CommandError: nobody is asked about this order, or nobody is known in time.

    """
    order = await look(desk, order_id)
    if order.status is not OrderStatus.AWAITING_APPROVAL:
        if order.approval is None:
            raise CommandError(f"{order_id} needs no approval, so there is nothing to decide.")
        return order.approval
    client = await desk.workflows()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + desk.patience
    while loop.time() < deadline:
        try:
            menu = await client.menu(order.approval_id, person)
        except TemporalUnavailableError:
            raise _silent(order_id) from None
        if menu is not None and _is_asked(menu.face):
            return menu.face
        await asyncio.sleep(ASK_EVERY)
    raise CommandError(
        f"It is not known yet who may decide about {order_id}: "
        f"`countersign request show {order.approval_id}` tells more."
    )


def _is_asked(approval: ApprovalSnapshot) -> bool:
    looked_up = bool(approval.levels) and approval.levels[-1].blocked != UNREAD
    return looked_up or not approval.is_open


async def do(
    desk: Desk, order_id: str, deed: OrderDeed, key: str, *, repeats: bool
) -> OrderSnapshot:
    """Do something with an order and return the face it led to.

    The same key is the same deed, however often it is sent; `repeats` says that it may have been
    sent before.

    Raises:
        CommandError: it was refused, has come too late, or is not confirmed.

    """
    client = await desk.workflows()
    click = click_id(order_id, deed.actor.person, verb_of(deed), key)

    async def ask() -> OrderAnswer:
        return await send_to_order(client, order_id, click, deed)

    answer, repeats = await execution.confirmed(client, ask, key, repeats=repeats)
    match answer:
        case Accepted(face=snapshot):
            return snapshot
        case Refused(code=code) if code != OrderClosedError.code:
            await execution.write_down(desk, order_id, deed, code)
            raise CommandError(notices.field_refusal(code, answer.data, ENGLISH), Exit.REFUSED)
        case Refused() | Ended() | Unknown():
            return await _after_the_end(desk, order_id, deed, repeats=repeats)
        case _:
            assert_never(answer)


async def _after_the_end(
    desk: Desk, order_id: str, deed: OrderDeed, *, repeats: bool
) -> OrderSnapshot:
    """Answer a deed on an order that has ended: it may be the very deed that it holds."""
    snapshot = await look(desk, order_id)
    if repeats and await execution.holds(desk, order_id, deed):
        remark("It was done before; nothing was changed now.")
        return snapshot
    code = OrderClosedError.code
    await execution.write_down(desk, order_id, deed, code)
    raise CommandError(notices.field_refusal(code, {"status": snapshot.status}, ENGLISH))
