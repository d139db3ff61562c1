"""Every sentence we say to one person: short, polite, and with what to do next."""

import re
from collections.abc import Mapping

from views.text import clip_plain, counted, has_text, in_line, link, person, text
from workflows.rules.approvals.verbs import Verb
from workflows.rules.orders.form import OrderFormErrors
from workflows.rules.orders.verbs import OrderVerb
from workflows.rules.shared.errors import RuleError

_PEOPLE = ("person", "seat")
_BLANKS = (
    *(*_PEOPLE, "status", "verdict", "level", "length", "limit", "currency", "sku", "policy"),
    *("standing", "link", "card"),
)
_PREFIX = "rejected."
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,30}", re.ASCII)


def refusal(code: str, data: Mapping[str, str], locale: str = "en", link: str = "") -> str:
    """Return the sentence for a refusal of the rules, as mrkdwn.

    `code` is `RuleError.code`, with or without `rejected.` in front. A code that we do not know
    (an older bot, a newer worker) still gets a sentence. `link` leads to the current card, for
    those who pressed on another one.
    """
    blanks = {name: in_line(data.get(name, ""), 150, locale) for name in _BLANKS}
    for name in _PEOPLE:
        if data.get(name):
            blanks[name] = person(data[name], locale)
    blanks["card"] = card_link(link, locale)
    return _refusal(code, data, blanks, locale)


def field_refusal(code: str, data: Mapping[str, str], locale: str = "en") -> str:
    """Return the same sentence as plain text, for a field of a modal or a terminal."""
    blanks = {name: clip_plain(data.get(name, ""), 150, locale) for name in _BLANKS}
    return _refusal(code, data, blanks, locale)


def _refusal(code: str, data: Mapping[str, str], blanks: dict[str, str], locale: str) -> str:
    code = code.removeprefix(_PREFIX)
    key = f"refusal.{code}"
    variants = [
        f"{key}.{data.get('status')}.by" if data.get("person") else "",
        f"{key}.{data.get('status')}",
        f"{key}.{data.get('verdict')}",
        f"{key}.{data.get('standing')}",
        f"{key}.link" if blanks["card"] else "",
        f"{key}.own" if data.get("person") and data["person"] == data.get("seat") else "",
        f"{key}.by" if data.get("person") else "",
        f"{key}.blank" if not data.get("sku") else "",
        key,
    ]
    for variant in variants:
        if has_text(variant):
            return text(variant, locale, **blanks)
    return text("refusal.unknown", locale, code=in_line(code, 80, locale))


def not_a_source(written: str, locale: str = "en") -> str:
    """Say, as plain text, that this names no approvers as a policy would."""
    return text("refusal.not_a_source", locale, source=clip_plain(written, 80, locale))


def order_mistakes(mistakes: OrderFormErrors, locale: str = "en") -> dict[str, str]:
    """Return a sentence for every field that is wrong, as plain text."""
    return field_refusals(mistakes.by_field, locale)


def field_refusals(by_field: Mapping[str, RuleError], locale: str = "en") -> dict[str, str]:
    """Return a sentence for every field that is wrong, as plain text."""
    return {name: field_refusal(error.code, error.data, locale) for name, error in by_field.items()}


def card_link(address: str, locale: str = "en") -> str:
    """Return a link to the card; nothing where there is no address."""
    return link(address, text("link.card", locale))


def unconfirmed(locale: str = "en") -> str:
    """Say that the answer is not known yet and is still asked for."""
    return text("notice.unconfirmed", locale)


def still_unconfirmed(locale: str = "en") -> str:
    """Say that we stopped asking; the card will tell."""
    return text("notice.still_unconfirmed", locale)


def confirmed(verb: str, locale: str = "en") -> str:
    """Say that what a person did counts: a `Verb` (each `Verdict` is one too) or an `OrderVerb`."""
    known = OrderVerb(verb) if verb in set(OrderVerb) else Verb(verb)
    return text(f"notice.confirmed.{known}", locale)


def not_offered(locale: str = "en") -> str:
    """Say, above the menu, that what was chosen cannot be done any more."""
    return text("notice.not_offered", locale)


def unreadable(locale: str = "en") -> str:
    """Say that a payload was not what our buttons send."""
    return text("notice.unreadable", locale)


def unavailable(locale: str = "en") -> str:
    """Say that Temporal cannot be reached at all."""
    return text("notice.unavailable", locale)


def which_order(locale: str = "en") -> str:
    """Ask for an order's number."""
    return text("notice.which_order", locale)


def unknown_order(order_id: str, locale: str = "en") -> str:
    """Say that there is no such order."""
    return text("notice.unknown_order", locale, order_id=in_line(order_id, 80, locale))


def unknown_request(request_id: str, locale: str = "en") -> str:
    """Say that there is no such request."""
    return text("notice.unknown_request", locale, request_id=in_line(request_id, 80, locale))


def malformed_order_id(written: str, locale: str = "en") -> str:
    """Say what an order's number looks like."""
    return text("notice.malformed_order_id", locale, written=in_line(written, 80, locale))


def internal_error(error_id: str, locale: str = "en") -> str:
    """Say that something broke, with the number under which the log has it."""
    return text("notice.internal_error", locale, error_id=in_line(error_id, 80, locale))


def hear_later(count: int, locale: str = "en") -> str:
    """Say that open requests could not be told yet who is away or back."""
    return counted("notice.hear_later", count, locale)


def channel(where: str, locale: str = "en") -> str:
    """Return a channel as a link where its id is known, else as written."""
    if _CHANNEL.fullmatch(where):
        return f"<#{where}>"
    return in_line(where, 80, locale) or text("notice.here", locale)
