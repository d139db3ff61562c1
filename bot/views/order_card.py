"""The order card: the same look as an approval, plus the steps, and the same truth in private."""

from collections.abc import Sequence
from datetime import datetime

from bot.views.blocks import (
    Block,
    Message,
    Room,
    context,
    fields,
    fitted,
    header,
    mrkdwn,
    plain,
    said,
)
from bot.views.content import content_blocks, headline
from bot.views.ids import BlockId
from bot.views.levels import level_blocks
from bot.views.outcome import outcome_blocks, short_outcome, who
from bot.views.text import counted, date, in_line, listed, text
from workflows.rules.order import OrderFace, OrderStatus, Step, StepStatus, content

LATEST = 10
"""Orders in a list."""
_NAME = 160
_FAILURE = 600
_TROUBLE = frozenset({OrderStatus.COMPENSATING, OrderStatus.FAILED})


def build(face: OrderFace) -> Message:
    """Return the card; it carries no button. "Approved" and "done" are different words on it."""
    return Message(
        text=summary(face), blocks=fitted(lambda room: _blocks(face, room), face.card_version)
    )


def status_message(face: OrderFace, as_of: datetime | None = None) -> Message:
    """Return the private answer about one order: the card's own blocks, so the card's own truth.

    `as_of` is given when the answer comes from the records and not from the running order.
    """
    message = build(face)
    if as_of is None:
        return message
    words = text("order.as_of", face.language, when=date(as_of))
    note = context(BlockId.NOTICE, mrkdwn(words, 300, face.language))
    return Message(text=message.text, blocks=[*message.blocks, note])


def status_list(faces: Sequence[OrderFace], locale: str = "en") -> Message:
    """Return a person's latest orders, as given and at most ten; a sentence where there are none."""
    if not faces:
        empty = text("order.list.empty", locale)
        return Message(text=empty, blocks=[said(BlockId.NOTICE, empty, locale)])
    shown = faces[:LATEST]
    lines = [
        said(f"{BlockId.LINE}-{i}", _line(face, locale), locale) for i, face in enumerate(shown)
    ]
    orders = [in_line(f"{face.order.order_id}", 60, locale) for face in shown]
    return Message(
        text=counted("order.list.text", len(shown), locale, orders=listed(orders, locale)),
        blocks=[
            said(BlockId.HEADER, text("order.list.title", locale), locale),
            *lines,
            context(BlockId.FOOT, mrkdwn(text("order.list.hint", locale), 300, locale)),
        ],
    )


def _line(face: OrderFace, locale: str) -> str:
    return text(
        "order.list.line",
        locale,
        order_id=in_line(face.order.order_id, 80, locale),
        customer=in_line(face.order.customer, _NAME, locale),
        amount=face.order.total,
        state=text(f"order.{face.status}", locale),
        when=date(face.received_at),
    )


def summary(face: OrderFace) -> str:
    """Return everything in one sentence: what a notification shows."""
    locale = face.language
    return text(
        "order.text",
        locale,
        title=in_line(face.title, 80, locale),
        order_id=in_line(face.order.order_id, 80, locale),
        customer=in_line(face.order.customer, _NAME, locale),
        amount=face.order.total,
        requester=who(face.requester, locale),
        state=text(f"order.text.{face.status}", locale),
    )


def _blocks(face: OrderFace, room: Room) -> list[Block]:
    locale = face.language
    asked = content(face.order)
    approval: list[Block] = []
    if face.approval is not None:
        approval = [*level_blocks(face.approval, room), *outcome_blocks(face.approval, room)]
    return [
        header(BlockId.HEADER, headline(face.title, asked, locale), locale),
        _summary_fields(face),
        *content_blocks(asked, room, locale),
        *approval,
        said(BlockId.STEPS, _steps_words(face), locale),
        *_failure_blocks(face),
        context(BlockId.FOOT, mrkdwn(_foot_words(face), 300, locale)),
    ]


def _summary_fields(face: OrderFace) -> Block:
    locale = face.language
    labelled = [
        (text("approval.field.state", locale), text(f"order.{face.status}", locale)),
        (text("approval.field.amount", locale), str(face.order.total)),
        (text("approval.field.requester", locale), who(face.requester, locale)),
        (text("order.field.approval", locale), _approval_words(face)),
    ]
    return fields(BlockId.SUMMARY, labelled, locale)


def _approval_words(face: OrderFace) -> str:
    if face.approval is not None:
        return short_outcome(face.approval)
    waits = face.status is OrderStatus.AWAITING_APPROVAL
    return text("order.approval.waiting" if waits else "order.approval.none", face.language)


def _steps_words(face: OrderFace) -> str:
    locale = face.language
    if all(step.status is StepStatus.WAITING for step in face.steps):
        if face.status is OrderStatus.AWAITING_APPROVAL:
            return text("order.waits", locale)
        if face.ended_at is not None:
            return text("order.not_begun", locale)
    lines = [text("order.steps", locale), *(_step_line(step, locale) for step in face.steps)]
    return "\n".join(lines)


def _step_line(step: Step, locale: str) -> str:
    data = {
        "mark": text(f"order.step.mark.{step.status}", locale),
        "name": text(f"order.step.{step.name}", locale),
        "state": text(f"order.step.state.{step.status}", locale),
    }
    if not step.reference:
        return text("order.step.line", locale, **data)
    reference = in_line(step.reference, 80, locale)
    return text("order.step.line.reference", locale, reference=reference, **data)


def _failure_blocks(face: OrderFace) -> list[Block]:
    """Say what failed, why, and what was undone. The cause may be long or strange: plain text."""
    if face.status not in _TROUBLE:
        return []
    locale = face.language
    sentence = text(f"order.failure.{face.status}", locale, undone=_undone_words(face))
    blocks = [said(BlockId.FAILURE, sentence, locale)]
    if face.failure.strip():
        why = text("order.failure.why", locale, failure=face.failure.strip())
        blocks.append(context(f"{BlockId.FAILURE}-why", plain(why, _FAILURE, locale)))
    return blocks


def _undone_words(face: OrderFace) -> str:
    locale = face.language
    names = [
        text(f"order.step.{step.name}", locale).lower()
        for step in reversed(face.steps)
        if step.status is StepStatus.COMPENSATED
    ]
    if not names:
        return text("order.undone.nothing", locale)
    return text("order.undone.steps", locale, steps=listed(names, locale))


def _foot_words(face: OrderFace) -> str:
    locale = face.language
    order_id, received = in_line(face.order.order_id, 80, locale), date(face.received_at)
    if face.ended_at is None:
        return text("order.foot", locale, order_id=order_id, when=received)
    ended = date(face.ended_at)
    return text("order.foot.ended", locale, order_id=order_id, when=received, ended=ended)
