"""What we say privately to who writes in the thread of a card."""

from collections.abc import Mapping

from views import notices
from views.text import has_text, text


def typed_decision(link: str = "", locale: str = "en") -> str:
    """Say that a typed yes or no was kept as a comment and decides nothing; `link` leads to the buttons."""
    where = notices.card_link(link, locale)
    key = "thread.typed_decision.link" if where else "thread.typed_decision"
    return text(key, locale, card=where)


def public_thread(locale: str = "en") -> str:
    """Say that everybody in the channel can read this thread, though not the request itself."""
    return text("thread.public", locale)


def closed(locale: str = "en") -> str:
    """Say that the request is closed, so what is written there is not kept with it."""
    return text("thread.closed", locale)


def refused(code: str, data: Mapping[str, str], locale: str = "en") -> str:
    """Say why what was written is not kept with the request."""
    if has_text(f"thread.{code}"):
        return text(f"thread.{code}", locale)
    return notices.refusal(code, data, locale)
