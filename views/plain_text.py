"""Messages of Slack as people read them: its entities and its tokens turned back into words."""

import re

_TOKEN = re.compile(r"<([^<>]*)>")
_ENTITIES = (
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&amp;", "&"),
)  # the last one last: `&amp;lt;` is `&lt;`


def as_read(mrkdwn: str) -> str:
    """Return what a person typed, as Slack's `text` of their message has it, without its markup.

    Mentions and channels keep their mark (`@`, `#`) before the label, or before the id where Slack
    gives no label; a link becomes its address, a date its fallback.
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
