"""The order modal: what is asked for, read back exactly as typed, and shown again with its mistakes."""

from collections.abc import Mapping, Sequence

from bot.views import notices
from bot.views.blocks import (
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
from bot.views.ids import ActionId, BlockId, CallbackId, InputId
from bot.views.order_inputs import (
    LINES,
    MAX_LINES,
    CatalogueEntry,
    OrderContext,
    block_id,
    closing_inputs,
    customer_input,
    filled_lines,
    kept_context,
    line_inputs,
    typed_order,
)
from bot.views.payload import to_json
from bot.views.text import in_line, text
from workflows.rules.order_form import OrderMistakes, WrittenLine, WrittenOrder

__all__ = [
    "MAX_LINES",
    "CatalogueEntry",
    "add_line",
    "build",
    "errors",
    "failed",
    "parse",
    "received",
    "working",
]

_CURRENCY = "USD"


def build(  # noqa: PLR0913 - a form shown again has this many parts
    order_id: str,
    catalogue: Sequence[CatalogueEntry],
    *,
    lines: int = 1,
    written: WrittenOrder | None = None,
    problem: str = "",
    currency: str = _CURRENCY,
    locale: str = "en",
) -> View:
    """Return the form, with what was `written` before and, on top, a `problem` (escaped already)."""
    typed = written or WrittenOrder(order_id=order_id, customer="", lines=(), card_expiry="")
    count = min(max(lines, len(typed.lines), 1), MAX_LINES)
    blank = WrittenLine(sku="", quantity="", unit_price="")
    shown = [*typed.lines, *[blank] * count][:count]
    number = text("form.number", locale, order_id=in_line(order_id, 80, locale))
    blocks = [said(BlockId.PROBLEM, problem, locale)] if problem else []
    blocks += [
        context(BlockId.NOTICE, mrkdwn(number, 300, locale)),
        customer_input(typed.customer, locale),
    ]
    for index, line in enumerate(shown):
        blocks += line_inputs(index, line, catalogue, currency, locale)
    blocks += [_more(count, locale), *closing_inputs(typed, locale)]
    kept = OrderContext(order_id=order_id, lines=count, currency=currency)
    return modal(
        text("form.title", locale),
        blocks,
        locale,
        submit=text("form.submit", locale),
        close=text("form.cancel", locale),
        callback_id=CallbackId.ORDER,
        private_metadata=to_json(kept)[:PRIVATE_METADATA],
    )


def _more(count: int, locale: str) -> Block:
    if count >= MAX_LINES:
        full = text("form.full", locale, limit=MAX_LINES)
        return context(BlockId.FOOT, mrkdwn(full, 300, locale))
    return actions(
        BlockId.ACTIONS,
        button(ActionId.ADD_LINE, text("form.add_line", locale), str(count + 1)),
    )


def add_line(
    view: Mapping[str, object], catalogue: Sequence[CatalogueEntry], locale: str = "en"
) -> View:
    """Return the form with one more line, for `views.update`; everything typed stays.

    Raises:
        UnreadablePayloadError: it is not this modal's view.

    """
    kept = kept_context(view)
    return build(
        kept.order_id,
        catalogue,
        lines=kept.lines + 1,
        written=typed_order(view, kept),
        currency=kept.currency,
        locale=locale,
    )


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
    return build(
        kept.order_id,
        catalogue,
        lines=kept.lines,
        written=typed_order(view, kept),
        problem=sentence,
        currency=kept.currency,
        locale=locale,
    )


def parse(view: Mapping[str, object]) -> WrittenOrder:
    """Read what was typed. Extra lines that were left wholly empty are not part of the order.

    Raises:
        UnreadablePayloadError: it is not this modal's view.

    """
    kept = kept_context(view)
    typed = typed_order(view, kept)
    lines = tuple(typed.lines[index] for index in filled_lines(typed))
    return WrittenOrder(
        order_id=typed.order_id,
        customer=typed.customer,
        lines=lines,
        card_expiry=typed.card_expiry,
        note=typed.note,
    )


def errors(
    mistakes: OrderMistakes, view: Mapping[str, object], locale: str = "en"
) -> dict[str, str]:
    """Return each mistake at its field, for `ack(response_action="errors")`.

    `view` is the submitted one: it tells which lines were left empty, so that a mistake in the
    second written line stands at the line where it was written.
    """
    filled = filled_lines(typed_order(view, kept_context(view)))
    found: dict[str, str] = {}
    for name, sentence in notices.order_mistakes(mistakes, locale).items():
        part, _, rest = name.partition(".")
        index, _, column = rest.partition(".")
        if part != LINES:
            found[name] = sentence
        elif not rest:
            found[block_id(0, InputId.SKU)] = sentence
        else:
            found[f"{LINES}.{filled[int(index)]}.{column}"] = sentence
    return found


def working(order_id: str, locale: str = "en") -> View:
    """Return what stands there between the submission and its result."""
    number = in_line(order_id, 80, locale)
    return _told(text("form.working", locale, order_id=number), locale)


def received(order_id: str, *, total: str, waits_in: str = "", locale: str = "en") -> View:
    """Say that the order is in. `waits_in` is the channel of its card, empty where none is needed."""
    number = in_line(order_id, 80, locale)
    next_ = text("form.received.goes_on", locale)
    if waits_in:
        next_ = text("form.received.waits", locale, channel=notices.channel(waits_in, locale))
    first = text("form.received", locale, order_id=number, total=in_line(total, 60, locale))
    status = text("form.received.status", locale, order_id=number)
    return _told(f"{first}\n{next_}\n{status}", locale)


def _told(sentence: str, locale: str) -> View:
    return modal(
        text("form.title", locale),
        [said(BlockId.NOTICE, sentence, locale)],
        locale,
        close=text("form.close", locale),
    )
