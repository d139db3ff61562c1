"""The codec for stored card copies: the messages that show the card of a request."""

from typing import Any

from pydantic import TypeAdapter

from workflows.rules.shared.card import CardCopy

_ADAPTER: TypeAdapter[tuple[CardCopy, ...]] = TypeAdapter(tuple[CardCopy, ...])


def encode_copies(copies: tuple[CardCopy, ...]) -> Any:
    """Return the copies of a card as JSON values."""
    return _ADAPTER.dump_python(copies, mode="json")


def decode_copies(stored: Any) -> tuple[CardCopy, ...]:
    """Return the copies that were stored as `stored`."""
    return _ADAPTER.validate_python(stored)
