"""The order card: the approval's layout, plus the steps of the order."""

from views.blocks import (
    Block,
    Limits,
    Message,
    actions,
    button,
    confirm,
    fields,
    fit_card,
    header,
    note,
    plain_note,
    text_block,
)
from views.card_click import order_button_value
from views.content import content_blocks, headline
from views.explanations import failure_text
from views.footer import footer
from views.ids import ActionId, BlockId
from views.levels import level_blocks
from views.outcome import outcome_blocks, short_outcome
from views.people import actor_text
from views.translator import Translator
from workflows.rules.ended_outside import ENDED_OUTSIDE, is_ended_outside
from workflows.rules.orders.order import (
    OrderSnapshot,
    OrderStatus,
    Step,
    StepName,
    content,
)
from workflows.rules.orders.parcel import Parcel
from workflows.rules.shared.saga import StepStatus

_NAME = 160
_FAILURE = 600
_BEING_UNDONE = frozenset({OrderStatus.COMPENSATING, OrderStatus.NEEDS_ATTENTION})


def build(snapshot: OrderSnapshot, t: Translator) -> Message:
    """Return the card. It never calls an approved order done: these are two states.

    It has a Cancel button while the order can be cancelled; permission is checked on the click.
    """
    return Message(
        text=summary(snapshot, t),
        blocks=fit_card(lambda limits: _blocks(snapshot, limits, t), snapshot.card_version),
    )


def summary(snapshot: OrderSnapshot, t: Translator) -> str:
    """Return the order in one sentence, for notifications."""
    return t(
        "order.text",
        title=t.inline(snapshot.title, 80),
        order_id=t.inline(snapshot.order.order_id, 80),
        customer=t.inline(snapshot.order.customer, _NAME),
        amount=t.money(snapshot.order.total),
        requester=actor_text(snapshot.requester, t),
        state=t(f"order.text.{state_name(snapshot)}"),
    )


def _blocks(snapshot: OrderSnapshot, limits: Limits, t: Translator) -> list[Block]:
    order_content = content(snapshot.order)
    approval: list[Block] = []
    if snapshot.approval is not None:
        approval = [
            *level_blocks(snapshot.approval, limits, t),
            *outcome_blocks(snapshot.approval, limits, t),
        ]
    return [
        header(BlockId.HEADER, headline(snapshot.title, order_content, t), t),
        _summary_fields(snapshot, t),
        *content_blocks(order_content, limits, t),
        *approval,
        text_block(BlockId.STEPS, _steps_text(snapshot, t), t),
        *_parcel_blocks(snapshot, t),
        *_waiting_blocks(snapshot, t),
        *_cancelled_blocks(snapshot, limits, t),
        *_failure_blocks(snapshot, t),
        *_stuck_blocks(snapshot, t),
        *_mail_blocks(snapshot, t),
        *_buttons(snapshot, t),
        footer(snapshot.order.order_id, _footer_text(snapshot, t), t),
    ]


def _summary_fields(snapshot: OrderSnapshot, t: Translator) -> Block:
    labelled = [
        (t("approval.field.state"), t(f"order.{snapshot.status}")),
        (t("approval.field.amount"), t.money(snapshot.order.total)),
        (t("approval.field.requester"), actor_text(snapshot.requester, t)),
        (t("order.field.approval"), _approval_text(snapshot, t)),
    ]
    return fields(BlockId.SUMMARY, labelled, t)


def _approval_text(snapshot: OrderSnapshot, t: Translator) -> str:
    if snapshot.approval is not None and not snapshot.approval.is_open:
        return short_outcome(snapshot.approval, t)
    waits = snapshot.status is OrderStatus.AWAITING_APPROVAL
    return t("order.approval.waiting" if waits else "order.approval.none")


def _steps_text(snapshot: OrderSnapshot, t: Translator) -> str:
    if all(step.status is StepStatus.WAITING for step in snapshot.steps):
        if snapshot.status is OrderStatus.AWAITING_APPROVAL:
            return t("order.waits")
        if snapshot.ended_at is not None:
            return t("order.not_begun")
    lines = [t("order.steps"), *(_step_line(step, snapshot, t) for step in snapshot.steps)]
    return "\n".join(lines)


def _step_line(step: Step, snapshot: OrderSnapshot, t: Translator) -> str:
    awaited = step.name is StepName.PAY and snapshot.status is OrderStatus.AWAITING_PAYMENT
    state = "order.step.state.awaited" if awaited else f"order.step.state.{step.status}"
    data = {
        "mark": t(f"order.step.mark.{step.status}"),
        "name": t(f"order.step.{step.name}"),
        "state": t(state),
    }
    if not step.reference:
        return t("order.step.line", **data)
    reference = t.inline(step.reference, 80)
    return t("order.step.line.reference", reference=reference, **data)


def _parcel_blocks(snapshot: OrderSnapshot, t: Translator) -> list[Block]:
    """Return the state of each parcel, if there are several."""
    if not snapshot.parcels:
        return []
    lines = [
        t("order.parcels"),
        *(_parcel_line(parcel, snapshot, t) for parcel in snapshot.parcels),
    ]
    return [text_block(BlockId.PARCELS, "\n".join(lines), t)]


def _parcel_line(parcel: Parcel, snapshot: OrderSnapshot, t: Translator) -> str:
    products = [line.label for line in snapshot.order.lines if line.sku in parcel.skus]
    data = {
        "mark": t(f"order.parcel.mark.{parcel.status}"),
        "warehouse": t.inline(parcel.warehouse, 40),
        "state": t(f"order.parcel.state.{parcel.status}"),
        "products": t.inline(t.list(list(dict.fromkeys(products))), 120),
    }
    if not parcel.tracking:
        return t("order.parcel.line", **data)
    reference = t.inline(parcel.tracking, 80)
    return t("order.parcel.line.reference", reference=reference, **data)


def _waiting_blocks(snapshot: OrderSnapshot, t: Translator) -> list[Block]:
    """Return the payment or the parcel that the order waits for."""
    if snapshot.status is OrderStatus.AWAITING_PAYMENT and snapshot.payment_due is not None:
        due, amount = t.date(snapshot.payment_due), t.money(snapshot.order.total)
        text = t("order.payment_due", amount=amount, when=due)
        return [text_block(BlockId.PAYMENT, text, t)]
    if snapshot.status is OrderStatus.PROCESSING and snapshot.estimated_delivery is not None:
        text = t("order.arrives", when=t.date(snapshot.estimated_delivery))
        return [text_block(BlockId.DELIVERY, text, t)]
    return []


def _cancelled_blocks(snapshot: OrderSnapshot, limits: Limits, t: Translator) -> list[Block]:
    """Return the person who cancelled the order, and the reason."""
    if snapshot.cancelled is None:
        return []
    cancelled = snapshot.cancelled
    cancelled_by, when = actor_text(cancelled.actor, t), t.date(cancelled.at)
    text = t("order.cancelled.by_whom", who=cancelled_by, when=when)
    blocks = [text_block(BlockId.CANCELLED, text, t)]
    if cancelled.reason.strip():
        quote = t("outcome.reason", reason=cancelled.reason.strip())
        blocks.append(plain_note(f"{BlockId.CANCELLED}-why", quote, limits.reason * 2, t))
    return blocks


def _failure_blocks(snapshot: OrderSnapshot, t: Translator) -> list[Block]:
    """Return the failure, its cause, and the undone steps; the cause may be long, so it is plain text."""
    if snapshot.status in _BEING_UNDONE:
        sentence = t(f"order.back.{snapshot.ending}")
    elif snapshot.status is OrderStatus.FAILED:
        key = f"order.failure.{state_name(snapshot)}"
        sentence = t(key, undone=_undone_text(snapshot, t))
    elif snapshot.status is OrderStatus.EXPIRED and snapshot.payment_due is not None:
        due = t.date(snapshot.payment_due)
        sentence = t("order.failure.unpaid", when=due, undone=_undone_text(snapshot, t))
    elif snapshot.status is OrderStatus.CANCELLED and snapshot.cancelled is not None:
        sentence = _undone_text(snapshot, t)
    else:
        return []
    return [
        text_block(BlockId.FAILURE, sentence, t),
        *_cause_blocks(BlockId.FAILURE, snapshot.failure, t),
    ]


def _stuck_blocks(snapshot: OrderSnapshot, t: Translator) -> list[Block]:
    """Return the step that could not be undone, the cause, and the people who can help."""
    if snapshot.stuck is None:
        return []
    stuck = snapshot.stuck
    step, since = t(f"order.step.{stuck.step}"), t.date(stuck.since)
    order_id = t.inline(snapshot.order.order_id, 80)
    text = t("order.stuck", step=step, when=since, order_id=order_id)
    return [
        text_block(BlockId.ATTENTION, text, t),
        *_cause_blocks(BlockId.ATTENTION, stuck.error, t),
    ]


def _cause_blocks(block_id: str, error: str, t: Translator) -> list[Block]:
    if not error.strip():
        return []
    cause = t("order.failure.why", failure=failure_text(error, t))
    return [plain_note(f"{block_id}-why", cause, _FAILURE, t)]


def _mail_blocks(snapshot: OrderSnapshot, t: Translator) -> list[Block]:
    """Return that the mail to the customer could not be sent."""
    if not snapshot.mail_problem:
        return []
    off = snapshot.mail_problem == "mail.off"
    text = t("order.mail.off" if off else "order.mail.failed")
    return [note(BlockId.MAIL, text, t)]


def _buttons(snapshot: OrderSnapshot, t: Translator) -> list[Block]:
    if not snapshot.is_cancellable:
        return []
    label = t("button.cancel_order")
    question = t(
        "confirm.cancel.text",
        order_id=t.clip_plain(snapshot.order.order_id, 80),
        customer=t.clip_plain(snapshot.order.customer, 120),
    )
    confirmation = confirm(t("confirm.cancel.title"), question, label, t, "button.keep_order")
    cancel = button(
        ActionId.CANCEL,
        label,
        order_button_value(snapshot, t),
        style="danger",
        confirm=confirmation,
    )
    return [actions(BlockId.ACTIONS, cancel)]


def state_name(snapshot: OrderSnapshot) -> str:
    """Return the key of the order's state in texts: its status, or that it was ended outside."""
    return ENDED_OUTSIDE if is_ended_outside(snapshot) else snapshot.status.value


def _undone_text(snapshot: OrderSnapshot, t: Translator) -> str:
    names = [
        t(f"order.undone.{step.name}")
        for step in reversed(snapshot.steps)
        if step.status is StepStatus.COMPENSATED
    ]
    if not names:
        return t("order.undone.nothing")
    return t("order.undone.steps", steps=t.list(names))


def _footer_text(snapshot: OrderSnapshot, t: Translator) -> str:
    blanks = {
        "order_id": t.inline(snapshot.order.order_id, 80),
        "when": t.date(snapshot.received_at),
    }
    if snapshot.ended_at is None:
        return t("order.foot", **blanks)
    return t("order.foot.ended", ended=t.date(snapshot.ended_at), **blanks)
