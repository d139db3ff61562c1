"""Cursor pagination; a cursor is an encoded, opaque position."""

import base64
import binascii
from typing import Any

from emulator.errors import Json, SlackError
from emulator.methods.registry import Call

MAX_LIMIT = 1000


def page(call: Call, items: list[Any], default: int = 100) -> tuple[list[Any], Json]:
    """Return one page of ``items`` and the ``response_metadata`` for the response."""
    limit = call.number("limit", default)
    if not 0 <= limit <= MAX_LIMIT:
        raise SlackError("invalid_limit")
    start = _position(call.text("cursor"))
    end = start + (limit or default)
    more = end < len(items)
    cursor = base64.b64encode(f"at:{end}".encode()).decode() if more else ""
    return items[start:end], {"response_metadata": {"next_cursor": cursor}}


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        head, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
        position = int(number)
    except (binascii.Error, ValueError) as error:
        raise SlackError("invalid_cursor") from error
    if head != "at" or position < 0:
        raise SlackError("invalid_cursor")
    return position
