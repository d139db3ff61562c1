"""The order modal: what is asked for, read back exactly as typed, and shown again with its mistakes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from views import notices
from views.blocks import (
    PRIVATE_METADATA,
    Block,
    View,
    actions,
    button,
    context,
    modal,
    mrkdwn,
    said,
)
from views.ids import ActionId, BlockId, CallbackId, InputId
from views.order_inputs import (
    MAX_LINES,
    OrderContext,
    closing_inputs,
    customer_input,
    filled_lines,
    kept_context,
    typed_order,
)
from views.order_lines import (
    LINES,
    CatalogueEntry,
    LinePlace,
    block_id,
    line_blocks,
    total_block,
)
from views.payload import to_json
from views.text import in_line, text
from workflows.rules.orders.form import DraftLine, DraftOrder, OrderFormErrors, draft_total

__all__ = [
    "MAX_LINES",
    "CatalogueEntry",
    "add_line",
    "build",
    "errors",
    "failed",
    "parse",
    "received",
    "recounted",
    "remove_line",
    "working",
]

_CURRENCY = "USD"


def build(
    order_id: str,
    catalogue: Sequence[CatalogueEntry],
    *,
    lines: int = 1,
    currency: str = _CURRENCY,
    locale: str = "en",
) -> View:
    """Return the empty form, with so many lines."""
    keys = range(min(max(lines, 1), MAX_LINES))
    kept = OrderContext(
        order_id=order_id, lines=",".join(map(str, keys)), next=len(keys), currency=currency
    )
    blank = DraftLine(sku="", quantity="", unit_price="")
    empty = DraftOrder(
        order_id=order_id, customer="", lines=tuple(blank for _ in keys), card_expiry=""
    )
    return _form(kept, empty, catalogue, locale)


def _form(
    kept: OrderContext,
    typed: DraftOrder,
    catalogue: Sequence[CatalogueEntry],
    locale: str,
    problem: str = "",
) -> View:
    """Return the form with what was typed and, on top, a `problem` (escaped already)."""
    number = text("form.number", locale, order_id=in_line(kept.order_id, 80, locale))
    reckoned = draft_total(typed.lines, kept.currency)
    blocks = [said(BlockId.PROBLEM, problem, locale)] if problem else []
    blocks += [
        context(BlockId.NOTICE, mrkdwn(number, 300, locale)),
        customer_input(typed.customer, locale),
    ]
    alone = len(kept.keys) == 1
    lines = zip(kept.keys, typed.lines, reckoned.lines, strict=True)
    for at, (key, line, total) in enumerate(lines, start=1):
        place = LinePlace(key=key, number=at, alone=alone, currency=kept.currency)
        blocks += line_blocks(place, line, total, catalogue, locale)
    blocks += [
        _more(kept, locale),
        total_block(reckoned, locale),
        *closing_inputs(typed, locale),
    ]
    return modal(
        text("form.title", locale),
        blocks,
        locale,
        submit=text("form.submit", locale),
        close=text("form.cancel", locale),
        callback_id=CallbackId.ORDER,
        private_metadata=to_json(kept)[:PRIVATE_METADATA],
    )


def _more(kept: OrderContext, locale: str) -> Block:
    if len(kept.keys) >= MAX_LINES:
        full = text("form.full", locale, limit=MAX_LINES)
        return context(BlockId.FOOT, mrkdwn(full, 300, locale))
    add = button(ActionId.ADD_LINE, text("form.add_line", locale), str(kept.next))
    return actions(BlockId.ACTIONS, add)


# A change of the form: everything typed stays. Each returns the form for `views.update`, or None
# where there is nothing to change: a press that Slack sends twice adds or removes one line.
# Each raises UnreadablePayloadError where it is not this modal's view.


def add_line(
    view: Mapping[str, object], key: str, catalogue: Sequence[CatalogueEntry], locale: str = "en"
) -> View | None:
    """Return the form with one more line; `key` is what the button said."""
    kept = kept_context(view)
    return _changed(view, kept, kept.with_line(key), catalogue, locale)


def remove_line(
    view: Mapping[str, object], key: str, catalogue: Sequence[CatalogueEntry], locale: str = "en"
) -> View | None:
    """Return the form without the line of this key; the last one stays."""
    kept = kept_context(view)
    return _changed(view, kept, kept.without_line(key), catalogue, locale)


def recounted(
    view: Mapping[str, object], catalogue: Sequence[CatalogueEntry], locale: str = "en"
) -> View:
    """Return the form with the sums as they are now."""
    kept = kept_context(view)
    return _form(kept, typed_order(view, kept), catalogue, locale)


def _changed(
    view: Mapping[str, object],
    before: OrderContext,
    after: OrderContext,
    catalogue: Sequence[CatalogueEntry],
    locale: str,
) -> View | None:
    if after == before:
        return None
    return _form(after, typed_order(view, after), catalogue, locale)


def failed(
    view: Mapping[str, object],
    catalogue: Sequence[CatalogueEntry],
    sentence: str,
    locale: str = "en",
) -> View:
    """Return the form as it was submitted and, on top, why it did not go through.

    Raises:
        UnreadablePayloadError: it is not this modal's view.

    """
    kept = kept_context(view)
    return _form(kept, typed_order(view, kept), catalogue, locale, sentence)


def parse(view: Mapping[str, object]) -> DraftOrder:
    """Read what was typed. Extra lines that were left wholly empty are not part of the order.

    Raises:
        UnreadablePayloadError: it is not this modal's view.

    """
    kept = kept_context(view)
    typed = typed_order(view, kept)
    lines = tuple(typed.lines[index] for index in filled_lines(typed))
    return replace(typed, lines=lines)


def errors(
    mistakes: OrderFormErrors, view: Mapping[str, object], locale: str = "en"
) -> dict[str, str]:
    """Return each mistake at its field, for `ack(response_action="errors")`.

    `view` is the submitted one: it tells which lines were left empty, so that a mistake in the
    second written line stands at the line where it was written.
    """
    kept = kept_context(view)
    filled = [kept.keys[at] for at in filled_lines(typed_order(view, kept))]
    found: dict[str, str] = {}
    for name, sentence in notices.order_mistakes(mistakes, locale).items():
        part, _, rest = name.partition(".")
        index, _, column = rest.partition(".")
        if part != LINES:
            found[name] = sentence
        elif not rest:
            found[block_id(kept.keys[0], InputId.SKU)] = sentence
        else:
            found[f"{LINES}.{filled[int(index)]}.{column}"] = sentence
    return found


def working(order_id: str, locale: str = "en") -> View:
    """Return what stands there between the submission and its result."""
    number = in_line(order_id, 80, locale)
    return _told(text("form.working", locale, order_id=number), locale)


def received(
    order_id: str,
    *,
    total: str,
    waits_in: str = "",
    paid_elsewhere: bool = False,
    locale: str = "en",
) -> View:
    """Say that the order is in. `waits_in` is the channel of its card, empty where none is needed."""
    number = in_line(order_id, 80, locale)
    next_ = text("form.received.goes_on", locale)
    if waits_in:
        next_ = text("form.received.waits", locale, channel=notices.channel(waits_in, locale))
    first = text("form.received", locale, order_id=number, total=in_line(total, 60, locale))
    paid = [text("form.received.paid_elsewhere", locale)] if paid_elsewhere else []
    status = text("form.received.status", locale, order_id=number)
    return _told("\n".join([first, next_, *paid, status]), locale)


def _told(sentence: str, locale: str) -> View:
    return modal(
        text("form.title", locale),
        [said(BlockId.NOTICE, sentence, locale)],
        locale,
        close=text("form.close", locale),
    )
