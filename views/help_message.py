"""The private answer to `/countersign help`, to a mention, and to a direct message: what one can type."""

from views.blocks import Message, note, text_block
from views.ids import BlockId
from views.translator import Translator

_LINES = ("new", "request", "order", "order_status", "inbox", "away", "help")
_SHOWN = 60
"""Characters of an unknown word that are repeated."""


def build(command: str, t: Translator, *, unknown: str = "") -> Message:
    """Return the list of commands; `unknown` is a word typed after `command` that is none of them."""
    title = t("help.title")
    if unknown:
        title = t("help.unknown", command=command, word=t.inline(unknown, _SHOWN))
    lines = [t(f"help.{line}", command=command) for line in _LINES]
    return Message(
        text=title,
        blocks=[
            text_block(BlockId.HEADER, "\n".join([title, *(f"• {line}" for line in lines)]), t),
            note(BlockId.FOOTER, t("help.more"), t),
        ],
    )


def unknown_policy(wanted: str, offered: dict[str, str], t: Translator) -> str:
    """Return the sentence for a type of request that does not exist; `offered` maps names to titles."""
    types = t.list([f"`{name}`" for name in offered])
    return t("help.unknown_policy", wanted=t.inline(wanted, _SHOWN), types=types)


def other_form(command: str, t: Translator) -> str:
    """Return the sentence for a type of request whose form another command opens."""
    return t("help.other_form", command=command)
