"""The written order: what a person typed, checked field by field before anything is believed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

from workflows.rules.approvals.clock import format_duration
from workflows.rules.approvals.form import longest_window, read_window
from workflows.rules.approvals.policy import Policy, route
from workflows.rules.orders.mail import ADDRESS
from workflows.rules.orders.order import Order, OrderLine, PaymentMode
from workflows.rules.shared.errors import (
    NoLinesError,
    NotACardExpiryError,
    NotACountError,
    NotAnEmailError,
    NoTierError,
    NotPositiveError,
    RuleError,
    TextMissingError,
    TextTooLongError,
    TooManyDigitsError,
    UnknownProductError,
    WindowTooLongError,
)
from workflows.rules.shared.form_errors import FormErrors
from workflows.rules.shared.money import MAX_DIGITS, Money, parse_money

POLICY = "order"
"""The policy by which orders are approved."""
CURRENCY = "USD"
"""What orders are in."""
MAX_NAME = 80
"""Characters of a customer's name."""
MAX_NOTE = 3000
"""Characters of a note: what one Slack input can carry."""
MAX_QUANTITY = 9_999


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftLine:
    """One order line as a person wrote it."""

    sku: str
    quantity: str
    unit_price: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftOrder:
    """An order as a person wrote it, before anything is believed.

    `answer_within` such as `4h`, or empty, is a wish for the approval.
    """

    order_id: str
    customer: str
    lines: tuple[DraftLine, ...]
    card_expiry: str
    note: str = ""
    payment: PaymentMode = PaymentMode.CHARGE
    email: str = ""
    answer_within: str = ""


class OrderFormErrors(FormErrors):
    """What is wrong with a written order, by field: `customer`, `lines.0.quantity`, ..."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedOrder:
    """An order that was read, and how long its approval may take where its requester said so."""

    order: Order
    expire_after: timedelta | None


def parse_order(
    written: DraftOrder, products: Mapping[str, str], currency: str, policy: Policy
) -> ParsedOrder:
    """Turn what a person wrote into an order that `policy` takes, within the policy's bounds.

    Raises:
        OrderMistakes: with the refusal of every field that is wrong, all at once.

    """
    mistakes: dict[str, RuleError] = {}
    order = expire_after = None
    try:
        order = read_order(written, products, currency)
    except OrderFormErrors as found:
        mistakes.update(found.by_field)
    try:
        expire_after = read_window(written.answer_within)
        longest = longest_window(route(policy, order.total)) if order else None
        if expire_after is not None and longest is not None and expire_after > longest:
            mistakes["answer_within"] = WindowTooLongError(limit=format_duration(longest))
    except NoTierError as error:
        mistakes["lines"] = error
    except RuleError as error:
        mistakes["answer_within"] = error
    if order is None or mistakes:
        raise OrderFormErrors(mistakes)
    return ParsedOrder(order=order, expire_after=expire_after)


def read_order(written: DraftOrder, products: Mapping[str, str], currency: str) -> Order:
    """Turn what a person wrote into an order. `products` are the names by number that can be had.

    A payment card is needed only where it is charged; what is written about it is kept if it reads.

    Raises:
        OrderMistakes: with the refusal of every field that is wrong, all at once.

    """
    mistakes: dict[str, RuleError] = {}
    customer, note = written.customer.strip(), written.note.strip()
    if error := _text_error(customer, MAX_NAME, required=True):
        mistakes["customer"] = error
    if error := _text_error(note, MAX_NOTE, required=False):
        mistakes["note"] = error
    lines = [
        _read_line(i, line, products, currency, mistakes) for i, line in enumerate(written.lines)
    ]
    if not lines:
        mistakes["lines"] = NoLinesError()
    expiry, email = written.card_expiry.strip(), written.email.strip()
    charged = written.payment is PaymentMode.CHARGE
    if (expiry or charged) and _expiry_month(expiry) is None:
        mistakes["card_expiry"] = NotACardExpiryError()
    if email and not re.fullmatch(ADDRESS, email, re.ASCII):
        mistakes["email"] = NotAnEmailError()
    read = tuple(line for line in lines if line is not None)
    if read and _is_too_long(_sum([line.total for line in read])):
        mistakes.setdefault("lines", TooManyDigitsError())
    if mistakes:
        raise OrderFormErrors(mistakes)
    return Order(
        order_id=written.order_id,
        customer=customer,
        lines=read,
        card_expiry=expiry,
        note=note,
        payment=written.payment,
        email=email,
    )


def _read_line(
    index: int,
    line: DraftLine,
    products: Mapping[str, str],
    currency: str,
    mistakes: dict[str, RuleError],
) -> OrderLine | None:
    if line.sku not in products:
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
    name = products.get(line.sku, "")
    return OrderLine(sku=line.sku, quantity=quantity, unit_price=price, name=name)


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftLineTotal:
    """What one line comes to, as far as it is written: its `total`, or what keeps it from having one.

    What is not written yet is no mistake. `is_blank`: nothing at all is written.
    """

    total: Money | None = None
    mistakes: Mapping[str, RuleError]
    is_blank: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftTotal:
    """What an order comes to while it is being written. `is_whole`: every written line counts."""

    lines: tuple[DraftLineTotal, ...]
    total: Money | None
    mistake: RuleError | None
    is_whole: bool


def draft_total(lines: Sequence[DraftLine], currency: str) -> DraftTotal:
    """Add up the lines as they are written so far. What cannot be read stands with its line."""
    sums = tuple(_line_sum(line, currency) for line in lines)
    totals = [one.total for one in sums if one.total is not None]
    total = _sum(totals) if totals else None
    too_long = total is not None and _is_too_long(total)
    return DraftTotal(
        lines=sums,
        total=None if too_long else total,
        mistake=TooManyDigitsError() if too_long else None,
        is_whole=all(one.is_blank or one.total is not None for one in sums),
    )


def _line_sum(line: DraftLine, currency: str) -> DraftLineTotal:
    mistakes: dict[str, RuleError] = {}
    quantity, price = None, None
    try:
        quantity = _read_quantity(line.quantity) if line.quantity.strip() else None
    except RuleError as error:
        mistakes["quantity"] = error
    try:
        price = parse_money(line.unit_price, currency) if line.unit_price.strip() else None
    except RuleError as error:
        mistakes["unit_price"] = error
    return DraftLineTotal(
        total=price.times(quantity) if price is not None and quantity is not None else None,
        mistakes=mistakes,
        is_blank=is_blank(line),
    )


def is_blank(line: DraftLine) -> bool:
    """Say whether nothing at all was written into a line."""
    return not (line.sku.strip() or line.quantity.strip() or line.unit_price.strip())


def _sum(totals: Sequence[Money]) -> Money:
    return reduce(Money.__add__, totals)


def _is_too_long(total: Money) -> bool:
    return len(str(total.amount).replace(".", "")) > MAX_DIGITS


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
