"""Short answers to one person: refusals, confirmations and errors, with what to do next."""

import re
from collections.abc import Mapping
from decimal import Decimal

from views.blocks import Message, text_block
from views.ids import BlockId
from views.text import link
from views.translator import Translator
from workflows.rules.approvals.verbs import Verb
from workflows.rules.orders.verbs import OrderVerb
from workflows.rules.shared.errors import AmbiguousAmountError, RuleError
from workflows.rules.shared.money import Money

_PEOPLE = ("person", "seat")
_BLANKS = (
    *(*_PEOPLE, "status", "verdict", "level", "length", "limit", "currency", "sku", "policy"),
    *("standing", "link", "card", "typed", "first", "second", "symbol"),
    *("year", "wanted", "left"),
)
_REASON = 150
"""Characters of the reason in the text above a card."""
_PREFIX = "rejected."
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,30}", re.ASCII)


def refusal(code: str, data: Mapping[str, str], t: Translator, link: str = "") -> str:
    """Return the text of a refusal by the rules, as mrkdwn.

    `code` is `RuleError.code`, with or without the prefix `rejected.`. An unknown code (from a
    newer worker) has a text too. `link` leads to the current card, for a click on another copy.
    """
    data = _with_readings(code, data, t)
    blanks = {name: t.inline(data.get(name, ""), 150) for name in _BLANKS}
    for name in _PEOPLE:
        if data.get(name):
            blanks[name] = t.mention(data[name])
    blanks["card"] = card_link(link, t)
    return _refusal(code, data, blanks, t)


def field_refusal(code: str, data: Mapping[str, str], t: Translator) -> str:
    """Return the text of a refusal as plain text, for a field of a modal or a terminal."""
    data = _with_readings(code, data, t)
    blanks = {name: t.clip_plain(data.get(name, ""), 150) for name in _BLANKS}
    return _refusal(code, data, blanks, t)


def _refusal(code: str, data: Mapping[str, str], blanks: dict[str, str], t: Translator) -> str:
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
        f"{key}.none" if data.get("limit") == "0" else "",
        f"{key}.blank" if not data.get("sku") else "",
        key,
    ]
    for variant in variants:
        if t.has(variant):
            return t(variant, **blanks)
    return t("refusal.unknown", code=t.inline(code, 80))


def _with_readings(code: str, data: Mapping[str, str], t: Translator) -> Mapping[str, str]:
    """Return the data with both readings of an amount in the notation of this language."""
    if code.removeprefix(_PREFIX) != AmbiguousAmountError.code:
        return data
    try:
        readings = {
            name: t.number(Money(amount=Decimal(data[name]), currency=data["currency"]))
            for name in ("first", "second")
        }
    except (KeyError, ArithmeticError):  # a newer worker sends other data
        return data
    return {**data, **readings}


def not_a_source(written: str, t: Translator) -> str:
    """Return, as plain text, that a source is not written as in a policy."""
    return t("refusal.not_a_source", source=t.clip_plain(written, 80))


def field_refusals(by_field: Mapping[str, RuleError], t: Translator) -> dict[str, str]:
    """Return the error of each field as plain text."""
    return {name: field_refusal(error.code, error.data, t) for name, error in by_field.items()}


def card_link(address: str, t: Translator) -> str:
    """Return a link to the card; an empty string if there is no address."""
    return link(address, t("link.card"))


def with_card_link(text: str, address: str, t: Translator) -> str:
    """Return a text followed by a link to the card; the text alone if there is no address."""
    link_text = card_link(address, t)
    return t("tell.link", sentence=text, link=link_text) if link_text else text


def with_reason(text: str, reason: str, t: Translator) -> str:
    """Return a text followed by the beginning of the reason; the card below shows the whole."""
    if not reason.strip():
        return text
    return t("notice.outcome.reason", sentence=text, reason=t.inline(reason, _REASON))


def outcome_message(text: str, address: str, card: Message, t: Translator) -> Message:
    """Return an outcome with a link to the card, above the card itself without its buttons."""
    lead = text_block(BlockId.NOTICE, with_card_link(text, address, t), t)
    return Message(text=text, blocks=[lead, *card.without_buttons().blocks])


def unconfirmed(t: Translator) -> str:
    """Return that the result is not known yet and is being looked up."""
    return t("notice.unconfirmed")


def still_unconfirmed(t: Translator) -> str:
    """Return that the result is still unknown, and that the card will show it."""
    return t("notice.still_unconfirmed")


def confirmed(verb: str, t: Translator) -> str:
    """Return that an action was accepted: a `Verb` (each `Verdict` is one too) or an `OrderVerb`."""
    known = OrderVerb(verb) if verb in set(OrderVerb) else Verb(verb)
    return t(f"notice.confirmed.{known}")


def not_offered(t: Translator) -> str:
    """Return that the chosen verb is no longer available, for the top of the menu."""
    return t("notice.not_offered")


def unreadable(t: Translator) -> str:
    """Return that a payload is not what our buttons send."""
    return t("notice.unreadable")


def unavailable(t: Translator) -> str:
    """Return that Temporal cannot be reached."""
    return t("notice.unavailable")


def unchecked(t: Translator) -> str:
    """Return that Slack could not be asked whether the person may send a request."""
    return t("notice.unchecked")


def unknown_order(order_id: str, t: Translator) -> str:
    """Return that there is no such order."""
    return t("notice.unknown_order", order_id=t.inline(order_id, 80))


def orders_for_members(t: Translator) -> str:
    """Return that guests can only look up their own orders, whether or not there is such an order."""
    return t("notice.orders_for_members")


def unknown_request(request_id: str, t: Translator) -> str:
    """Return that there is no such request."""
    return t("notice.unknown_request", request_id=t.inline(request_id, 80))


def malformed_order_id(written: str, t: Translator) -> str:
    """Return the format of an order id."""
    return t("notice.malformed_order_id", written=t.inline(written, 80))


def internal_error(error_id: str, t: Translator) -> str:
    """Return that an internal error occurred, with its id in the log."""
    return t("notice.internal_error", error_id=t.inline(error_id, 80))


def not_yet_notified(count: int, t: Translator) -> str:
    """Return the number of open requests that do not know of the absence yet."""
    return t.count("notice.hear_later", count)


def channel(where: str, t: Translator) -> str:
    """Return a channel as a link if this is a channel id, else as it was typed."""
    if _CHANNEL.fullmatch(where):
        return f"<#{where}>"
    return t.inline(where, 80) or t("notice.here")
