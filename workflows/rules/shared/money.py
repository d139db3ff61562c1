"""Money: a positive Decimal amount with its currency, and the notations people may type."""

import re
from dataclasses import dataclass
from decimal import Decimal

from workflows.rules.shared.errors import (
    NotANumberError,
    NotPositiveError,
    OtherCurrencyError,
    TooManyDecimalsError,
    TooManyDigitsError,
)

MAX_DIGITS = 15
"""The most digits that an amount may have: beyond it a JSON number or a spreadsheet rounds."""

_AMOUNT = re.compile(
    r"(?P<sign>[-+]?)\s*\$?\s*(?P<whole>[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.(?P<decimals>\d+))?"
    r"(?:\s*(?P<currency>[A-Za-z]{3}))?",
    re.ASCII,
)


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

    def __str__(self) -> str:
        return f"{self.amount:,.2f} {self.currency}"


def parse_money(text: str, currency: str) -> Money:
    """Parse an amount as a person types it: `1500`, `1,500.00`, `1500.00 USD`.

    Raises:
        NotANumberError: it is not an amount in that notation.
        NotPositiveError: it is zero or negative.
        TooManyDecimalsError: it has more than two decimals.
        TooManyDigitsError: it has more than fifteen digits.
        OtherCurrencyError: it names a currency other than `currency`.

    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise NotANumberError
    if (named := match["currency"]) and named.upper() != currency:
        raise OtherCurrencyError(currency=currency)
    if "$" in text and currency != "USD":
        raise OtherCurrencyError(currency=currency)
    whole, decimals = match["whole"].replace(",", ""), match["decimals"] or ""
    if len(decimals) > 2:  # noqa: PLR2004 - cents
        raise TooManyDecimalsError
    if len(whole.lstrip("0") + decimals) > MAX_DIGITS:
        raise TooManyDigitsError
    amount = Decimal(f"{match['sign']}{whole}.{decimals or '00'}").quantize(Decimal("0.01"))
    if amount <= 0:
        raise NotPositiveError
    return Money(amount=amount, currency=currency)
