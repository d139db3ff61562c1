"""The order form."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from views import notices
from views.blocks import (
    PRIVATE_METADATA,
    Block,
    View,
    actions,
    button,
    modal,
    note,
    problem_blocks,
    text_block,
)
from views.ids import ActionId, BlockId, CallbackId, InputId
from views.order_inputs import (
    MAX_LINES,
    OrderContext,
    closing_inputs,
    customer_input,
    filled_lines,
    form_context,
    typed_order,
)
from views.order_lines import (
    LINES,
    LinePlace,
    block_id,
    line_blocks,
    total_block,
)
from views.payload import to_json
from views.translator import Translator
from workflows.rules.orders.catalogue import CURRENCY, CatalogueEntry
from workflows.rules.orders.form import DraftLine, DraftOrder, OrderFormErrors, draft_total


def build(
    order_id: str,
    catalogue: Sequence[CatalogueEntry],
    t: Translator,
    *,
    lines: int = 1,
    currency: str = CURRENCY,
) -> View:
    """Return the empty form with this many lines."""
    keys = range(min(max(lines, 1), MAX_LINES))
    saved = OrderContext(
        order_id=order_id,
        lines=",".join(map(str, keys)),
        next=len(keys),
        currency=currency,
        decimal_mark=t.decimal_mark,
    )
    blank = DraftLine(sku="", quantity="", unit_price="")
    empty = DraftOrder(
        order_id=order_id, customer="", lines=tuple(blank for _ in keys), card_expiry=""
    )
    return _form(saved, empty, catalogue, t)


def _form(
    saved: OrderContext,
    typed: DraftOrder,
    catalogue: Sequence[CatalogueEntry],
    t: Translator,
    problem: str = "",
) -> View:
    """Return the form with its values, and a `problem` (already escaped) at the top."""
    number = t("form.number", order_id=t.inline(saved.order_id, 80))
    reckoned = draft_total(typed.lines, saved.currency, saved.decimal_mark)
    blocks = problem_blocks(problem, t)
    blocks += [
        note(BlockId.NOTICE, number, t),
        customer_input(typed.customer, t),
    ]
    is_only = len(saved.keys) == 1
    lines = zip(saved.keys, typed.lines, reckoned.lines, strict=True)
    for at, (key, line, total) in enumerate(lines, start=1):
        place = LinePlace(key=key, number=at, alone=is_only, currency=saved.currency)
        blocks += line_blocks(place, line, total, catalogue, t)
    blocks += [
        _more(saved, t),
        total_block(reckoned, t),
        *closing_inputs(typed, t),
    ]
    return modal(
        t("form.title"),
        blocks,
        t,
        submit=t("form.submit"),
        close=t("form.cancel"),
        callback_id=CallbackId.ORDER,
        private_metadata=to_json(saved)[:PRIVATE_METADATA],
    )


def _more(saved: OrderContext, t: Translator) -> Block:
    if len(saved.keys) >= MAX_LINES:
        full = t("form.full", limit=MAX_LINES)
        return note(BlockId.FOOTER, full, t)
    add = button(ActionId.ADD_LINE, t("form.add_line"), str(saved.next))
    return actions(BlockId.ACTIONS, add)


# Changes of an open form, which keep all values. Each returns the form for `views.update`, or None
# if nothing changes: a click that Slack sends twice adds or removes one line only.
# Each raises UnreadablePayloadError if the view is not this form.


def add_line(
    view: Mapping[str, object], key: str, catalogue: Sequence[CatalogueEntry], t: Translator
) -> View | None:
    """Return the form with one more line; `key` is the button's value."""
    saved = form_context(view)
    return _changed(view, saved, saved.with_line(key), catalogue, t)


def remove_line(
    view: Mapping[str, object], key: str, catalogue: Sequence[CatalogueEntry], t: Translator
) -> View | None:
    """Return the form without the line of this key; the last line stays."""
    saved = form_context(view)
    return _changed(view, saved, saved.without_line(key), catalogue, t)


def with_totals(
    view: Mapping[str, object], catalogue: Sequence[CatalogueEntry], t: Translator
) -> View:
    """Return the form with its totals updated."""
    saved = form_context(view)
    return _form(saved, typed_order(view, saved), catalogue, t)


def _changed(
    view: Mapping[str, object],
    before: OrderContext,
    after: OrderContext,
    catalogue: Sequence[CatalogueEntry],
    t: Translator,
) -> View | None:
    if after == before:
        return None
    return _form(after, typed_order(view, after), catalogue, t)


def failed(
    view: Mapping[str, object], catalogue: Sequence[CatalogueEntry], sentence: str, t: Translator
) -> View:
    """Return the form as it was submitted, with what went wrong at the top.

    Raises:
        UnreadablePayloadError: the view is not this form.

    """
    saved = form_context(view)
    return _form(saved, typed_order(view, saved), catalogue, t, sentence)


def parse(view: Mapping[str, object]) -> DraftOrder:
    """Return the values of the form, without blank extra lines.

    Raises:
        UnreadablePayloadError: the view is not this form.

    """
    saved = form_context(view)
    typed = typed_order(view, saved)
    lines = tuple(typed.lines[index] for index in filled_lines(typed))
    return replace(typed, lines=lines)


def errors(mistakes: OrderFormErrors, view: Mapping[str, object], t: Translator) -> dict[str, str]:
    """Return the error of each field, for `ack(response_action="errors")`.

    `view` is the submitted form, which has the blank lines that `mistakes` does not count: an error
    in the second line of the order appears at the form's line.
    """
    saved = form_context(view)
    keys = [saved.keys[at] for at in filled_lines(typed_order(view, saved))]
    by_block: dict[str, str] = {}
    for name, sentence in notices.field_refusals(mistakes.by_field, t).items():
        part, _, rest = name.partition(".")
        index, _, column = rest.partition(".")
        if part != LINES:
            by_block[name] = sentence
        elif not rest:
            by_block[block_id(saved.keys[0], InputId.SKU)] = sentence
        else:
            by_block[f"{LINES}.{keys[int(index)]}.{column}"] = sentence
    return by_block


def working(order_id: str, t: Translator) -> View:
    """Return the modal shown between the submission and its result."""
    number = t.inline(order_id, 80)
    return _told(t("form.working", order_id=number), t)


def received(
    order_id: str,
    t: Translator,
    *,
    total: str,
    waits_in: str = "",
    paid_elsewhere: bool = False,
) -> View:
    """Return the confirmation; `waits_in` is the card's channel, or empty if no approval is needed."""
    number = t.inline(order_id, 80)
    next_step = t("form.received.goes_on")
    if waits_in:
        next_step = t("form.received.waits", channel=notices.channel(waits_in, t))
    first = t("form.received", order_id=number, total=t.inline(total, 60))
    paid_lines = [t("form.received.paid_elsewhere")] if paid_elsewhere else []
    status = t("form.received.status", order_id=number)
    return _told("\n".join([first, next_step, *paid_lines, status]), t)


def _told(sentence: str, t: Translator) -> View:
    return modal(
        t("form.title"), [text_block(BlockId.NOTICE, sentence, t)], t, close=t("form.close")
    )
