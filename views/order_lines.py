"""The lines of the order form: product, quantity, price, and their total while they are typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from views import notices
from views.blocks import (
    INPUT,
    OPTION_TEXT,
    OPTION_VALUE,
    OPTIONS,
    Block,
    button,
    field,
    note,
    plain,
    text_block,
    text_input,
)
from views.ids import ActionId, BlockId, InputId
from views.translator import Translator
from workflows.rules.orders.catalogue import CatalogueEntry
from workflows.rules.orders.form import DraftLine, DraftLineTotal, DraftTotal
from workflows.rules.shared.money import Money

LINES = "lines"
_EXAMPLE = Decimal(1500)


@dataclass(frozen=True, kw_only=True, slots=True)
class LinePlace:
    """The place of a line: its key, its number from 1, and whether it is the only line."""

    key: str
    number: int
    alone: bool
    currency: str


def line_blocks(
    place: LinePlace,
    line: DraftLine,
    reckoned: DraftLineTotal,
    catalogue: Sequence[CatalogueEntry],
    t: Translator,
) -> list[Block]:
    """Return one line: product, quantity, unit price and total."""
    key, extra = place.key, place.number > 1  # a blank extra line must not block the submission
    title = text_block(f"{BlockId.LINE}-{key}", t("form.line", number=place.number), t)
    if not place.alone:
        title["accessory"] = button(ActionId.REMOVE_LINE, t("form.remove_line"), key)
    price = t("form.unit_price", currency=place.currency)
    product = _product(line.sku, catalogue, t)
    return [
        title,
        field(block_id(key, InputId.SKU), product, t("form.product"), t, optional=extra),
        _dispatch_on_change(
            text_input(
                InputId.QUANTITY,
                t("form.quantity"),
                t,
                block_id=block_id(key, InputId.QUANTITY),
                typed=line.quantity,
                placeholder="1",
                optional=extra,
            )
        ),
        _dispatch_on_change(
            text_input(
                InputId.UNIT_PRICE,
                price,
                t,
                block_id=block_id(key, InputId.UNIT_PRICE),
                typed=line.unit_price,
                placeholder=t.number(Money(amount=_EXAMPLE, currency=place.currency)),
                optional=extra,
            )
        ),
        note(f"{BlockId.LINE_SUM}-{key}", _sum_text(reckoned, price, t), t, limit=600),
    ]


def _dispatch_on_change(block: Block) -> Block:
    """Return the input with a report of each change (after a pause in typing), to update the totals."""
    element = block["element"]
    assert isinstance(element, dict)  # noqa: S101 - `field` made it
    element["dispatch_action_config"] = {"trigger_actions_on": ["on_character_entered"]}
    return {**block, "dispatch_action": True}


def _sum_text(reckoned: DraftLineTotal, price: str, t: Translator) -> str:
    """Return the total of a line, or what is wrong with each of its numbers."""
    labels = {"quantity": t("form.quantity"), "unit_price": price}
    if reckoned.errors:
        return "\n".join(
            t(
                "form.sum.mistake",
                field=labels[column],
                sentence=notices.refusal(error.code, error.data, t),
            )
            for column, error in reckoned.errors.items()
        )
    if reckoned.total is None:
        return t("form.sum.open")
    return t("form.sum", total=t.inline(t.money(reckoned.total), 80))


def total_block(reckoned: DraftTotal, t: Translator) -> Block:
    """Return the total of the order as typed so far."""
    total = t.inline(t.money(reckoned.total), 80) if reckoned.total is not None else ""
    if reckoned.error is not None:
        error = notices.refusal(reckoned.error.code, reckoned.error.data, t)
        text = t("form.total.mistake", sentence=error)
    elif reckoned.total is None:
        text = t("form.total.open")
    elif reckoned.is_whole:
        text = t("form.total", total=total)
    else:
        text = t("form.total.so_far", total=total)
    return text_block(BlockId.TOTAL, text, t)


def block_id(key: str, input_id: InputId) -> str:
    """Return the block id of a line's input."""
    return f"{LINES}.{key}.{input_id}"


def _product(sku: str, catalogue: Sequence[CatalogueEntry], t: Translator) -> Block:
    """Return the choice of a product; a text input if Slack could not show that many."""
    choices = {
        product.sku: _option(product, t)
        for product in catalogue
        if product.sku.strip() and len(product.sku) <= OPTION_VALUE
    }
    if not 0 < len(choices) <= OPTIONS:
        placeholder = plain(t("form.product.placeholder"), 150, t)
        typed: Block = {
            "type": "plain_text_input",
            "action_id": InputId.SKU,
            "placeholder": placeholder,
        }
        return typed | ({"initial_value": sku[:INPUT]} if sku else {})
    select: Block = {
        "type": "static_select",
        "action_id": InputId.SKU,
        "placeholder": plain(t("form.product.choose"), 150, t),
        "options": list(choices.values()),
    }
    return select | ({"initial_option": choices[sku]} if sku in choices else {})


def _option(product: CatalogueEntry, t: Translator) -> Block:
    label = product.name.strip() or product.sku
    if product.price_hint:
        label = t("form.product.option", name=label, price=product.price_hint)
    return {"text": plain(label, OPTION_TEXT, t), "value": product.sku}
