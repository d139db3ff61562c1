"""What was typed as an order, read by the rules of the written order; mistakes name the option."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from bot.cli.command import typed
from bot.cli.terminal import CommandError
from bot.policies.file import Policies
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.form import read_window
from workflows.rules.messages import OrderInput
from workflows.rules.orders.form import (
    CURRENCY,
    POLICY,
    DraftLine,
    DraftOrder,
    OrderFormErrors,
    parse_order,
)
from workflows.rules.orders.order import INVENTORY_DOWN, PaymentMode
from workflows.rules.people.actors import Actor
from workflows.rules.shared.errors import RuleError

ANY_CARD = "12/99"
"""The payment card of an order for which none is named: it is good for long."""

_OPTIONS = {
    "customer": "--customer",
    "note": "--note",
    "lines": "--line",
    "card_expiry": "--card-expiry",
    "email": "--email",
    "answer_within": "--expire-after",
}


class Simulation(StrEnum):
    """What an order can have go wrong on purpose, to see what happens then."""

    INVENTORY_DOWN = INVENTORY_DOWN


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What was typed. Either `total` or `lines` say what is ordered."""

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
    wish: Wish, products: Mapping[str, str], policies: Policies, requester: Actor
) -> OrderInput:
    """Return the order that was typed. `products` are names by number.

    Raises:
        CommandError: a line for each option that is wrong.
        UnknownPolicyError: there is no policy for orders.

    """
    policy = policies.policy(POLICY)
    try:
        read = parse_order(_written(wish, products), products, CURRENCY, policy)
    except OrderFormErrors as mistakes:
        raise CommandError("\n".join(_sentences(wish, mistakes.by_field))) from None
    return OrderInput(
        order=replace(read.order, simulate=wish.simulate.value if wish.simulate else ""),
        requester=requester,
        policy=policy,
        managers=policies.chain_of(requester.person),
        expire_after=read.expire_after,
        payment_window=_window(wish.pay_within),
    )


def _written(wish: Wish, products: Mapping[str, str]) -> DraftOrder:
    mode = PaymentMode.AWAIT if wish.await_payment else PaymentMode.CHARGE
    card = wish.card_expiry or ("" if wish.await_payment else ANY_CARD)
    return DraftOrder(
        order_id=wish.order_id,
        customer=typed(wish.customer, "--customer"),
        lines=_lines(wish, products),
        card_expiry=typed(card, "--card-expiry"),
        note=typed(wish.note, "--note"),
        payment=mode,
        email=typed(wish.email, "--email"),
        answer_within=wish.expire_after,
    )


def _lines(wish: Wish, products: Mapping[str, str]) -> tuple[DraftLine, ...]:
    if bool(wish.total) == bool(wish.lines):
        raise CommandError("Say what is ordered: either --total or --line, once for each product.")
    if not wish.total:
        return tuple(map(_line, wish.lines))
    if not products:
        raise CommandError(
            "There is no product to order. `countersign stock add` adds one, or --line names it."
        )
    return (DraftLine(sku=min(products), quantity="1", unit_price=typed(wish.total, "--total")),)


def _line(written: str) -> DraftLine:
    parts = typed(written, "--line").rsplit(":", 2)
    if len(parts) != 3:  # noqa: PLR2004 - as the sentence says
        raise CommandError(
            f"--line: “{written}” is not SKU:QUANTITY:PRICE, such as DESK-OAK:3:500.00."
        )
    sku, quantity, price = parts
    return DraftLine(sku=sku, quantity=quantity, unit_price=price)


def _window(written: str) -> timedelta | None:
    try:
        return read_window(written)
    except RuleError as error:
        sentence = notices.field_refusal(error.code, error.data, ENGLISH)
        raise CommandError(f"--pay-within: {sentence}") from None


def _sentences(wish: Wish, by_field: Mapping[str, RuleError]) -> list[str]:
    said = notices.field_refusals(by_field, ENGLISH)
    return [f"{_option(wish, field)}: {sentence}" for field, sentence in said.items()]


def _option(wish: Wish, field: str) -> str:
    if not field.startswith("lines"):
        return _OPTIONS.get(field, field)
    if wish.total:
        return "--total"
    _, _, rest = field.partition(".")
    return f"--line {wish.lines[int(rest.partition('.')[0])]}" if rest else "--line"
