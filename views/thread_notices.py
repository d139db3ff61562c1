"""Private answers to a person who writes in the thread of a card."""

from collections.abc import Mapping

from views import notices
from views.translator import Translator


def typed_decision(
    t: Translator,
    link: str = "",
) -> str:
    """Return that a typed yes or no is only a comment; `link` leads to the message with the buttons."""
    where = notices.card_link(link, t)
    key = "thread.typed_decision.link" if where else "thread.typed_decision"
    return t(key, card=where)


def public_thread(t: Translator) -> str:
    """Return that the whole channel can read this thread, although the request is private."""
    return t("thread.public")


def closed(t: Translator) -> str:
    """Return that the request is closed, so replies are no longer saved as comments."""
    return t("thread.closed")


def refused(code: str, data: Mapping[str, str], t: Translator) -> str:
    """Return why a reply was not saved as a comment."""
    if t.has(f"thread.{code}"):
        return t(f"thread.{code}")
    return notices.refusal(code, data, t)
