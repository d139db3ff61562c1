"""What `/order-status` answers, privately: one order as its card shows it, or the latest ones."""

from collections.abc import Sequence
from dataclasses import replace

from views import order_card
from views.blocks import Block, Message, button, context, mrkdwn, said
from views.ids import ActionId, BlockId
from views.languages import in_language
from views.text import counted, date, in_line, listed, text
from workflows.rules.orders.order import OrderSnapshot

LATEST = 10
"""Orders in a list."""
_NAME = 160


def one(snapshot: OrderSnapshot, reader: str, locale: str = "en") -> Message:
    """Return one order: the card's own blocks, so the card's own truth, with the reader's buttons.

    Cancel stands there for the requester only; an operator has the command line. Where it comes
    from the records and not from the order itself, it says as of when.
    """
    may_cancel = snapshot.is_cancellable and reader == snapshot.requester.person
    snapshot = in_language(replace(snapshot, is_cancellable=may_cancel), locale)
    message = order_card.build(snapshot)
    if snapshot.as_of is None:
        return message
    words = text("order.as_of", snapshot.language, when=date(snapshot.as_of, snapshot.language))
    note = context(BlockId.NOTICE, mrkdwn(words, 300, snapshot.language))
    return Message(text=message.text, blocks=[*message.blocks, note])


def latest(snapshots: Sequence[OrderSnapshot], locale: str = "en") -> Message:
    """Return a person's latest orders, as given and at most ten; a sentence where there are none."""
    if not snapshots:
        empty = text("order.list.empty", locale)
        return Message(text=empty, blocks=[said(BlockId.NOTICE, empty, locale)])
    shown = snapshots[:LATEST]
    orders = [in_line(f"{snapshot.order.order_id}", 60, locale) for snapshot in shown]
    return Message(
        text=counted("order.list.text", len(shown), locale, orders=listed(orders, locale)),
        blocks=[
            said(BlockId.HEADER, text("order.list.title", locale), locale),
            *(_line(at, snapshot, locale) for at, snapshot in enumerate(shown)),
            context(BlockId.FOOT, mrkdwn(text("order.list.hint", locale), 300, locale)),
        ],
    )


def _line(at: int, snapshot: OrderSnapshot, locale: str) -> Block:
    order = snapshot.order
    words = text(
        "order.list.line",
        locale,
        order_id=in_line(order.order_id, 80, locale),
        customer=in_line(order.customer, _NAME, locale),
        amount=order.total,
        state=text(f"order.{snapshot.status}", locale),
        when=date(snapshot.received_at, locale),
    )
    block = said(f"{BlockId.LINE}-{at}", words, locale)
    block["accessory"] = button(ActionId.SHOW, text("button.show", locale), order.order_id)
    return block
