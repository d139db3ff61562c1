"""Money: the notations of amounts, and arithmetic."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import table, usd
from tests.rules.hypothesis_settings import QUICK_PROPERTY
from workflows.rules.shared.errors import RuleError
from workflows.rules.shared.money import Money, parse_money


@dataclass(frozen=True, kw_only=True)
class Taken:
    description: str
    given: str
    then: str


@table(
    Taken(description="a whole number", given="1500", then="1500.00"),
    Taken(description="two decimals", given="1500.00", then="1500.00"),
    Taken(description="one decimal", given="1500.5", then="1500.50"),
    Taken(description="a cent", given="0.01", then="0.01"),
    Taken(description="thousands separators", given="1,500.00", then="1500.00"),
    Taken(description="many thousands separators", given="1,234,567.89", then="1234567.89"),
    Taken(description="a plus sign", given="+1500", then="1500.00"),
    Taken(description="a dollar sign", given="$1,500.00", then="1500.00"),
    Taken(description="a dollar sign and a space", given="$ 1500", then="1500.00"),
    Taken(description="the currency after the amount", given="1500.00 USD", then="1500.00"),
    Taken(
        description="the currency in lower case without a space", given="1500usd", then="1500.00"
    ),
    Taken(description="spaces around it", given="  1500\t", then="1500.00"),
    Taken(description="leading zeros", given="007.50", then="7.50"),
    Taken(description="a decimal comma", given="1500,00", then="1500.00"),
    Taken(description="the European notation", given="1.500,00", then="1500.00"),
    Taken(description="spaces between thousands", given="1 500.00", then="1500.00"),
    Taken(
        description="the Swiss notation",
        given="1\N{RIGHT SINGLE QUOTATION MARK}500",
        then="1500.00",
    ),
    Taken(description="the currency before the amount", given="USD 1500", then="1500.00"),
    Taken(description="fifteen digits", given="9" * 15, then="9" * 15 + ".00"),
    Taken(
        description="fifteen digits with the cents",
        given="9" * 13 + ".99",
        then="9" * 13 + ".99",
    ),
    Taken(
        description="leading zeros do not count as digits",
        given="000" + "9" * 15,
        then="9" * 15 + ".00",
    ),
)
def test_valid_amounts(row: Taken) -> None:
    money = parse_money(row.given, "USD")

    assert money == usd(row.then)
    assert money.amount.as_tuple().exponent == -2


@dataclass(frozen=True, kw_only=True)
class Refused:
    description: str
    given: str
    currency: str = "USD"
    then: str


@table(
    Refused(description="nothing", given="", then="amount_not_a_number"),
    Refused(description="a blank", given="  ", then="amount_not_a_number"),
    Refused(description="a word", given="lots", then="amount_not_a_number"),
    Refused(description="a number in words", given="fifteen hundred", then="amount_not_a_number"),
    Refused(description="NaN", given="NaN", then="amount_not_a_number"),
    Refused(description="infinity", given="Infinity", then="amount_not_a_number"),
    Refused(description="an exponent", given="1e3", then="amount_not_a_number"),
    Refused(description="a hexadecimal number", given="0x10", then="amount_not_a_number"),
    Refused(description="an underscore", given="1_500", then="amount_not_a_number"),
    Refused(description="two numbers", given="1500 1600", then="amount_not_a_number"),
    Refused(description="two points", given="1.500.00", then="amount_not_a_number"),
    Refused(description="no whole part", given=".50", then="amount_not_a_number"),
    Refused(description="no decimals after the point", given="1500.", then="amount_not_a_number"),
    Refused(description="a decimal comma after zero", given="0,500", then="amount_not_a_number"),
    Refused(description="separators in twos", given="1,50,000", then="amount_not_a_number"),
    Refused(description="a misplaced separator", given="1500,000", then="amount_not_a_number"),
    Refused(
        description="Arabic digits",
        given="\N{ARABIC-INDIC DIGIT ONE}500",
        then="amount_not_a_number",
    ),
    Refused(
        description="full-width digits",
        given="1\N{FULLWIDTH DIGIT FIVE}00",
        then="amount_not_a_number",
    ),
    Refused(description="a superscript", given="15\N{SUPERSCRIPT TWO}", then="amount_not_a_number"),
    Refused(description="another currency's sign", given="€1500", then="amount_other_currency"),
    Refused(description="a mention", given="<!channel>", then="amount_not_a_number"),
    Refused(description="a line break inside", given="1500\n1", then="amount_not_a_number"),
    Refused(description="zero", given="0", then="amount_not_positive"),
    Refused(description="zero with cents", given="0.00", then="amount_not_positive"),
    Refused(description="a negative amount", given="-1", then="amount_not_positive"),
    Refused(description="a negative amount in dollars", given="-$5.00", then="amount_not_positive"),
    Refused(description="minus zero", given="-0", then="amount_not_positive"),
    Refused(description="three decimals or thousands", given="1.234", then="amount_ambiguous"),
    Refused(description="three zeros", given="1.000", then="amount_ambiguous"),
    Refused(description="three decimals", given="0.500", then="amount_too_many_decimals"),
    Refused(description="four decimals", given="1.2345", then="amount_too_many_decimals"),
    Refused(
        description="sen", given="1000.50 JPY", currency="JPY", then="amount_too_many_decimals"
    ),
    Refused(
        description="four decimals of dinars",
        given="1.2500",
        currency="KWD",
        then="amount_too_many_decimals",
    ),
    Refused(description="two separators", given="1 500,000", then="amount_not_a_number"),
    Refused(description="no currency", given="5", currency="", then="amount_without_currency"),
    Refused(
        description="a sign of two currencies",
        given="¥500",
        currency="",
        then="amount_currency_ambiguous",
    ),
    Refused(
        description="a sign of many currencies",
        given="$5",
        currency="",
        then="amount_currency_ambiguous",
    ),
    Refused(
        description="no such currency", given="5 ABC", currency="", then="amount_unknown_currency"
    ),
    Refused(description="sixteen digits", given="9" * 16, then="amount_too_many_digits"),
    Refused(
        description="sixteen digits with the cents",
        given="9" * 14 + ".99",
        then="amount_too_many_digits",
    ),
    Refused(description="3,000 digits", given="9" * 3000, then="amount_too_many_digits"),
    Refused(description="another currency", given="1500 EUR", then="amount_other_currency"),
    Refused(
        description="a dollar sign if the currency is euros",
        given="$1500",
        currency="EUR",
        then="amount_other_currency",
    ),
    Refused(
        description="dollars by name if the currency is euros",
        given="1500 USD",
        currency="EUR",
        then="amount_other_currency",
    ),
    Refused(
        description="two currencies at once",
        given="$1500 EUR",
        currency="EUR",
        then="amount_other_currency",
    ),
)
def test_invalid_amounts_are_refused_with_their_reason(row: Refused) -> None:
    with pytest.raises(RuleError) as refused:
        parse_money(row.given, row.currency)

    assert refused.value.code == row.then


def test_the_refusal_of_a_currency_names_the_right_one() -> None:
    with pytest.raises(RuleError) as refused:
        parse_money("5 EUR", "USD")

    assert refused.value.data == {"currency": "USD"}


@pytest.mark.parametrize(
    ("typed", "mark", "read"),
    [
        ("1000 JPY", ".", "1,000 JPY"),
        ("¥1,000 JPY", ".", "1,000 JPY"),
        ("1.250 KWD", ".", "1.250 KWD"),
        ("1,250 KWD", ".", "1,250.000 KWD"),
        ("1,250 KWD", ",", "1.250 KWD"),
        ("1.250 CLF", ",", "1,250.0000 CLF"),
        ("€86,40", ",", "86.40 EUR"),
        ("86,40 €", ".", "86.40 EUR"),
        ("86.40 €", ",", "86.40 EUR"),
        ("1.250 €", ",", "1,250.00 EUR"),
        ("1.250,5 EUR", ",", "1,250.50 EUR"),
        ("1\u202f250,50 EUR", ",", "1,250.50 EUR"),
        ("£5", ".", "5.00 GBP"),
        ("R$ 5", ".", "5.00 BRL"),
        ("$5 CAD", ".", "5.00 CAD"),
        ("kr 5 SEK", ".", "5.00 SEK"),
    ],
)
def test_an_amount_is_read_by_its_currency_and_the_language(
    typed: str, mark: str, read: str
) -> None:
    assert str(parse_money(typed, "", mark)) == read


@pytest.mark.parametrize(
    ("typed", "currency", "mark", "first", "second"),
    [
        ("1.250", "EUR", ".", "1.250", "1250.00"),
        ("1,250", "EUR", ",", "1.250", "1250.00"),
        ("1.000", "JPY", ".", "1.000", "1000"),
    ],
)
def test_an_amount_with_two_readings_is_refused_with_both(
    typed: str, currency: str, mark: str, first: str, second: str
) -> None:
    with pytest.raises(RuleError) as refused:
        parse_money(typed, currency, mark)

    readings = {"first": first, "second": second}
    assert refused.value.data == {"typed": typed, "currency": currency, **readings}


def test_a_stored_amount_is_shown_with_all_its_decimals() -> None:
    stored = [("1000.50", "JPY"), ("1000.00", "JPY"), ("1.5", "KWD"), ("5", "USD"), ("1E+3", "EUR")]

    shown = [str(Money(amount=Decimal(amount), currency=code)) for amount, code in stored]

    assert shown == ["1,000.5 JPY", "1,000 JPY", "1.500 KWD", "5.00 USD", "1,000.00 EUR"]


def test_money_is_formatted_with_separators_cents_and_currency() -> None:
    written = str(usd("1234567.5"))

    assert written == "1,234,567.50 USD"


def test_two_currencies_cannot_be_added() -> None:
    euros = Money(amount=Decimal("1.00"), currency="EUR")

    with pytest.raises(ValueError, match="cannot add EUR to USD"):
        usd("1.00") + euros


cents = st.integers(min_value=1, max_value=10**15 - 1)


@QUICK_PROPERTY
@given(cents)
def test_formatted_money_can_be_parsed_again(amount: int) -> None:
    money = usd(str(Decimal(amount) / 100))

    assert parse_money(str(money), "USD") == money


@QUICK_PROPERTY
@given(cents, cents)
def test_adding_is_exact_to_the_cent(one: int, other: int) -> None:
    total = usd(str(Decimal(one) / 100)) + usd(str(Decimal(other) / 100))

    assert total.amount * 100 == one + other


@QUICK_PROPERTY
@given(st.text(max_size=40) | st.from_regex(r"[-+$]?[0-9,.]{1,20} ?[A-Z]{0,3}", fullmatch=True))
def test_any_text_is_an_amount_or_a_refusal(written: str) -> None:
    try:
        money = parse_money(written, "USD")
    except RuleError:
        return

    assert money.amount > 0
    assert money.amount.as_tuple().exponent == -2
