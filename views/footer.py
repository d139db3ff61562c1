"""The footer of a card, which names the request for people and for us."""

import re
from collections.abc import Mapping

from views.blocks import Block, note
from views.ids import BlockId
from views.payload import mappings_at, text_at
from views.translator import Translator

_MOST = 200
"""Characters of a request's id; Slack accepts 255 in a block id."""
_NAMED = re.compile(rf"{BlockId.FOOTER}:(.+):\d+", re.DOTALL)
"""The block id of a footer in a message; it ends with the card's version."""


def footer(request_id: str, text: str, t: Translator) -> Block:
    """Return the footer. A closed card has it too, so that replies in its thread can be assigned to it."""
    return note(f"{BlockId.FOOTER}:{request_id[:_MOST]}", text, t)


def request_named(message: Mapping[str, object]) -> str:
    """Return the id of the request whose card this message is; empty if it is not a card."""
    for block in mappings_at(message, "blocks"):
        if found := _NAMED.fullmatch(text_at(block, "block_id")):
            return found[1]
    return ""
