"""The order form: parses and checks what a person typed, field by field."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial, reduce

from workflows.rules.approvals.form import read_allowed_window
from workflows.rules.approvals.policy import Policy
from workflows.rules.orders.catalogue import CatalogueEntry
from workflows.rules.orders.mail import ADDRESS
from workflows.rules.orders.order import Order, OrderLine, PaymentMode
from workflows.rules.orders.order_route import order_route
from workflows.rules.shared.content import is_storable
from workflows.rules.shared.errors import (
    NoLinesError,
    NotACardExpiryError,
    NotACountError,
    NotAnEmailError,
    NotPositiveError,
    RuleError,
    TextMissingError,
    TextTooLongError,
    TextUnreadableError,
    TooManyDigitsError,
    UnknownProductError,
)
from workflows.rules.shared.form_errors import FormErrors, read_field
from workflows.rules.shared.money import MAX_DIGITS, POINT, Money, parse_money

POLICY = "order"
"""The name of the policy for orders."""
MAX_NAME = 80
"""Characters of a customer's name."""
MAX_NOTE = 3000
"""Characters of a note: the limit of one Slack input."""
MAX_QUANTITY = 9_999


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftLine:
    """An order line as it was typed."""

    sku: str
    quantity: str
    unit_price: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftOrder:
    """An order as it was typed, not checked yet.

    `answer_within` is empty or the requested expiry of its approval, such as `4h`. `decimal_mark` is
    that of the language in which the form was shown.
    """

    order_id: str
    customer: str
    lines: tuple[DraftLine, ...]
    card_expiry: str
    note: str = ""
    payment: PaymentMode = PaymentMode.CHARGE
    email: str = ""
    answer_within: str = ""
    decimal_mark: str = POINT


class OrderFormErrors(FormErrors):
    """The errors of an order form, by field: `customer`, `lines.0.quantity`, ..."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedOrder:
    """A valid order, and the requested expiry of its approval if there is one."""

    order: Order
    expire_after: timedelta | None


def parse_order(
    draft: DraftOrder, products: Mapping[str, CatalogueEntry], currency: str, policy: Policy
) -> ParsedOrder:
    """Parse a draft into an order that `policy` covers, within the policy's limits.

    Raises:
        OrderFormErrors: with the refusal of every invalid field.

    """
    errors: dict[str, RuleError] = {}
    order = route_ = None
    try:
        order = read_order(draft, products, currency)
    except OrderFormErrors as invalid:
        errors.update(invalid.by_field)
    else:
        valid = order
        route_ = read_field(errors, "lines", lambda: order_route(valid, policy))
    expire_after = read_field(
        errors, "answer_within", lambda: read_allowed_window(draft.answer_within, policy, route_)
    )
    if order is None or errors:
        raise OrderFormErrors(errors)
    return ParsedOrder(order=order, expire_after=expire_after)


def read_order(draft: DraftOrder, products: Mapping[str, CatalogueEntry], currency: str) -> Order:
    """Parse a draft into an order. `products` are the available products by SKU.

    The expiry of the payment card is required only if the card is charged; otherwise it may be
    empty, but must be valid.

    Raises:
        OrderFormErrors: with the refusal of every invalid field.

    """
    errors: dict[str, RuleError] = {}
    customer, note = draft.customer.strip(), draft.note.strip()
    if error := _text_error(customer, MAX_NAME, required=True):
        errors["customer"] = error
    if error := _text_error(note, MAX_NOTE, required=False):
        errors["note"] = error
    read_price = partial(parse_money, currency=currency, decimal_mark=draft.decimal_mark)
    lines = [
        _read_line(i, line, products, read_price, errors) for i, line in enumerate(draft.lines)
    ]
    if not lines:
        errors["lines"] = NoLinesError()
    expiry, email = draft.card_expiry.strip(), draft.email.strip()
    charged = draft.payment is PaymentMode.CHARGE
    if (expiry or charged) and _expiry_month(expiry) is None:
        errors["card_expiry"] = NotACardExpiryError()
    if email and not re.fullmatch(ADDRESS, email, re.ASCII):
        errors["email"] = NotAnEmailError()
    valid = tuple(line for line in lines if line is not None)
    if valid and _is_too_long(_sum([line.total for line in valid])):
        errors.setdefault("lines", TooManyDigitsError())
    if errors:
        raise OrderFormErrors(errors)
    return Order(
        order_id=draft.order_id,
        customer=customer,
        lines=valid,
        card_expiry=expiry,
        note=note,
        payment=draft.payment,
        email=email,
    )


def _read_line(
    index: int,
    line: DraftLine,
    products: Mapping[str, CatalogueEntry],
    read_price: Callable[[str], Money],
    errors: dict[str, RuleError],
) -> OrderLine | None:
    product = products.get(line.sku)
    if product is None:
        errors[f"lines.{index}.sku"] = UnknownProductError(sku=line.sku)
    try:
        quantity = _read_quantity(line.quantity)
    except RuleError as error:
        errors[f"lines.{index}.quantity"] = error
        quantity = 1
    try:
        price = read_price(line.unit_price)
    except RuleError as error:
        errors[f"lines.{index}.unit_price"] = error
        return None
    if product is None:
        return OrderLine(sku=line.sku, quantity=quantity, unit_price=price)
    return OrderLine(
        sku=line.sku,
        quantity=quantity,
        unit_price=price,
        name=product.name,
        list_price=product.list_price,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftLineTotal:
    """The total of one line while it is being typed, or its errors.

    A value that is still missing is not an error. `is_blank` is set if the whole line is empty.
    """

    total: Money | None = None
    errors: Mapping[str, RuleError]
    is_blank: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftTotal:
    """The total of an order while it is being typed. `is_whole` is set if no line is incomplete."""

    lines: tuple[DraftLineTotal, ...]
    total: Money | None
    error: RuleError | None
    is_whole: bool


def draft_total(lines: Sequence[DraftLine], currency: str, decimal_mark: str = POINT) -> DraftTotal:
    """Add up the lines as typed so far. Errors are returned with their line."""
    read_price = partial(parse_money, currency=currency, decimal_mark=decimal_mark)
    sums = tuple(_line_sum(line, read_price) for line in lines)
    totals = [line.total for line in sums if line.total is not None]
    total = _sum(totals) if totals else None
    too_long = total is not None and _is_too_long(total)
    return DraftTotal(
        lines=sums,
        total=None if too_long else total,
        error=TooManyDigitsError() if too_long else None,
        is_whole=all(line.is_blank or line.total is not None for line in sums),
    )


def _line_sum(line: DraftLine, read_price: Callable[[str], Money]) -> DraftLineTotal:
    errors: dict[str, RuleError] = {}
    quantity, price = None, None
    try:
        quantity = _read_quantity(line.quantity) if line.quantity.strip() else None
    except RuleError as error:
        errors["quantity"] = error
    try:
        price = read_price(line.unit_price) if line.unit_price.strip() else None
    except RuleError as error:
        errors["unit_price"] = error
    return DraftLineTotal(
        total=price.times(quantity) if price is not None and quantity is not None else None,
        errors=errors,
        is_blank=is_blank(line),
    )


def is_blank(line: DraftLine) -> bool:
    """Return whether the whole line is empty."""
    return not (line.sku.strip() or line.quantity.strip() or line.unit_price.strip())


def _sum(totals: Sequence[Money]) -> Money:
    return reduce(Money.__add__, totals)


def _is_too_long(total: Money) -> bool:
    return len(str(total.amount).replace(".", "")) > MAX_DIGITS


def _read_quantity(text: str) -> int:
    match = re.fullmatch(r"([-+]?)(\d{1,6})", text.strip(), re.ASCII)
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
    if len(text) > limit:
        return TextTooLongError(limit=str(limit))
    return None if is_storable(text) else TextUnreadableError()


def _expiry_month(text: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"(0[1-9]|1[0-2])/(\d{2})", text, re.ASCII)
    return (2000 + int(match[2]), int(match[1])) if match else None


def card_expired(card_expiry: str, today: date) -> bool:
    """Return whether a payment card of `MM/YY` has expired on `today`.

    A card is valid until the last day of the printed month (the convention of ISO/IEC 7813).
    """
    month = _expiry_month(card_expiry)
    return month is None or (today.year, today.month) > month
