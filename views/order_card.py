"""The order card: the same look as an approval, plus the steps."""

from views.blocks import (
    Block,
    Message,
    Room,
    actions,
    button,
    confirm,
    context,
    fields,
    fitted,
    header,
    mrkdwn,
    plain,
    said,
)
from views.card_click import order_value
from views.content import content_blocks, headline
from views.explanations import failure_words
from views.footer import foot
from views.ids import ActionId, BlockId
from views.levels import level_blocks
from views.outcome import outcome_blocks, short_outcome, who
from views.text import clip_plain, date, in_line, listed, text
from workflows.rules.orders.order import OrderFace, OrderStatus, Step, StepName, StepStatus, content
from workflows.rules.orders.parcel import Parcel

_NAME = 160
_FAILURE = 600
_GOING_BACK = frozenset({OrderStatus.COMPENSATING, OrderStatus.NEEDS_ATTENTION})


def build(face: OrderFace) -> Message:
    """Return the card. "Approved" and "done" are different words on it.

    A Cancel button stands on it as long as cancelling is possible; who may is judged when pressed.
    """
    return Message(
        text=summary(face), blocks=fitted(lambda room: _blocks(face, room), face.card_version)
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
        *_parcel_blocks(face),
        *_waiting_blocks(face),
        *_cancelled_blocks(face, room),
        *_failure_blocks(face),
        *_stuck_blocks(face),
        *_mail_blocks(face),
        *_buttons(face),
        foot(face.order.order_id, _foot_words(face), locale),
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
    if face.approval is not None and not face.approval.is_open:
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
    lines = [text("order.steps", locale), *(_step_line(step, face) for step in face.steps)]
    return "\n".join(lines)


def _step_line(step: Step, face: OrderFace) -> str:
    locale = face.language
    awaited = step.name is StepName.PAY and face.status is OrderStatus.AWAITING_PAYMENT
    state = "order.step.state.awaited" if awaited else f"order.step.state.{step.status}"
    data = {
        "mark": text(f"order.step.mark.{step.status}", locale),
        "name": text(f"order.step.{step.name}", locale),
        "state": text(state, locale),
    }
    if not step.reference:
        return text("order.step.line", locale, **data)
    reference = in_line(step.reference, 80, locale)
    return text("order.step.line.reference", locale, reference=reference, **data)


def _parcel_blocks(face: OrderFace) -> list[Block]:
    """Say where each parcel is, where the order goes in more than one."""
    if not face.parcels:
        return []
    lines = [
        text("order.parcels", face.language),
        *(_parcel_line(one, face) for one in face.parcels),
    ]
    return [said(BlockId.PARCELS, "\n".join(lines), face.language)]


def _parcel_line(parcel: Parcel, face: OrderFace) -> str:
    locale = face.language
    products = [line.label for line in face.order.lines if line.sku in parcel.skus]
    data = {
        "mark": text(f"order.parcel.mark.{parcel.status}", locale),
        "warehouse": in_line(parcel.warehouse, 40, locale),
        "state": text(f"order.parcel.state.{parcel.status}", locale),
        "products": in_line(listed(list(dict.fromkeys(products)), locale), 120, locale),
    }
    if not parcel.tracking:
        return text("order.parcel.line", locale, **data)
    reference = in_line(parcel.tracking, 80, locale)
    return text("order.parcel.line.reference", locale, reference=reference, **data)


def _waiting_blocks(face: OrderFace) -> list[Block]:
    """Say what is waited for: a payment, or a parcel."""
    locale = face.language
    if face.status is OrderStatus.AWAITING_PAYMENT and face.payment_due is not None:
        due, amount = date(face.payment_due, locale), str(face.order.total)
        words = text("order.payment_due", locale, amount=amount, when=due)
        return [said(BlockId.PAYMENT, words, locale)]
    if face.status is OrderStatus.PROCESSING and face.estimated_delivery is not None:
        words = text("order.arrives", locale, when=date(face.estimated_delivery, locale))
        return [said(BlockId.DELIVERY, words, locale)]
    return []


def _cancelled_blocks(face: OrderFace, room: Room) -> list[Block]:
    """Say who has cancelled it, and why."""
    if face.cancelled is None:
        return []
    locale, cancelled = face.language, face.cancelled
    by, when = who(cancelled.actor, locale), date(cancelled.at, locale)
    words = text("order.cancelled.by_whom", locale, who=by, when=when)
    blocks = [said(BlockId.CANCELLED, words, locale)]
    if cancelled.reason.strip():
        quote = text("outcome.reason", locale, reason=cancelled.reason.strip())
        blocks.append(context(f"{BlockId.CANCELLED}-why", plain(quote, room.reason * 2, locale)))
    return blocks


def _failure_blocks(face: OrderFace) -> list[Block]:
    """Say what failed, why, and what was undone. The cause may be long or strange: plain text."""
    locale = face.language
    if face.status in _GOING_BACK:
        sentence = text(f"order.back.{face.ending}", locale)
    elif face.status is OrderStatus.FAILED:
        sentence = text("order.failure.failed", locale, undone=_undone_words(face))
    elif face.status is OrderStatus.EXPIRED and face.payment_due is not None:
        due = date(face.payment_due, locale)
        sentence = text("order.failure.unpaid", locale, when=due, undone=_undone_words(face))
    elif face.status is OrderStatus.CANCELLED and face.cancelled is not None:
        sentence = _undone_words(face)
    else:
        return []
    blocks = [said(BlockId.FAILURE, sentence, locale)]
    if face.failure.strip():
        why = text("order.failure.why", locale, failure=failure_words(face.failure, locale))
        blocks.append(context(f"{BlockId.FAILURE}-why", plain(why, _FAILURE, locale)))
    return blocks


def _stuck_blocks(face: OrderFace) -> list[Block]:
    """Say what could not be undone, why, and who can help."""
    if face.stuck is None:
        return []
    locale, stuck = face.language, face.stuck
    step, since = text(f"order.step.{stuck.step}", locale), date(stuck.since, locale)
    order_id = in_line(face.order.order_id, 80, locale)
    words = text("order.stuck", locale, step=step, when=since, order_id=order_id)
    blocks = [said(BlockId.ATTENTION, words, locale)]
    if stuck.error.strip():
        why = text("order.failure.why", locale, failure=failure_words(stuck.error, locale))
        blocks.append(context(f"{BlockId.ATTENTION}-why", plain(why, _FAILURE, locale)))
    return blocks


def _mail_blocks(face: OrderFace) -> list[Block]:
    """Say that the customer gets no mail, where one was to go out."""
    if not face.mail_problem:
        return []
    off = face.mail_problem == "mail.off"
    words = text("order.mail.off" if off else "order.mail.failed", face.language)
    return [context(BlockId.MAIL, mrkdwn(words, 300, face.language))]


def _buttons(face: OrderFace) -> list[Block]:
    if not face.is_cancellable:
        return []
    locale = face.language
    agree = text("button.cancel_order", locale)
    question = text(
        "confirm.cancel.text",
        locale,
        order_id=clip_plain(face.order.order_id, 80, locale),
        customer=clip_plain(face.order.customer, 120, locale),
    )
    asks = confirm(text("confirm.cancel.title", locale), question, agree, locale)
    cancel = button(ActionId.CANCEL, agree, order_value(face), style="danger", confirm=asks)
    return [actions(BlockId.ACTIONS, cancel)]


def _undone_words(face: OrderFace) -> str:
    locale = face.language
    names = [
        text(f"order.undone.{step.name}", locale)
        for step in reversed(face.steps)
        if step.status is StepStatus.COMPENSATED
    ]
    if not names:
        return text("order.undone.nothing", locale)
    return text("order.undone.steps", locale, steps=listed(names, locale))


def _foot_words(face: OrderFace) -> str:
    locale = face.language
    order_id, received = in_line(face.order.order_id, 80, locale), date(face.received_at, locale)
    if face.ended_at is None:
        return text("order.foot", locale, order_id=order_id, when=received)
    ended = date(face.ended_at, locale)
    return text("order.foot.ended", locale, order_id=order_id, when=received, ended=ended)
