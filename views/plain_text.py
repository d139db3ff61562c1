"""Slack messages as plain text, without entities and tokens."""

import re

_TOKEN = re.compile(r"<([^<>]*)>")
_ENTITIES = (
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&amp;", "&"),
)  # `&amp;` comes last, since `&amp;lt;` is `&lt;`


def plain_text(mrkdwn: str) -> str:
    """Return the text that a person typed, from the `text` of their message.

    A mention or channel keeps its sign (`@`, `#`) before the label, or before the id if Slack sends
    no label. A link becomes its address, and a date its fallback.
    """
    text = _TOKEN.sub(lambda found: _token_text(found[1]), mrkdwn)
    for entity, sign in _ENTITIES:
        text = text.replace(entity, sign)
    return text.strip()


def _token_text(token: str) -> str:
    named, _, label = token.partition("|")
    mark, name = named[:1], named[1:]
    if mark == "!":  # <!here>, <!subteam^S1|@team>, <!date^…|fallback>
        return label or "@" + name.partition("^")[0]
    if mark in ("@", "#"):
        return mark + (label or name).removeprefix(mark)
    return named.removeprefix("mailto:")
