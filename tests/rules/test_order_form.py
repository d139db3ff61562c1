"""The order form: valid drafts and every refusal, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import BORIS, level, policy, table, usd
from tests.rules.hypothesis_settings import QUICK_PROPERTY
from workflows.rules.approvals.form import read_window
from workflows.rules.approvals.policy import Tier
from workflows.rules.orders.catalogue import CatalogueEntry
from workflows.rules.orders.form import (
    DraftLine,
    DraftOrder,
    OrderFormErrors,
    card_expired,
    draft_total,
    parse_order,
    read_order,
)
from workflows.rules.orders.order import OrderLine, PaymentMode, content
from workflows.rules.shared.errors import RuleError

MAIL = "email_malformed"
PRODUCTS = {
    "DESK-1": CatalogueEntry(sku="DESK-1", name="Desk, oak"),
    "LAMP-2": CatalogueEntry(sku="LAMP-2", name="Lamp"),
}


def line(sku: str = "DESK-1", quantity: str = "1", unit_price: str = "1500.00") -> DraftLine:
    return DraftLine(sku=sku, quantity=quantity, unit_price=unit_price)


def desks(quantity: int, unit_price: str = "1500.00") -> OrderLine:
    """Return a parsed line."""
    price = usd(unit_price)
    return OrderLine(sku="DESK-1", quantity=quantity, unit_price=price, name="Desk, oak")


def draft(**changed: Any) -> DraftOrder:
    """Return a valid draft with these changes."""
    good = DraftOrder(
        order_id="ORD-1", customer="Ada", lines=(line(),), card_expiry="12/30", note="by Friday"
    )
    return replace(good, **changed)


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """An invalid draft and the refusal code of each invalid field."""

    description: str
    given: dict[str, Any]
    then: dict[str, str] = field(default_factory=dict)


def wrong_line(description: str, then: dict[str, str], **changed: str) -> Wrong:
    return Wrong(
        description=description,
        given={"lines": (line(**changed),)},
        then={f"lines.0.{name}": code for name, code in then.items()},
    )


@table(
    Wrong(
        description="no customer",
        given={"customer": ""},
        then={"customer": "text_missing"},
    ),
    Wrong(
        description="a blank customer",
        given={"customer": " \u00a0\n"},
        then={"customer": "text_missing"},
    ),
    Wrong(
        description="a customer of 81 characters",
        given={"customer": "x" * 81},
        then={"customer": "text_too_long"},
    ),
    Wrong(
        description="a customer of 3,001 characters",
        given={"customer": "x" * 3001},
        then={"customer": "text_too_long"},
    ),
    Wrong(
        description="a note of 3,001 characters",
        given={"note": "x" * 3001},
        then={"note": "text_too_long"},
    ),
    Wrong(
        description="halves of surrogate pairs",
        given={"customer": "Acme \ud800", "note": "\udc80", "email": "a\ud800@example.com"},
        then={
            "customer": "text_unreadable",
            "note": "text_unreadable",
            "email": "email_malformed",
        },
    ),
    Wrong(description="no lines", given={"lines": ()}, then={"lines": "order_without_lines"}),
    wrong_line("an unknown product", {"sku": "unknown_product"}, sku="SOFA-9"),
    wrong_line("no product", {"sku": "unknown_product"}, sku=""),
    wrong_line("a product in small letters", {"sku": "unknown_product"}, sku="desk-1"),
    wrong_line("no quantity", {"quantity": "quantity_not_a_count"}, quantity=""),
    wrong_line("a quantity in words", {"quantity": "quantity_not_a_count"}, quantity="two"),
    wrong_line("half a piece", {"quantity": "quantity_not_a_count"}, quantity="1.5"),
    wrong_line("ten thousand pieces", {"quantity": "quantity_not_a_count"}, quantity="10000"),
    wrong_line("a million pieces", {"quantity": "quantity_not_a_count"}, quantity="1000000"),
    wrong_line("3,000 digits of pieces", {"quantity": "quantity_not_a_count"}, quantity="9" * 3000),
    wrong_line(
        "a quantity in Arabic digits",
        {"quantity": "quantity_not_a_count"},
        quantity="\N{ARABIC-INDIC DIGIT TWO}",
    ),
    wrong_line("zero pieces", {"quantity": "amount_not_positive"}, quantity="0"),
    wrong_line("less than no pieces", {"quantity": "amount_not_positive"}, quantity="-2"),
    wrong_line("no price", {"unit_price": "amount_not_a_number"}, unit_price=""),
    wrong_line("a price in words", {"unit_price": "amount_not_a_number"}, unit_price="free"),
    wrong_line("a price of zero", {"unit_price": "amount_not_positive"}, unit_price="0.00"),
    wrong_line("a price below zero", {"unit_price": "amount_not_positive"}, unit_price="-5"),
    wrong_line(
        "a price of four decimals", {"unit_price": "amount_too_many_decimals"}, unit_price="1.0055"
    ),
    wrong_line(
        "a price of sixteen digits", {"unit_price": "amount_too_many_digits"}, unit_price="9" * 16
    ),
    wrong_line(
        "a price in another currency", {"unit_price": "amount_other_currency"}, unit_price="5 EUR"
    ),
    wrong_line(
        "everything in one line",
        {
            "sku": "unknown_product",
            "quantity": "amount_not_positive",
            "unit_price": "amount_not_a_number",
        },
        sku="SOFA-9",
        quantity="0",
        unit_price="free",
    ),
    *(
        Wrong(
            description=f"a card expiry of {expiry!r}",
            given={"card_expiry": expiry},
            then={"card_expiry": "card_expiry_malformed"},
        )
        for expiry in (
            "",
            "12",
            "00/27",
            "13/27",
            "1/27",
            "12/2027",
            "12-27",
            "1227",
            "27/12/31",
            "ab/cd",
            "12/3\N{FULLWIDTH DIGIT ZERO}",
            "12 / 30",
        )
    ),
    Wrong(
        description="the second of two lines",
        given={"lines": (line(), line(quantity="0"))},
        then={"lines.1.quantity": "amount_not_positive"},
    ),
    Wrong(
        description="several fields at once",
        given={
            "customer": "",
            "note": "x" * 3001,
            "card_expiry": "soon",
            "lines": (line(sku="SOFA-9"), line(), line(unit_price="-1")),
        },
        then={
            "customer": "text_missing",
            "note": "text_too_long",
            "card_expiry": "card_expiry_malformed",
            "lines.0.sku": "unknown_product",
            "lines.2.unit_price": "amount_not_positive",
        },
    ),
    Wrong(
        description="several fields without a line",
        given={"customer": "", "lines": ()},
        then={"customer": "text_missing", "lines": "order_without_lines"},
    ),
)
def test_all_invalid_fields_are_reported_at_once(row: Wrong) -> None:
    with pytest.raises(OrderFormErrors) as form_errors:
        read_order(draft(**row.given), PRODUCTS, "USD")

    assert {at: error.code for at, error in form_errors.value.by_field.items()} == row.then


def test_the_text_of_form_errors_names_fields_and_codes() -> None:
    with pytest.raises(OrderFormErrors, match=r"^customer: text_missing, card_expiry: card_expiry"):
        read_order(draft(customer="", card_expiry=""), PRODUCTS, "USD")


@pytest.mark.parametrize(
    ("given_", "at", "data"),
    [
        ({"customer": "x" * 81}, "customer", {"limit": "80"}),
        ({"note": "x" * 3001}, "note", {"limit": "3000"}),
        ({"lines": (line(sku="SOFA-9"),)}, "lines.0.sku", {"sku": "SOFA-9"}),
        ({"lines": (line(unit_price="5 EUR"),)}, "lines.0.unit_price", {"currency": "USD"}),
    ],
)
def test_an_error_has_the_data_for_its_message(
    given_: dict[str, Any], at: str, data: dict[str, str]
) -> None:
    with pytest.raises(OrderFormErrors) as form_errors:
        read_order(draft(**given_), PRODUCTS, "USD")

    assert form_errors.value.by_field[at].data == data


@dataclass(frozen=True, kw_only=True)
class Fine:
    """A valid draft and the parsed order."""

    description: str
    given: dict[str, Any]
    then: dict[str, Any]


@table(
    Fine(
        description="a customer of 80 characters",
        given={"customer": "x" * 80},
        then={"customer": "x" * 80},
    ),
    Fine(
        description="spaces around a customer",
        given={"customer": "  Ada \n"},
        then={"customer": "Ada"},
    ),
    Fine(
        description="a mention and formatting in a customer's name, kept as typed",
        given={"customer": "<!channel> *Ada*"},
        then={"customer": "<!channel> *Ada*"},
    ),
    Fine(description="no note", given={"note": ""}, then={"note": ""}),
    Fine(
        description="a note of 3,000 characters",
        given={"note": "x" * 3000},
        then={"note": "x" * 3000},
    ),
    Fine(
        description="spaces around a long note",
        given={"note": " " + "x" * 3000 + "\n"},
        then={"note": "x" * 3000},
    ),
    Fine(description="an expiry", given={"card_expiry": " 01/27 "}, then={"card_expiry": "01/27"}),
    Fine(
        description="an expiry in the past, which only the payment step declines",
        given={"card_expiry": "12/23"},
        then={"card_expiry": "12/23"},
    ),
    *(
        Fine(
            description=f"{drafts!r} items",
            given={"lines": (line(quantity=drafts),)},
            then={"lines": (desks(count),)},
        )
        for drafts, count in (("1", 1), ("9999", 9999), (" 7 ", 7), ("+7", 7), ("007", 7))
    ),
    Fine(
        description="two lines of the same product stay two lines",
        given={"lines": (line(), line(unit_price="$1,400"))},
        then={
            "lines": (
                desks(1),
                desks(1, "1400.00"),
            )
        },
    ),
)
def test_valid_orders_are_parsed(row: Fine) -> None:
    order = read_order(draft(**row.given), PRODUCTS, "USD")

    assert {name: getattr(order, name) for name in row.then} == row.then


def test_an_order_keeps_the_id_of_its_draft() -> None:
    order = read_order(draft(order_id="ORD-42"), PRODUCTS, "USD")

    assert order.order_id == "ORD-42"


@dataclass(frozen=True, kw_only=True)
class Expiry:
    description: str
    given: str
    today: date
    then: bool


@table(
    Expiry(
        description="a card is valid in its last month",
        given="12/26",
        today=date(2026, 12, 1),
        then=False,
    ),
    Expiry(
        description="a card is valid on its last day",
        given="12/26",
        today=date(2026, 12, 31),
        then=False,
    ),
    Expiry(
        description="a card has expired the day after",
        given="12/26",
        today=date(2027, 1, 1),
        then=True,
    ),
    Expiry(
        description="a leap day is still February",
        given="02/28",
        today=date(2028, 2, 29),
        then=False,
    ),
    Expiry(description="12/23 has long expired", given="12/23", today=date(2026, 3, 2), then=True),
    Expiry(
        description="a later month of an earlier year has expired",
        given="11/25",
        today=date(2026, 3, 2),
        then=True,
    ),
    Expiry(
        description="an earlier month of a later year is valid",
        given="01/27",
        today=date(2026, 12, 31),
        then=False,
    ),
    Expiry(
        description="a malformed expiry is not valid",
        given="soon",
        today=date(2026, 3, 2),
        then=True,
    ),
)
def test_when_a_payment_card_has_expired(row: Expiry) -> None:
    expired = card_expired(row.given, row.today)

    assert expired is row.then


anything = st.text(max_size=12) | st.sampled_from(["1", "0", "-1", "1500.00", "DESK-1", "12/30"])


@QUICK_PROPERTY
@given(
    customer=anything,
    note=anything,
    expiry=anything,
    lines=st.lists(st.builds(line, anything, anything, anything), max_size=3),
)
def test_any_draft_is_an_order_or_has_named_errors(
    customer: str, note: str, expiry: str, lines: list[DraftLine]
) -> None:
    drawn = draft(customer=customer, note=note, card_expiry=expiry, lines=tuple(lines))

    errors: Mapping[str, RuleError] = {}
    read: tuple[OrderLine, ...] = ()
    try:
        read = read_order(drawn, PRODUCTS, "USD").lines
    except OrderFormErrors as form_errors:
        errors = form_errors.by_field

    assert bool(errors) != bool(read)
    assert len(read) in {0, len(lines)}


def test_the_total_has_at_most_fifteen_digits() -> None:
    drawn = draft(lines=(line(unit_price="9999999999999.99", quantity="2"),))

    with pytest.raises(OrderFormErrors) as refused:
        read_order(drawn, PRODUCTS, "USD")

    assert refused.value.by_field["lines"].code == "amount_too_many_digits"


@table(
    Wrong(description="an address without a host", given={"email": "ada@"}, then={"email": MAIL}),
    Wrong(description="two addresses", given={"email": "a@b.c, d@e.f"}, then={"email": MAIL}),
    Wrong(description="a mail header", given={"email": "a@b.c\nBcc: x@y.z"}, then={"email": MAIL}),
    Wrong(
        description="a malformed card expiry, although no card is charged",
        given={"payment": PaymentMode.AWAIT, "card_expiry": "soon"},
        then={"card_expiry": "card_expiry_malformed"},
    ),
)
def test_optional_fields_are_checked_too(row: Wrong) -> None:
    with pytest.raises(OrderFormErrors) as form_errors:
        read_order(draft(**row.given), PRODUCTS, "USD")

    assert {at: error.code for at, error in form_errors.value.by_field.items()} == row.then


def test_a_payment_made_elsewhere_needs_no_payment_card() -> None:
    drawn = draft(payment=PaymentMode.AWAIT, card_expiry=" ", email=" ada@example.com ")
    order = read_order(drawn, PRODUCTS, "USD")

    assert (order.payment, order.card_expiry) == (PaymentMode.AWAIT, "")
    assert order.email == "ada@example.com"


def test_a_line_keeps_the_name_of_its_product() -> None:
    order = read_order(draft(), PRODUCTS, "USD")

    assert [(line.sku, line.label) for line in order.lines] == [("DESK-1", "Desk, oak")]
    assert content(order).fields[0].label == "Desk, oak"
    assert replace(order.lines[0], name="").label == "DESK-1"


POLICY = policy(level(BORIS, expire_after=timedelta(hours=1), max_expire_after=timedelta(hours=4)))


@table(
    Wrong(description="no requested expiry", given={}),
    Wrong(description="within the limit", given={"answer_within": "4h"}),
    Wrong(
        description="beyond the limit",
        given={"answer_within": "5h"},
        then={"answer_within": "window_too_long"},
    ),
    Wrong(
        description="not a duration",
        given={"answer_within": "soon"},
        then={"answer_within": "not_a_duration"},
    ),
    Wrong(
        description="together with other errors",
        given={"answer_within": "soon", "customer": ""},
        then={"answer_within": "not_a_duration", "customer": "text_missing"},
    ),
)
def test_the_requested_expiry_must_be_within_the_policys_limit(row: Wrong) -> None:
    found: dict[str, str] = {}
    wish = None
    try:
        wish = parse_order(draft(**row.given), PRODUCTS, "USD", POLICY)
    except OrderFormErrors as form_errors:
        found = {at: error.code for at, error in form_errors.by_field.items()}

    assert found == row.then
    if wish is not None:
        assert wish.expire_after == read_window(row.given.get("answer_within", ""))


def test_an_amount_that_no_tier_covers_is_an_error_of_the_lines() -> None:
    rules = replace(POLICY, tiers=(Tier(up_to=usd("1.00"), levels=()),))

    with pytest.raises(OrderFormErrors) as form_errors:
        parse_order(draft(), PRODUCTS, "USD", rules)

    assert {at: error.code for at, error in form_errors.value.by_field.items()} == {
        "lines": "no_tier"
    }


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(1, 10**6)), min_size=1, max_size=9))
@QUICK_PROPERTY
def test_the_total_while_typing_equals_the_total_of_the_order(
    numbers: list[tuple[int, int]],
) -> None:
    drafts = tuple(
        line(quantity=str(count), unit_price=f"{cents // 100}.{cents % 100:02d}")
        for count, cents in numbers
    )
    total_so_far = draft_total((*drafts, DraftLine(sku="", quantity=" ", unit_price="")), "USD")

    assert total_so_far.total == read_order(draft(lines=drafts), PRODUCTS, "USD").total
    assert total_so_far.is_whole


def test_a_line_that_cannot_be_added_up_has_its_errors() -> None:
    drafts = (line(), line(quantity="x", unit_price="-1"), line(quantity=""))
    total_so_far = draft_total(drafts, "USD")

    assert [line.total for line in total_so_far.lines] == [usd("1500.00"), None, None]
    assert {at: error.code for at, error in total_so_far.lines[1].errors.items()} == {
        "quantity": "quantity_not_a_count",
        "unit_price": "amount_not_positive",
    }
    assert (total_so_far.total, total_so_far.is_whole) == (usd("1500.00"), False)


def test_a_total_with_too_many_digits_is_an_error() -> None:
    total_so_far = draft_total((line(quantity="9999", unit_price="9999999999999.99"),), "USD")

    assert total_so_far.total is None
    assert total_so_far.error is not None
    assert total_so_far.error.code == "amount_too_many_digits"
