"""The catalogue of products that can be ordered."""

from dataclasses import dataclass

from workflows.rules.shared.errors import RuleError
from workflows.rules.shared.money import Money, parse_money

CURRENCY = "USD"
"""The currency of all orders."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueEntry:
    """A product that can be ordered. `price_hint` is its list price as a text for forms."""

    sku: str
    name: str
    price_hint: str = ""

    @property
    def list_price(self) -> Money | None:
        """The list price; None if the price hint is not an amount, such as `on request`."""
        try:
            return parse_money(self.price_hint, CURRENCY)
        except RuleError:
            return None
