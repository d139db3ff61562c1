"""The private answer to `/order-status`: one order as its card shows it, or the latest orders."""

from collections.abc import Sequence
from dataclasses import replace

from views import order_card
from views.blocks import Block, Message, button, note, text_block
from views.ids import ActionId, BlockId
from views.translator import Translator
from workflows.rules.orders.order import OrderSnapshot

LATEST = 10
"""Orders in the list."""
_NAME = 160


def order(snapshot: OrderSnapshot, reader: str, t: Translator) -> Message:
    """Return one order as its card shows it, with the reader's buttons.

    Only the requester has Cancel; an operator uses the command line. An order read from the records
    has a note with the time of its state.
    """
    may_cancel = snapshot.is_cancellable and reader == snapshot.requester.person
    snapshot = replace(snapshot, is_cancellable=may_cancel)
    message = order_card.build(snapshot, t)
    if snapshot.as_of is None:
        return message
    text = t("order.as_of", when=t.date(snapshot.as_of))
    return Message(text=message.text, blocks=[*message.blocks, note(BlockId.NOTICE, text, t)])


def latest(snapshots: Sequence[OrderSnapshot], t: Translator) -> Message:
    """Return a person's latest orders in the given order, at most ten; one sentence if there are none."""
    if not snapshots:
        empty = t("order.list.empty")
        return Message(text=empty, blocks=[text_block(BlockId.NOTICE, empty, t)])
    visible = snapshots[:LATEST]
    orders = [t.inline(f"{snapshot.order.order_id}", 60) for snapshot in visible]
    return Message(
        text=t.count("order.list.text", len(visible), orders=t.list(orders)),
        blocks=[
            text_block(BlockId.HEADER, t("order.list.title"), t),
            *(_line(at, snapshot, t) for at, snapshot in enumerate(visible)),
            note(BlockId.FOOTER, t("order.list.hint"), t),
        ],
    )


def _line(at: int, snapshot: OrderSnapshot, t: Translator) -> Block:
    order = snapshot.order
    text = t(
        "order.list.line",
        order_id=t.inline(order.order_id, 80),
        customer=t.inline(order.customer, _NAME),
        amount=t.money(order.total),
        state=t(f"order.{snapshot.status}"),
        when=t.date(snapshot.received_at),
    )
    block = text_block(f"{BlockId.LINE}-{at}", text, t)
    block["accessory"] = button(ActionId.SHOW, t("button.show"), order.order_id)
    return block
