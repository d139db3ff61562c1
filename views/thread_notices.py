"""What we say privately to who writes in the thread of a card."""

from collections.abc import Mapping

from views import notices
from views.translator import Translator


def typed_decision(
    t: Translator,
    link: str = "",
) -> str:
    """Say that a typed yes or no was kept as a comment and decides nothing; `link` leads to the buttons."""
    where = notices.card_link(link, t)
    key = "thread.typed_decision.link" if where else "thread.typed_decision"
    return t(key, card=where)


def public_thread(t: Translator) -> str:
    """Say that everybody in the channel can read this thread, though not the request itself."""
    return t("thread.public")


def closed(t: Translator) -> str:
    """Say that the request is closed, so what is written there is not kept with it."""
    return t("thread.closed")


def refused(code: str, data: Mapping[str, str], t: Translator) -> str:
    """Say why what was written is not kept with the request."""
    if t.has(f"thread.{code}"):
        return t(f"thread.{code}")
    return notices.refusal(code, data, t)
