"""Contents of requests, from harmless to hostile."""

from decimal import Decimal

from workflows.rules.shared.content import Content, ContentField
from workflows.rules.shared.money import Money


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def hostile() -> Content:
    """Return a content that tries to inject mentions, links and formatting."""
    return Content(
        title="<!channel> *bold* & co",
        text="Please <@U0EVE> _now_ `rm` ~no~ :tada:\n> quote\n<https://evil.example|click>",
        fields=(
            ContentField(label="*To*", value="<!here> R&D"),
            ContentField(label="", value=""),
        ),
        amount=usd("99999.99"),
    )


def long() -> Content:
    return Content(
        title="T" * 400,
        text="A long story & more. " * 300,
        fields=tuple(ContentField(label=f"Label {i}", value="v" * 500) for i in range(30)),
        amount=usd("9999999999999.99"),
    )
