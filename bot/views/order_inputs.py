"""The inputs of the order modal, and how what was typed into them is read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.views.blocks import (
    INPUT,
    OPTION_TEXT,
    OPTION_VALUE,
    OPTIONS,
    Block,
    field,
    plain,
    said,
    text_input,
)
from bot.views.ids import BlockId, InputId
from bot.views.payload import UnreadablePayloadError, from_json, word
from bot.views.text import text
from workflows.rules.order_form import WrittenLine, WrittenOrder

MAX_LINES = 10
"""Order lines in one modal; orders from elsewhere may have more."""
LINES = "lines"


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueEntry:
    """A product that can be chosen."""

    sku: str
    name: str
    price_hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderContext:
    """What the modal keeps: the id minted when it opened, and how many lines it shows."""

    order_id: str
    lines: int
    currency: str


def line_inputs(
    index: int,
    line: WrittenLine,
    catalogue: Sequence[CatalogueEntry],
    currency: str,
    locale: str,
) -> list[Block]:
    """Return one line: a product, how many, the price of one."""
    extra = index > 0  # an extra line that was not needed must not keep anybody from sending
    title = said(f"{BlockId.LINE}-{index}", text("form.line", locale, number=index + 1), locale)
    price = text("form.unit_price", locale, currency=currency)
    return [
        title,
        field(
            block_id(index, InputId.SKU),
            _product(line.sku, catalogue, locale),
            text("form.product", locale),
            locale,
            hint=text("form.optional_line", locale) if extra else "",
            optional=extra,
        ),
        text_input(
            block_id(index, InputId.QUANTITY),
            InputId.QUANTITY,
            text("form.quantity", locale),
            locale,
            typed=line.quantity,
            placeholder="1",
            optional=extra,
        ),
        text_input(
            block_id(index, InputId.UNIT_PRICE),
            InputId.UNIT_PRICE,
            price,
            locale,
            typed=line.unit_price,
            placeholder="1500.00",
            optional=extra,
        ),
    ]


def block_id(index: int, input_id: InputId) -> str:
    """Return the name of the field in `rules.order_form`: a mistake finds its place by itself."""
    return f"{LINES}.{index}.{input_id}"


def _product(sku: str, catalogue: Sequence[CatalogueEntry], locale: str) -> Block:
    """Return the choice of products, or a text input where Slack could not show such a choice."""
    choices = {
        one.sku: _option(one, locale)
        for one in catalogue
        if one.sku.strip() and len(one.sku) <= OPTION_VALUE
    }
    if not 0 < len(choices) <= OPTIONS:
        placeholder = plain(text("form.product.placeholder", locale), 150, locale)
        typed: Block = {
            "type": "plain_text_input",
            "action_id": InputId.SKU,
            "placeholder": placeholder,
        }
        return typed | ({"initial_value": sku[:INPUT]} if sku else {})
    select: Block = {
        "type": "static_select",
        "action_id": InputId.SKU,
        "placeholder": plain(text("form.product.choose", locale), 150, locale),
        "options": list(choices.values()),
    }
    return select | ({"initial_option": choices[sku]} if sku in choices else {})


def _option(one: CatalogueEntry, locale: str) -> Block:
    label = one.name.strip() or one.sku
    if one.price_hint:
        label = text("form.product.option", locale, name=label, price=one.price_hint)
    return {"text": plain(label, OPTION_TEXT, locale), "value": one.sku}


def customer_input(typed: str, locale: str) -> Block:
    """Return the input for the customer's name."""
    label = text("form.customer", locale)
    return text_input(InputId.CUSTOMER, InputId.CUSTOMER, label, locale, typed=typed)


def closing_inputs(typed: WrittenOrder, locale: str) -> list[Block]:
    """Return what stands below the lines."""
    return [
        text_input(
            InputId.CARD_EXPIRY,
            InputId.CARD_EXPIRY,
            text("form.card_expiry", locale),
            locale,
            typed=typed.card_expiry,
            placeholder="09/28",
        ),
        text_input(
            InputId.NOTE,
            InputId.NOTE,
            text("form.note", locale),
            locale,
            typed=typed.note,
            multiline=True,
            optional=True,
        ),
    ]


def filled_lines(typed: WrittenOrder) -> list[int]:
    """Return which lines count: the first, and every other in which something was written."""
    return [
        index
        for index, line in enumerate(typed.lines)
        if index == 0 or line.sku or line.quantity.strip() or line.unit_price.strip()
    ]


def kept_context(view: Mapping[str, object]) -> OrderContext:
    """Return what the modal kept of its own.

    Raises:
        UnreadablePayloadError: it is not this modal's view.

    """
    kept = from_json(word(view, "private_metadata"), OrderContext, "private_metadata")
    if not kept.order_id or not 1 <= kept.lines <= MAX_LINES:
        raise UnreadablePayloadError("private_metadata")
    return kept


def typed_order(view: Mapping[str, object], kept: OrderContext) -> WrittenOrder:
    """Return everything that was typed, empty lines too."""
    return WrittenOrder(
        order_id=kept.order_id,
        customer=_value(view, InputId.CUSTOMER, InputId.CUSTOMER),
        lines=tuple(_line(view, index) for index in range(kept.lines)),
        card_expiry=_value(view, InputId.CARD_EXPIRY, InputId.CARD_EXPIRY),
        note=_value(view, InputId.NOTE, InputId.NOTE),
    )


def _line(view: Mapping[str, object], index: int) -> WrittenLine:
    sku_block = block_id(index, InputId.SKU)
    chosen = word(view, "state", "values", sku_block, InputId.SKU, "selected_option", "value")
    return WrittenLine(
        sku=chosen or _value(view, sku_block, InputId.SKU).strip(),
        quantity=_value(view, block_id(index, InputId.QUANTITY), InputId.QUANTITY),
        unit_price=_value(view, block_id(index, InputId.UNIT_PRICE), InputId.UNIT_PRICE),
    )


def _value(view: Mapping[str, object], block_id: str, input_id: InputId) -> str:
    return word(view, "state", "values", block_id, input_id, "value")
