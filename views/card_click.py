"""A press on a card, read; and what a modal that it opens keeps of it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from views.blocks import PRIVATE_METADATA
from views.content import subject
from views.ids import ActionId
from views.payload import (
    UnreadablePayloadError,
    clicker,
    from_json,
    table,
    tables,
    to_json,
    word,
)
from views.translator import Translator
from workflows.rules.approvals.request import Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.order import OrderSnapshot, content
from workflows.rules.shared.card import CardCopy

_VERDICTS = {ActionId.APPROVE: Verdict.APPROVE, ActionId.REJECT: Verdict.REJECT}
_BUTTONS = (*_VERDICTS, ActionId.MORE, ActionId.DETAILS, ActionId.CANCEL)
_SUBJECT = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class ButtonValue:
    """What a button carries, so that a press can be judged and a modal opens at once.

    `level` is 0 before the first one. `reason_required` is about this button's own verdict.
    `reply_level` and `reply_revision` name the reply in a thread that carries the button, as in
    `rules.card.CardCopy`; both are 0 on every other copy.
    """

    request_id: str
    content_revision: int
    level: int
    card_version: int
    reason_required: bool
    currency: str
    subject: str
    reply_level: int = 0
    reply_revision: int = 0


def button_value(
    snapshot: ApprovalSnapshot,
    t: Translator,
    *,
    reason_required: bool = False,
    reply_level: int = 0,
) -> str:
    """Return the value of a button on the card of `face`, or on the reply about one of its levels."""
    value = ButtonValue(
        request_id=snapshot.request_id,
        content_revision=snapshot.content_revision,
        level=level_number(snapshot),
        card_version=snapshot.card_version,
        reason_required=reason_required,
        currency=snapshot.currency,
        subject=subject(snapshot.content, _SUBJECT, t),
        reply_level=reply_level,
        reply_revision=snapshot.content_revision if reply_level else 0,
    )
    return to_json(value)


def order_button_value(snapshot: OrderSnapshot, t: Translator) -> str:
    """Return the value of a button on an order's own card: it has one content and no level."""
    value = ButtonValue(
        request_id=snapshot.order.order_id,
        content_revision=1,
        level=0,
        card_version=snapshot.card_version,
        reason_required=False,
        currency=snapshot.order.total.currency,
        subject=subject(content(snapshot.order), _SUBJECT, t),
        reply_level=0,
        reply_revision=0,
    )
    return to_json(value)


def level_number(snapshot: ApprovalSnapshot) -> int:
    """Return the level that a press is meant for: the one reached last, 0 before the first."""
    return snapshot.levels[-1].number if snapshot.levels else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Click:
    """One press on a card. Strings are empty where Slack sent nothing.

    A press inside a custom step has no `trigger_id` and no `response_url` but an
    `interactivity_pointer`; one on the App Home has neither channel nor message. One in a message
    that only this person sees has no `message_ts`: nothing can be done there but by `response_url`.
    """

    request_id: str
    content_revision: int
    level: int
    card_version: int
    reason_required: bool
    currency: str
    subject: str
    reply_level: int = 0
    reply_revision: int = 0
    action_id: ActionId
    person: str
    channel: str
    message_ts: str
    thread_ts: str
    action_ts: str
    response_url: str
    trigger_id: str
    interactivity_pointer: str

    @property
    def verdict(self) -> Verdict:
        """What the button stands for: Approve or Reject, and nothing else, stands for a verdict."""
        return _VERDICTS[self.action_id]


def parse_click(body: Mapping[str, object]) -> Click:
    """Read a `block_actions` payload of one of a card's buttons.

    A button of another request than those on the pressed message is none that we have put there.

    Raises:
        UnreadablePayloadError: it is not one, or a part that matters is missing or not ours.

    """
    action = pressed(body)
    action_id = word(action, "action_id")
    if action_id not in _BUTTONS:
        raise UnreadablePayloadError("action_id")
    action_ts = word(action, "action_ts")
    if not action_ts:
        raise UnreadablePayloadError("action_ts")
    value = from_json(word(action, "value"), ButtonValue, "value")
    if not _has_button_for(body, value.request_id):
        raise UnreadablePayloadError("value.request_id")
    message_ts = word(body, "container", "message_ts") or word(body, "message", "ts")
    if is_private(body):  # Slack edits such a message by its response URL, and by nothing else
        message_ts = ""
    thread_ts = word(body, "container", "thread_ts") or word(body, "message", "thread_ts")
    return Click(
        request_id=value.request_id,
        content_revision=value.content_revision,
        level=value.level,
        card_version=value.card_version,
        reason_required=value.reason_required,
        currency=value.currency,
        subject=value.subject,
        reply_level=value.reply_level,
        reply_revision=value.reply_revision,
        action_id=ActionId(action_id),
        person=clicker(body),
        channel=word(body, "channel", "id") or word(body, "container", "channel_id"),
        message_ts=message_ts,
        # A message that has replies names its own thread, but does not stand in it.
        thread_ts=thread_ts if thread_ts != message_ts else "",
        action_ts=action_ts,
        response_url=word(body, "response_url"),
        trigger_id=word(body, "trigger_id"),
        interactivity_pointer=word(body, "interactivity", "interactivity_pointer"),
    )


def _has_button_for(body: Mapping[str, object], request_id: str) -> bool:
    """Say whether the pressed message or home has a button of this request, as far as Slack tells."""
    blocks = (*tables(body, "message", "blocks"), *tables(body, "view", "blocks"))
    shown = {
        found
        for block in blocks
        for button in (*tables(block, "elements"), table(block, "accessory"))
        if (found := _request_of(word(button, "value")))
    }
    return not shown or request_id in shown


def _request_of(value: str) -> str:
    try:
        return from_json(value, ButtonValue, "value").request_id
    except UnreadablePayloadError:
        return ""


def is_private(body: Mapping[str, object]) -> bool:
    """Say whether it was pressed in a message that only this person sees, and nobody repairs."""
    return table(body, "container").get("is_ephemeral") is True


def pressed(body: Mapping[str, object]) -> Mapping[str, object]:
    """Return the one pressed element of a `block_actions` payload, or an empty mapping."""
    actions = body.get("actions")
    return table(actions[0]) if isinstance(actions, list) and len(actions) == 1 else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class ClickContext:
    """What a modal keeps of the press that opened it.

    `content_revision` and `level` are those that the person has read last: on the card, then in
    the modal. `card_version` is that of the pressed copy and reveals one that is not current.
    `currency` is the policy's: an amendment's amount is read in it. `reply_level` and
    `reply_revision` stay those of the pressed copy, whatever the person reads afterwards.
    """

    request_id: str
    content_revision: int
    level: int
    card_version: int
    currency: str
    subject: str
    reply_level: int = 0
    reply_revision: int = 0
    channel: str
    message_ts: str
    thread_ts: str
    response_url: str


def pressed_copy(place: Click | ClickContext, person: str) -> CardCopy:
    """Return the copy that `person` has pressed at `place`: what is to be shown there.

    The id of a conversation with one person begins with D; nothing else does.
    """
    return CardCopy(
        channel=place.channel,
        key="",
        person=person if place.channel.startswith("D") else "",
        level=place.reply_level,
        revision=place.reply_revision,
        ts=place.message_ts,
    )


def context_of(click: Click) -> ClickContext:
    """Return what a modal keeps of `click`."""
    return ClickContext(
        **{field.name: getattr(click, field.name) for field in fields(ClickContext)}
    )


def with_snapshot(context: ClickContext, snapshot: ApprovalSnapshot, t: Translator) -> ClickContext:
    """Return the context of somebody who has `face` before them: what they do is about that."""
    return replace(
        context,
        content_revision=snapshot.content_revision,
        level=level_number(snapshot),
        subject=subject(snapshot.content, _SUBJECT, t),
    )


def metadata(context: ClickContext) -> str:
    """Return the context as JSON; the first thing to go, if it is too long, is the response URL."""
    written = to_json(context)
    if len(written) <= PRIVATE_METADATA:
        return written
    return to_json(replace(context, response_url=""))
