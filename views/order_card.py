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
from views.footer import footer
from views.ids import ActionId, BlockId
from views.levels import level_blocks
from views.outcome import outcome_blocks, short_outcome, who
from views.text import clip_plain, date, in_line, listed, text
from workflows.rules.orders.order import OrderSnapshot, OrderStatus, Step, StepName, content
from workflows.rules.orders.parcel import Parcel
from workflows.rules.shared.saga import StepStatus

_NAME = 160
_FAILURE = 600
_GOING_BACK = frozenset({OrderStatus.COMPENSATING, OrderStatus.NEEDS_ATTENTION})


def build(snapshot: OrderSnapshot) -> Message:
    """Return the card. "Approved" and "done" are different words on it.

    A Cancel button stands on it as long as cancelling is possible; who may is judged when pressed.
    """
    return Message(
        text=summary(snapshot),
        blocks=fitted(lambda room: _blocks(snapshot, room), snapshot.card_version),
    )


def summary(snapshot: OrderSnapshot) -> str:
    """Return everything in one sentence: what a notification shows."""
    locale = snapshot.language
    return text(
        "order.text",
        locale,
        title=in_line(snapshot.title, 80, locale),
        order_id=in_line(snapshot.order.order_id, 80, locale),
        customer=in_line(snapshot.order.customer, _NAME, locale),
        amount=snapshot.order.total,
        requester=who(snapshot.requester, locale),
        state=text(f"order.text.{snapshot.status}", locale),
    )


def _blocks(snapshot: OrderSnapshot, room: Room) -> list[Block]:
    locale = snapshot.language
    asked = content(snapshot.order)
    approval: list[Block] = []
    if snapshot.approval is not None:
        approval = [
            *level_blocks(snapshot.approval, room),
            *outcome_blocks(snapshot.approval, room),
        ]
    return [
        header(BlockId.HEADER, headline(snapshot.title, asked, locale), locale),
        _summary_fields(snapshot),
        *content_blocks(asked, room, locale),
        *approval,
        said(BlockId.STEPS, _steps_words(snapshot), locale),
        *_parcel_blocks(snapshot),
        *_waiting_blocks(snapshot),
        *_cancelled_blocks(snapshot, room),
        *_failure_blocks(snapshot),
        *_stuck_blocks(snapshot),
        *_mail_blocks(snapshot),
        *_buttons(snapshot),
        footer(snapshot.order.order_id, _foot_words(snapshot), locale),
    ]


def _summary_fields(snapshot: OrderSnapshot) -> Block:
    locale = snapshot.language
    labelled = [
        (text("approval.field.state", locale), text(f"order.{snapshot.status}", locale)),
        (text("approval.field.amount", locale), str(snapshot.order.total)),
        (text("approval.field.requester", locale), who(snapshot.requester, locale)),
        (text("order.field.approval", locale), _approval_words(snapshot)),
    ]
    return fields(BlockId.SUMMARY, labelled, locale)


def _approval_words(snapshot: OrderSnapshot) -> str:
    if snapshot.approval is not None and not snapshot.approval.is_open:
        return short_outcome(snapshot.approval)
    waits = snapshot.status is OrderStatus.AWAITING_APPROVAL
    return text("order.approval.waiting" if waits else "order.approval.none", snapshot.language)


def _steps_words(snapshot: OrderSnapshot) -> str:
    locale = snapshot.language
    if all(step.status is StepStatus.WAITING for step in snapshot.steps):
        if snapshot.status is OrderStatus.AWAITING_APPROVAL:
            return text("order.waits", locale)
        if snapshot.ended_at is not None:
            return text("order.not_begun", locale)
    lines = [text("order.steps", locale), *(_step_line(step, snapshot) for step in snapshot.steps)]
    return "\n".join(lines)


def _step_line(step: Step, snapshot: OrderSnapshot) -> str:
    locale = snapshot.language
    awaited = step.name is StepName.PAY and snapshot.status is OrderStatus.AWAITING_PAYMENT
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


def _parcel_blocks(snapshot: OrderSnapshot) -> list[Block]:
    """Say where each parcel is, where the order goes in more than one."""
    if not snapshot.parcels:
        return []
    lines = [
        text("order.parcels", snapshot.language),
        *(_parcel_line(one, snapshot) for one in snapshot.parcels),
    ]
    return [said(BlockId.PARCELS, "\n".join(lines), snapshot.language)]


def _parcel_line(parcel: Parcel, snapshot: OrderSnapshot) -> str:
    locale = snapshot.language
    products = [line.label for line in snapshot.order.lines if line.sku in parcel.skus]
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


def _waiting_blocks(snapshot: OrderSnapshot) -> list[Block]:
    """Say what is waited for: a payment, or a parcel."""
    locale = snapshot.language
    if snapshot.status is OrderStatus.AWAITING_PAYMENT and snapshot.payment_due is not None:
        due, amount = date(snapshot.payment_due, locale), str(snapshot.order.total)
        words = text("order.payment_due", locale, amount=amount, when=due)
        return [said(BlockId.PAYMENT, words, locale)]
    if snapshot.status is OrderStatus.PROCESSING and snapshot.estimated_delivery is not None:
        words = text("order.arrives", locale, when=date(snapshot.estimated_delivery, locale))
        return [said(BlockId.DELIVERY, words, locale)]
    return []


def _cancelled_blocks(snapshot: OrderSnapshot, room: Room) -> list[Block]:
    """Say who has cancelled it, and why."""
    if snapshot.cancelled is None:
        return []
    locale, cancelled = snapshot.language, snapshot.cancelled
    by, when = who(cancelled.actor, locale), date(cancelled.at, locale)
    words = text("order.cancelled.by_whom", locale, who=by, when=when)
    blocks = [said(BlockId.CANCELLED, words, locale)]
    if cancelled.reason.strip():
        quote = text("outcome.reason", locale, reason=cancelled.reason.strip())
        blocks.append(context(f"{BlockId.CANCELLED}-why", plain(quote, room.reason * 2, locale)))
    return blocks


def _failure_blocks(snapshot: OrderSnapshot) -> list[Block]:
    """Say what failed, why, and what was undone. The cause may be long or strange: plain text."""
    locale = snapshot.language
    if snapshot.status in _GOING_BACK:
        sentence = text(f"order.back.{snapshot.ending}", locale)
    elif snapshot.status is OrderStatus.FAILED:
        sentence = text("order.failure.failed", locale, undone=_undone_words(snapshot))
    elif snapshot.status is OrderStatus.EXPIRED and snapshot.payment_due is not None:
        due = date(snapshot.payment_due, locale)
        sentence = text("order.failure.unpaid", locale, when=due, undone=_undone_words(snapshot))
    elif snapshot.status is OrderStatus.CANCELLED and snapshot.cancelled is not None:
        sentence = _undone_words(snapshot)
    else:
        return []
    blocks = [said(BlockId.FAILURE, sentence, locale)]
    if snapshot.failure.strip():
        why = text("order.failure.why", locale, failure=failure_words(snapshot.failure, locale))
        blocks.append(context(f"{BlockId.FAILURE}-why", plain(why, _FAILURE, locale)))
    return blocks


def _stuck_blocks(snapshot: OrderSnapshot) -> list[Block]:
    """Say what could not be undone, why, and who can help."""
    if snapshot.stuck is None:
        return []
    locale, stuck = snapshot.language, snapshot.stuck
    step, since = text(f"order.step.{stuck.step}", locale), date(stuck.since, locale)
    order_id = in_line(snapshot.order.order_id, 80, locale)
    words = text("order.stuck", locale, step=step, when=since, order_id=order_id)
    blocks = [said(BlockId.ATTENTION, words, locale)]
    if stuck.error.strip():
        why = text("order.failure.why", locale, failure=failure_words(stuck.error, locale))
        blocks.append(context(f"{BlockId.ATTENTION}-why", plain(why, _FAILURE, locale)))
    return blocks


def _mail_blocks(snapshot: OrderSnapshot) -> list[Block]:
    """Say that the customer gets no mail, where one was to go out."""
    if not snapshot.mail_problem:
        return []
    off = snapshot.mail_problem == "mail.off"
    words = text("order.mail.off" if off else "order.mail.failed", snapshot.language)
    return [context(BlockId.MAIL, mrkdwn(words, 300, snapshot.language))]


def _buttons(snapshot: OrderSnapshot) -> list[Block]:
    if not snapshot.is_cancellable:
        return []
    locale = snapshot.language
    agree = text("button.cancel_order", locale)
    question = text(
        "confirm.cancel.text",
        locale,
        order_id=clip_plain(snapshot.order.order_id, 80, locale),
        customer=clip_plain(snapshot.order.customer, 120, locale),
    )
    asks = confirm(text("confirm.cancel.title", locale), question, agree, locale)
    cancel = button(ActionId.CANCEL, agree, order_value(snapshot), style="danger", confirm=asks)
    return [actions(BlockId.ACTIONS, cancel)]


def _undone_words(snapshot: OrderSnapshot) -> str:
    locale = snapshot.language
    names = [
        text(f"order.undone.{step.name}", locale)
        for step in reversed(snapshot.steps)
        if step.status is StepStatus.COMPENSATED
    ]
    if not names:
        return text("order.undone.nothing", locale)
    return text("order.undone.steps", locale, steps=listed(names, locale))


def _foot_words(snapshot: OrderSnapshot) -> str:
    locale = snapshot.language
    order_id, received = (
        in_line(snapshot.order.order_id, 80, locale),
        date(snapshot.received_at, locale),
    )
    if snapshot.ended_at is None:
        return text("order.foot", locale, order_id=order_id, when=received)
    ended = date(snapshot.ended_at, locale)
    return text("order.foot.ended", locale, order_id=order_id, when=received, ended=ended)
