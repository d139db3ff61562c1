"""Amounts: the currency data against Babel's, and the format of each kind of surface."""

from decimal import Decimal

import pytest
from babel.core import get_global
from babel.numbers import (
    get_currency_precision,
    get_currency_symbol,
    get_territory_currencies,
    list_currencies,
)

from tests.views import states
from views import approval_card, notices, verb_inputs
from views.translator import Translator, personal_translator, translator
from workflows.rules.approvals.form import read_amount
from workflows.rules.shared.currencies import CODES, SYMBOLS, minor_units
from workflows.rules.shared.errors import AmbiguousAmountError
from workflows.rules.shared.money import Money, parse_money

_CLDR_ROUNDS_TO_WHOLE = frozenset(
    "AFN ALL IQD IRR KPW LAK LBP MGA MMK RSD SOS SYP YER".split()  # noqa: SIM905 - as in the rules
)
"""Currencies for which Babel's data (CLDR) has what is used in practice, and not ISO 4217's unit."""
_LOCALES = {
    "AUD": "en_AU",
    "CAD": "en_CA",
    "MXN": "es_MX",
    "NZD": "en_NZ",
    "SGD": "en_SG",
    "TWD": "zh_TW",
    "CNY": "zh",
    "PLN": "pl",
    "CZK": "cs",
    "SEK": "sv",
    "NOK": "nb",
    "DKK": "da",
    "ISK": "is",
    "PHP": "en_PH",
}
GERMAN = personal_translator("de")


def test_every_currency_in_use_is_known() -> None:
    territories = get_global("territory_currencies")
    in_use = {code for place in territories for code in get_territory_currencies(place)}

    assert in_use <= CODES <= list_currencies()


def test_minor_units_are_babels_but_for_those_that_it_rounds() -> None:
    different = {code for code in CODES if minor_units(code) != get_currency_precision(code)}

    assert different == _CLDR_ROUNDS_TO_WHOLE
    assert {get_currency_precision(code) for code in different} == {0}


@pytest.mark.parametrize("symbol", [symbol for symbol in SYMBOLS if symbol != "￥"])
def test_each_symbol_is_that_of_its_currencies(symbol: str) -> None:
    for code in SYMBOLS[symbol]:
        at_home = get_currency_symbol(code, _LOCALES.get(code, "en"))

        assert at_home.rstrip(".").endswith(symbol.removeprefix("US"))


@pytest.mark.parametrize(
    ("t", "shown"),
    [
        (personal_translator("en"), "1,234.50 EUR"),
        (personal_translator("de"), "1.234,50 EUR"),
        (translator("de"), "1,234.50 EUR"),
    ],
)
def test_amounts_follow_the_reader_on_private_surfaces_only(t: Translator, shown: str) -> None:
    assert t.money(Money(amount=Decimal("1234.5"), currency="EUR")) == shown


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    ("amount", "currency"), [("1234.5", "EUR"), ("1250", "JPY"), ("1.25", "KWD"), ("1250", "USD")]
)
def test_a_shown_amount_can_be_typed_again(language: str, amount: str, currency: str) -> None:
    t, money = personal_translator(language), Money(amount=Decimal(amount), currency=currency)

    assert parse_money(t.money(money), currency, t.decimal_mark) == money


def test_a_private_card_shows_the_amount_to_a_german_reader_and_the_shared_card_does_not() -> None:
    snapshot = states.several_sources()

    private = str(approval_card.build(snapshot, GERMAN))
    shared = str(approval_card.build(snapshot, translator("de")))

    assert "4.500,00 USD" in private
    assert "4,500.00 USD" not in private
    assert "4,500.00 USD" in shared


def test_an_amendment_starts_with_the_amount_as_its_reader_types_it() -> None:
    snapshot = states.several_sources()

    typed = verb_inputs.typed_of(snapshot.content, GERMAN)

    assert typed.amount == "4.500,00 USD"
    assert read_amount(typed.content.amount, "USD", typed.content.decimal_mark) == (
        snapshot.content.amount
    )


@pytest.mark.parametrize(
    ("t", "sentence"),
    [
        (personal_translator("en"), "“1.250” can mean 1.25 or 1,250.00. Enter one of them."),
        (GERMAN, "„1.250“ kann 1,25 oder 1.250,00 heißen. Geben Sie eins davon ein."),
    ],
)
def test_both_readings_of_an_amount_are_in_the_readers_notation(
    t: Translator, sentence: str
) -> None:
    data = {"typed": "1.250", "first": "1.250", "second": "1250.00", "currency": "EUR"}

    assert notices.field_refusal(AmbiguousAmountError.code, data, t) == sentence


@pytest.mark.parametrize(
    ("limit", "currency", "sentence"),
    [
        ("0", "JPY", "Amounts in JPY have no decimal places."),
        ("3", "KWD", "Use at most 3 decimal places for KWD."),
    ],
)
def test_too_many_decimals_name_the_currency(limit: str, currency: str, sentence: str) -> None:
    data = {"limit": limit, "currency": currency}

    assert (
        notices.field_refusal("amount_too_many_decimals", data, personal_translator("en"))
        == sentence
    )
