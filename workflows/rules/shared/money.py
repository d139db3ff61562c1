"""Money: a positive Decimal amount with its currency, and the notations people may type."""

import re
from dataclasses import dataclass
from decimal import Decimal

from workflows.rules.shared.currencies import SYMBOLS, currencies_of, minor_units
from workflows.rules.shared.errors import (
    AmbiguousAmountError,
    AmbiguousCurrencyError,
    NoCurrencyError,
    NotANumberError,
    NotPositiveError,
    OtherCurrencyError,
    RuleError,
    TooManyDecimalsError,
    TooManyDigitsError,
    UnknownCurrencyError,
)

MAX_DIGITS = 15
"""The most digits that an amount may have: beyond it a JSON number or a spreadsheet rounds."""
POINT, COMMA = ".", ","

_SPACES = " \u00a0\u202f"
_APOSTROPHES = "'\u2019"
_UNIT = "|".join(
    [*(re.escape(symbol) for symbol in sorted(SYMBOLS, key=len, reverse=True)), "[A-Za-z]{3}"]
)
_AMOUNT = re.compile(
    rf"(?P<sign>[-+]?)[{_SPACES}]*(?P<before>{_UNIT})?[{_SPACES}]*"
    rf"(?P<number>\d(?:[\d.,{_APOSTROPHES}{_SPACES}]*\d)?)"
    rf"[{_SPACES}]*(?P<after>{_UNIT})?",
    re.ASCII,
)


def _notation(decimal_mark: str, separator: str) -> re.Pattern[str]:
    """Return the pattern of a number; its groups of three have one and the same separator."""
    return re.compile(
        rf"(?P<whole>[1-9]\d{{0,2}}(?P<group>[{separator}{_APOSTROPHES}{_SPACES}])\d{{3}}(?:(?P=group)\d{{3}})*|\d+)"
        rf"(?:{re.escape(decimal_mark)}(?P<decimals>\d+))?",
        re.ASCII,
    )


_NOTATIONS = {POINT: _notation(POINT, COMMA), COMMA: _notation(COMMA, POINT)}


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Money:
    """An amount of one currency (ISO 4217 code). Adding two currencies is a programming error."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            msg = f"cannot add {other.currency} to {self.currency}"
            raise ValueError(msg)
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def times(self, quantity: int) -> "Money":
        """Return this amount times `quantity`."""
        return Money(amount=self.amount * quantity, currency=self.currency)

    @property
    def decimals(self) -> int:
        """The decimals to show: the currency's minor units, or more if the amount has a finer part."""
        return max(minor_units(self.currency), _scale(self.amount))

    def __str__(self) -> str:
        return f"{self.amount:,.{self.decimals}f} {self.currency}"


def parse_money(text: str, currency: str, decimal_mark: str = POINT) -> Money:
    """Parse an amount as a person types it: `1500`, `1,500.00`, `1500.00 USD`, `€1,500`.

    `currency` is the expected currency; if it is empty, the amount must name its own.
    `decimal_mark` is that of the person's language, and its notation is tried first. The other
    one is accepted if the text can mean nothing else: `86,40` is an amount in English too.

    Raises:
        NotANumberError: it is not an amount in either notation.
        AmbiguousAmountError: `1.250` has too many decimals to be one thing, and can be another.
        NotPositiveError: it is zero or negative.
        TooManyDecimalsError: it has more decimals than the currency has.
        TooManyDigitsError: it has more than fifteen digits.
        OtherCurrencyError: it names a currency other than `currency`.
        NoCurrencyError, AmbiguousCurrencyError, UnknownCurrencyError: it must name its currency.

    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise NotANumberError
    currency = _currency([unit for unit in (match["before"], match["after"]) if unit], currency)
    amount = _amount(match["number"], currency, decimal_mark)
    if match["sign"] == "-" or amount == 0:
        raise NotPositiveError
    return Money(amount=amount, currency=currency)


def names_currency(text: str) -> bool:
    """Return whether an amount, as typed, names a currency by its code or symbol."""
    match = _AMOUNT.fullmatch(text.strip())
    return match is not None and bool(match["before"] or match["after"])


def _currency(units: list[str], currency: str) -> str:
    """Return the one currency that all of these units can mean."""
    meanings = [currencies_of(unit) for unit in units]
    if currency:
        if any(currency not in meaning for meaning in meanings):
            raise OtherCurrencyError(currency=currency)
        return currency
    if not units:
        raise NoCurrencyError
    for unit, meaning in zip(units, meanings, strict=True):
        if not meaning:
            raise UnknownCurrencyError(currency=unit)
    common = [code for code in meanings[0] if all(code in meaning for meaning in meanings)]
    if not common:
        raise OtherCurrencyError(currency=meanings[-1][0])
    if len(common) > 1:
        raise AmbiguousCurrencyError(symbol=units[0], first=common[0], second=common[1])
    return common[0]


def _amount(number: str, currency: str, decimal_mark: str) -> Decimal:
    """Return the number in the notation of `decimal_mark`, or in the other one if only that fits."""
    other_mark = COMMA if decimal_mark == POINT else POINT
    try:
        return _in_notation(number, currency, decimal_mark)
    except (NotANumberError, TooManyDecimalsError) as error:
        try:
            other = _in_notation(number, currency, other_mark)
        except RuleError:
            raise error from None
        if isinstance(error, NotANumberError):
            return other
    first = Decimal(number.replace(decimal_mark, POINT))
    raise AmbiguousAmountError(typed=number, first=str(first), second=str(other), currency=currency)


def _in_notation(number: str, currency: str, decimal_mark: str) -> Decimal:
    match = _NOTATIONS[decimal_mark].fullmatch(number)
    if match is None:
        raise NotANumberError
    whole = re.sub(r"\D", "", match["whole"], flags=re.ASCII)
    decimals, units = match["decimals"] or "", minor_units(currency)
    if len(decimals) > units:
        raise TooManyDecimalsError(currency=currency, limit=str(units))
    if len(whole.lstrip("0") + decimals) > MAX_DIGITS:
        raise TooManyDigitsError
    return Decimal(f"{whole}.{decimals or '0'}").quantize(Decimal(1).scaleb(-units))


def _scale(amount: Decimal) -> int:
    """Return the number of decimals of an amount, without zeros at the end."""
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= 0:
        return 0
    fraction = f"{amount:f}".partition(POINT)[2]
    return len(fraction.rstrip("0"))
