"""Every sentence we say to one person: short, polite, and with what to do next."""

import re
from collections.abc import Mapping

from bot.views import approval_card, order_card
from bot.views.blocks import Message, said
from bot.views.content import subject_mrkdwn
from bot.views.ids import BlockId
from bot.views.levels import who
from bot.views.text import clip_plain, has_text, in_line, person, text
from workflows.rules.face import ApprovalFace
from workflows.rules.order import OrderFace
from workflows.rules.order import content as order_content
from workflows.rules.order_form import OrderMistakes
from workflows.rules.request import Status

_BLANKS = ("person", "status", "verdict", "level", "length", "limit", "currency", "sku", "policy")
_PREFIX = "rejected."
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,30}", re.ASCII)


def refusal(code: str, data: Mapping[str, str], locale: str = "en") -> str:
    """Return the sentence for a refusal of the rules, as mrkdwn.

    `code` is `RuleError.code`, with or without `rejected.` in front. A code that we do not know
    (an older bot, a newer worker) still gets a sentence.
    """
    blanks = {name: in_line(data.get(name, ""), 150, locale) for name in _BLANKS}
    if data.get("person"):
        blanks["person"] = person(data["person"], locale)
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
        f"{key}.blank" if not data.get("sku") else "",
        key,
    ]
    for variant in variants:
        if has_text(variant):
            return text(variant, locale, **blanks)
    return text("refusal.unknown", locale, code=in_line(code, 80, locale))


def order_mistakes(mistakes: OrderMistakes, locale: str = "en") -> dict[str, str]:
    """Return a sentence for every field that is wrong, as plain text."""
    return {
        name: field_refusal(error.code, error.data, locale)
        for name, error in mistakes.by_field.items()
    }


def unconfirmed(locale: str = "en") -> str:
    """Say that the answer is not known yet and is still asked for."""
    return text("notice.unconfirmed", locale)


def still_unconfirmed(locale: str = "en") -> str:
    """Say that we stopped asking; the card will tell."""
    return text("notice.still_unconfirmed", locale)


def confirmed(verdict: str, locale: str = "en") -> str:
    """Say, after an `unconfirmed`, that the decision counts."""
    return text(f"notice.confirmed.{verdict}", locale)


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


def malformed_order_id(written: str, locale: str = "en") -> str:
    """Say what an order's number looks like."""
    return text("notice.malformed_order_id", locale, written=in_line(written, 80, locale))


def internal_error(error_id: str, locale: str = "en") -> str:
    """Say that something broke, with the number under which the log has it."""
    return text("notice.internal_error", locale, error_id=in_line(error_id, 80, locale))


def invite(where: str, locale: str = "en") -> str:
    """Say that the bot is not a member of a channel, and how to change it."""
    return text("notice.invite", locale, channel=channel(where, locale))


def channel(where: str, locale: str = "en") -> str:
    """Return a channel as a link where its id is known, else as written."""
    if _CHANNEL.fullmatch(where):
        return f"<#{where}>"
    return in_line(where, 80, locale) or text("notice.here", locale)


def outcome(face: ApprovalFace | OrderFace) -> Message:
    """Tell the requester how it ended: one sentence, and the card as it stands, with no buttons."""
    if isinstance(face, OrderFace):
        return _told(_order_outcome(face), order_card.build(face), face.language)
    return _told(_approval_outcome(face), approval_card.build(face), face.language)


def _told(sentence: str, card: Message, locale: str) -> Message:
    first = said(BlockId.NOTICE, sentence, locale)
    return Message(text=sentence, blocks=[first, *card.without_buttons().blocks])


def _approval_outcome(face: ApprovalFace) -> str:
    locale = face.language
    key = f"notice.outcome.approval.{face.status}"
    if face.status is Status.APPROVED and (face.closed_by is None or not face.closed_by.person):
        key = f"{key}.clock"
    sentence = text(
        key, locale, subject=subject_mrkdwn(face.content, locale), who=who(face.closed_by, locale)
    )
    return _with_reason(sentence, face.closing_reason, locale)


def _order_outcome(face: OrderFace) -> str:
    locale = face.language
    approval = face.approval
    failure = in_line(face.failure, 300, locale)
    sentence = text(
        f"notice.outcome.order.{face.status}",
        locale,
        order_id=in_line(face.order.order_id, 80, locale),
        customer=in_line(face.order.customer, 160, locale),
        who=who(approval.closed_by if approval else None, locale),
        failure=failure if failure.endswith((".", "!", "?")) else f"{failure}.",
    )
    return _with_reason(sentence, approval.closing_reason if approval else "", locale)


def _with_reason(sentence: str, reason: str, locale: str) -> str:
    """Add who gave which reason; the card below carries it whole."""
    if not reason.strip():
        return sentence
    short = in_line(reason, 500, locale)
    return text("notice.outcome.reason", locale, sentence=sentence, reason=short)


def card_not_posted(face: ApprovalFace | OrderFace, problem: str) -> Message:
    """Tell the requester that the card could not be posted, and what helps.

    `problem` ends in Slack's error name, such as `slack.not_in_channel`.
    """
    locale = face.language
    content = order_content(face.order) if isinstance(face, OrderFace) else face.content
    name = problem.rpartition(".")[2]
    key = f"notice.card_not_posted.{name}"
    sentence = text(
        "notice.card_not_posted",
        locale,
        subject=subject_mrkdwn(content, locale),
        channel=channel(face.channel, locale),
        fix=text(
            key if has_text(key) else "notice.card_not_posted.other",
            locale,
            problem=in_line(name, 80, locale),
        ),
    )
    return Message(text=sentence, blocks=[said(BlockId.NOTICE, sentence, locale)])
