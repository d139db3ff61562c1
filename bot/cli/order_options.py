"""The options of `order start`, parsed by the rules; errors name the option."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from bot.actions.start import order_input
from bot.cli.command import typed
from bot.cli.terminal import CommandError
from bot.policies.file import Policies
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.form import read_window
from workflows.rules.messages import OrderInput
from workflows.rules.orders.catalogue import CatalogueEntry
from workflows.rules.orders.form import DraftLine, DraftOrder, OrderFormErrors
from workflows.rules.orders.order import INVENTORY_DOWN, PaymentMode
from workflows.rules.people.actors import Actor
from workflows.rules.shared.errors import RuleError

ANY_CARD = "12/99"
"""The default expiry of the payment card: far in the future."""

_OPTIONS = {
    "customer": "--customer",
    "note": "--note",
    "lines": "--line",
    "card_expiry": "--card-expiry",
    "email": "--email",
    "answer_within": "--expire-after",
}


class Simulation(StrEnum):
    """The failures that an order can simulate."""

    INVENTORY_DOWN = INVENTORY_DOWN


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderOptions:
    """The options as typed. Either `total` or `lines` has what is ordered."""

    order_id: str
    customer: str
    total: str
    lines: Sequence[str]
    note: str
    email: str
    card_expiry: str
    await_payment: bool
    simulate: Simulation | None
    expire_after: str
    pay_within: str


def ask(
    options: OrderOptions,
    products: Mapping[str, CatalogueEntry],
    policies: Policies,
    requester: Actor,
) -> OrderInput:
    """Return the order from its options. `products` are the available products by SKU.

    Raises:
        CommandError: one line for each invalid option.
        UnknownPolicyError: there is no policy for orders.

    """
    draft = _draft(options, products)
    try:
        asked = order_input(draft, products, policies, requester)
    except OrderFormErrors as mistakes:
        raise CommandError("\n".join(_sentences(options, mistakes.by_field))) from None
    order = replace(asked.order, simulate=options.simulate.value if options.simulate else "")
    return replace(asked, order=order, payment_window=_window(options.pay_within))


def _draft(options: OrderOptions, products: Mapping[str, CatalogueEntry]) -> DraftOrder:
    mode = PaymentMode.AWAIT if options.await_payment else PaymentMode.CHARGE
    card = options.card_expiry or ("" if options.await_payment else ANY_CARD)
    return DraftOrder(
        order_id=options.order_id,
        customer=typed(options.customer, "--customer"),
        lines=_lines(options, products),
        card_expiry=typed(card, "--card-expiry"),
        note=typed(options.note, "--note"),
        payment=mode,
        email=typed(options.email, "--email"),
        answer_within=options.expire_after,
    )


def _lines(options: OrderOptions, products: Mapping[str, CatalogueEntry]) -> tuple[DraftLine, ...]:
    if bool(options.total) == bool(options.lines):
        raise CommandError("Use either --total, or --line once for each product.")
    if not options.total:
        return tuple(map(_line, options.lines))
    if not products:
        raise CommandError(
            "There is no product to order. Add one with `countersign stock add`, or use --line."
        )
    return (DraftLine(sku=min(products), quantity="1", unit_price=typed(options.total, "--total")),)


def _line(text: str) -> DraftLine:
    parts = typed(text, "--line").rsplit(":", 2)
    if len(parts) != 3:  # noqa: PLR2004 - SKU, quantity, price
        raise CommandError(
            f"--line: “{text}” is not SKU:QUANTITY:PRICE, such as DESK-OAK:3:500.00."
        )
    sku, quantity, price = parts
    return DraftLine(sku=sku, quantity=quantity, unit_price=price)


def _window(text: str) -> timedelta | None:
    try:
        return read_window(text)
    except RuleError as error:
        sentence = notices.field_refusal(error.code, error.data, ENGLISH)
        raise CommandError(f"--pay-within: {sentence}") from None


def _sentences(options: OrderOptions, by_field: Mapping[str, RuleError]) -> list[str]:
    sentences = notices.field_refusals(by_field, ENGLISH)
    return [f"{_option(options, field)}: {sentence}" for field, sentence in sentences.items()]


def _option(options: OrderOptions, field: str) -> str:
    if not field.startswith("lines"):
        return _OPTIONS.get(field, field)
    if options.total:
        return "--total"
    _, _, rest = field.partition(".")
    return f"--line {options.lines[int(rest.partition('.')[0])]}" if rest else "--line"
