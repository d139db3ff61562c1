"""Discounts: an order far below list price needs an approval, whatever its total is."""

from dataclasses import replace

import pytest

from tests.rules.builders import level, usd
from workflows.rules.approvals.policy import Policy, Tier
from workflows.rules.orders.catalogue import CatalogueEntry
from workflows.rules.orders.form import DraftLine, DraftOrder, parse_order
from workflows.rules.orders.order import Order, OrderLine, content
from workflows.rules.orders.order_route import order_route
from workflows.rules.shared.money import Money

POLICY = Policy(
    name="order",
    title="Orders",
    channel="#orders",
    max_discount=10,
    tiers=(
        Tier(up_to=usd("1000.00"), levels=()),
        Tier(up_to=usd("5000.00"), levels=("sales",)),
        Tier(up_to=None, levels=("sales", "board")),
    ),
    levels=(level(name="sales"), level(name="board")),
)


def line(price: str, list_price: str | None = "500.00", quantity: int = 1) -> OrderLine:
    listed = usd(list_price) if list_price else None
    return OrderLine(sku="DESK", quantity=quantity, unit_price=usd(price), list_price=listed)


def order(*lines: OrderLine) -> Order:
    return Order(order_id="ORD-1", customer="Acme", lines=lines, card_expiry="12/39")


@pytest.mark.parametrize(
    ("lines", "levels"),
    [
        ([line("450.00")], []),  # exactly the discount that the policy allows
        ([line("449.99")], ["sales"]),
        ([line("0.01")], ["sales"]),
        ([line("500.00"), line("1.00", "39.90")], ["sales"]),  # one cheap line is enough
        ([line("600.00")], []),
        ([line("0.01", None)], []),  # the list price is unknown
        ([line("449.99", quantity=10)], ["sales"]),  # the total needs the approval already
        ([line("449.99", quantity=100)], ["sales", "board"]),
    ],
)
def test_a_line_below_list_price_by_more_than_the_discount_needs_approval(
    lines: list[OrderLine], levels: list[str]
) -> None:
    found = order_route(order(*lines), POLICY)

    assert [level.name for level in found.levels] == levels


def test_without_a_discount_every_line_below_list_price_needs_approval() -> None:
    strict = Policy(
        name="order", title="Orders", channel="#o", tiers=POLICY.tiers, levels=POLICY.levels
    )

    assert not order_route(order(line("500.00")), strict).levels
    assert order_route(order(line("499.99")), strict).levels


def test_a_discount_of_100_percent_allows_every_price() -> None:
    generous = replace(POLICY, max_discount=100)

    assert not order_route(order(line("0.01")), generous).levels


def test_a_policy_without_levels_approves_no_order() -> None:
    """No approval is possible, so a discount cannot ask for one."""
    free = replace(POLICY, tiers=(Tier(up_to=None, levels=()),))

    assert not order_route(order(line("0.01")), free).levels


def test_the_route_says_that_the_discount_is_the_reason() -> None:
    cheap, large = order(line("1.00")), order(line("449.99", quantity=10))

    assert order_route(cheap, POLICY).rule == "order: more than 10% below list price"
    assert order_route(large, POLICY).rule == "order: up to 5,000.00 USD"


def test_approvers_see_the_discount_of_each_line() -> None:
    shown = content(order(line("449.99"), line("500.00"), line("1.00", None)))

    assert [field.value for field in shown.fields] == [
        "1 x 449.99 USD (-11%) = 449.99 USD",
        "1 x 500.00 USD = 500.00 USD",
        "1 x 1.00 USD = 1.00 USD",
    ]


@pytest.mark.parametrize(
    ("hint", "list_price"),
    [
        ("500.00", usd("500.00")),
        ("1,500.00 USD", usd("1500.00")),
        ("about 10", None),
        ("10 EUR", None),
        ("", None),
    ],
)
def test_the_list_price_is_pinned_when_the_order_is_submitted(
    hint: str, list_price: Money | None
) -> None:
    draft = DraftOrder(
        order_id="ORD-1",
        customer="Acme",
        lines=(DraftLine(sku="DESK", quantity="1", unit_price="20"),),
        card_expiry="12/39",
    )
    products = {"DESK": CatalogueEntry(sku="DESK", name="Desk", price_hint=hint)}

    parsed = parse_order(draft, products, "USD", POLICY).order

    assert parsed.lines[0].list_price == list_price


def test_a_new_list_price_does_not_make_it_another_order() -> None:
    assert order(line("1.00", "2.00")).typed == order(line("1.00", "3.00")).typed
    assert order(line("1.00")).typed != order(line("2.00")).typed
