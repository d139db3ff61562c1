"""The written order: what a person typed, checked field by field before anything is believed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from workflows.rules.errors import (
    NoLinesError,
    NotACardExpiryError,
    NotACountError,
    NotPositiveError,
    RuleError,
    TextMissingError,
    TextTooLongError,
    TooManyDigitsError,
    UnknownProductError,
)
from workflows.rules.money import MAX_DIGITS, parse_money
from workflows.rules.order import Order, OrderLine

MAX_NAME = 80
"""Characters of a customer's name."""
MAX_NOTE = 3000
"""Characters of a note: what one Slack input can carry."""
MAX_QUANTITY = 9_999


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenLine:
    """One order line as a person wrote it."""

    sku: str
    quantity: str
    unit_price: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenOrder:
    """An order as a person wrote it, before anything is believed."""

    order_id: str
    customer: str
    lines: tuple[WrittenLine, ...]
    card_expiry: str
    note: str = ""


class OrderMistakes(Exception):  # noqa: N818 - it carries errors, it is not one
    """What is wrong with a written order, by field: `customer`, `lines.0.quantity`, ..."""

    def __init__(self, by_field: Mapping[str, RuleError]) -> None:
        super().__init__(", ".join(f"{name}: {error.code}" for name, error in by_field.items()))
        self.by_field = by_field


def read_order(written: WrittenOrder, skus: frozenset[str], currency: str) -> Order:
    """Turn what a person wrote into an order.

    Raises:
        OrderMistakes: with the refusal of every field that is wrong, all at once.

    """
    mistakes: dict[str, RuleError] = {}
    customer, note = written.customer.strip(), written.note.strip()
    if error := _text_error(customer, MAX_NAME, required=True):
        mistakes["customer"] = error
    if error := _text_error(note, MAX_NOTE, required=False):
        mistakes["note"] = error
    lines = [_read_line(i, line, skus, currency, mistakes) for i, line in enumerate(written.lines)]
    if not lines:
        mistakes["lines"] = NoLinesError()
    expiry = written.card_expiry.strip()
    if _expiry_month(expiry) is None:
        mistakes["card_expiry"] = NotACardExpiryError()
    read = tuple(line for line in lines if line is not None)
    if read and len(str(sum(line.total.amount for line in read)).replace(".", "")) > MAX_DIGITS:
        mistakes.setdefault("lines", TooManyDigitsError())
    if mistakes:
        raise OrderMistakes(mistakes)
    return Order(
        order_id=written.order_id,
        customer=customer,
        lines=read,
        card_expiry=expiry,
        note=note,
    )


def _read_line(
    index: int,
    line: WrittenLine,
    skus: frozenset[str],
    currency: str,
    mistakes: dict[str, RuleError],
) -> OrderLine | None:
    if line.sku not in skus:
        mistakes[f"lines.{index}.sku"] = UnknownProductError(sku=line.sku)
    try:
        quantity = _read_quantity(line.quantity)
    except RuleError as error:
        mistakes[f"lines.{index}.quantity"] = error
        quantity = 1
    try:
        price = parse_money(line.unit_price, currency)
    except RuleError as error:
        mistakes[f"lines.{index}.unit_price"] = error
        return None
    return OrderLine(sku=line.sku, quantity=quantity, unit_price=price)


def _read_quantity(written: str) -> int:
    match = re.fullmatch(r"([-+]?)(\d{1,6})", written.strip(), re.ASCII)
    if match is None:
        raise NotACountError
    quantity = int(match[0])
    if quantity <= 0:
        raise NotPositiveError
    if quantity > MAX_QUANTITY:
        raise NotACountError
    return quantity


def _text_error(text: str, limit: int, *, required: bool) -> RuleError | None:
    if required and not text:
        return TextMissingError()
    return TextTooLongError(limit=str(limit)) if len(text) > limit else None


def _expiry_month(written: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"(0[1-9]|1[0-2])/(\d{2})", written, re.ASCII)
    return (2000 + int(match[2]), int(match[1])) if match else None


def card_expired(card_expiry: str, today: date) -> bool:
    """Say whether a payment card of `MM/YY` is past its last month on `today`.

    A card is good until the last day of the printed month (ISO/IEC 7813's custom).
    """
    month = _expiry_month(card_expiry)
    return month is None or (today.year, today.month) > month
