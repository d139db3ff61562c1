"""The last line of a card, in small print: it names the request, to people and to us."""

import re
from collections.abc import Mapping

from views.blocks import Block, note
from views.ids import BlockId
from views.payload import tables, word
from views.translator import Translator

_MOST = 200
"""Characters of a request's id; Slack takes 255 for the block's."""
_NAMED = re.compile(rf"{BlockId.FOOTER}:(.+):\d+", re.DOTALL)
"""The id of a foot as it stands in a message: the card's version comes last."""


def footer(request_id: str, text: str, t: Translator) -> Block:
    """Return the line. A closed card has it too: who writes in its thread writes about that request."""
    return note(f"{BlockId.FOOTER}:{request_id[:_MOST]}", text, t)


def request_named(message: Mapping[str, object]) -> str:
    """Return the request that a message of ours is the card of; empty where it is none."""
    for block in tables(message, "blocks"):
        if found := _NAMED.fullmatch(word(block, "block_id")):
            return found[1]
    return ""
