"""A click on a card, and the context that a modal keeps of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from views.blocks import PRIVATE_METADATA
from views.content import subject
from views.ids import ActionId
from views.payload import (
    UnreadablePayloadError,
    actor_id,
    from_json,
    mapping_at,
    mappings_at,
    text_at,
    to_json,
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
    """The value of a button: enough to judge the click and to open a modal without a lookup.

    `level` is 0 before the first level. `reason_required` is for this button's own verdict.
    `reply_level` and `reply_revision` name the thread reply that carries the button, as in
    `rules.shared.card.CardCopy`; on every other copy both are 0.

    Cards of every release stay in Slack: a new field needs a default, and a changed meaning a new
    `version`. With the defaults, a click is about no content, so the rules refuse it.
    """

    request_id: str
    content_revision: int = 0
    level: int = 0
    card_version: int = 0
    reason_required: bool = False
    currency: str = ""
    subject: str = ""
    reply_level: int = 0
    reply_revision: int = 0
    version: int = 1


def button_value(
    snapshot: ApprovalSnapshot,
    t: Translator,
    *,
    reason_required: bool = False,
    reply_level: int = 0,
) -> str:
    """Return the value of a button on the approval's card, or on the thread reply of one of its levels."""
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
    """Return the value of a button on an order's card; an order has one revision and no levels."""
    value = ButtonValue(
        request_id=snapshot.order.order_id,
        content_revision=1,
        level=0,
        card_version=snapshot.card_version,
        reason_required=False,
        currency=snapshot.order.total.currency,
        subject=subject(content(snapshot.order), _SUBJECT, t),
    )
    return to_json(value)


def level_number(snapshot: ApprovalSnapshot) -> int:
    """Return the level that a click is meant for: the last one reached, or 0 before the first."""
    return snapshot.levels[-1].number if snapshot.levels else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Click(ButtonValue):
    """A click on a card. Strings are empty if Slack did not send them.

    A click in a custom step has no `trigger_id` and no `response_url`, but an
    `interactivity_pointer`. A click on the App Home has no channel and no message. A click in an
    ephemeral message has no `message_ts`, since only the `response_url` can update that message.
    """

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
        """The verdict of the button; only Approve and Reject have one."""
        return _VERDICTS[self.action_id]


def parse_click(body: Mapping[str, object]) -> Click:
    """Read the `block_actions` payload of a button on a card.

    The message or the App Home must show the button's request.

    Raises:
        UnreadablePayloadError: the payload is not one, or a required part is missing or not ours.

    """
    action = pressed(body)
    action_id = text_at(action, "action_id")
    if action_id not in _BUTTONS:
        raise UnreadablePayloadError("action_id")
    action_ts = text_at(action, "action_ts")
    if not action_ts:
        raise UnreadablePayloadError("action_ts")
    value = from_json(text_at(action, "value"), ButtonValue, "value")
    if not _has_button_for(body, value.request_id):
        raise UnreadablePayloadError("value.request_id")
    message_ts = text_at(body, "container", "message_ts") or text_at(body, "message", "ts")
    if is_private(body):  # Slack updates an ephemeral message by its response URL only
        message_ts = ""
    thread_ts = text_at(body, "container", "thread_ts") or text_at(body, "message", "thread_ts")
    return Click(
        **asdict(value),
        action_id=ActionId(action_id),
        person=actor_id(body),
        channel=text_at(body, "channel", "id") or text_at(body, "container", "channel_id"),
        message_ts=message_ts,
        # A message with replies has its own ts as thread_ts, but is not a reply.
        thread_ts=thread_ts if thread_ts != message_ts else "",
        action_ts=action_ts,
        response_url=text_at(body, "response_url"),
        trigger_id=text_at(body, "trigger_id"),
        interactivity_pointer=text_at(body, "interactivity", "interactivity_pointer"),
    )


def _has_button_for(body: Mapping[str, object], request_id: str) -> bool:
    """Return whether the message or App Home has a button of this request, or Slack sent no buttons."""
    blocks = (*mappings_at(body, "message", "blocks"), *mappings_at(body, "view", "blocks"))
    request_ids = {
        value.request_id
        for block in blocks
        for button in (*mappings_at(block, "elements"), mapping_at(block, "accessory"))
        if (value := value_of(button)) is not None and value.request_id
    }
    return not request_ids or request_id in request_ids


def value_of(button: Mapping[str, object]) -> ButtonValue | None:
    """Return the value of a button on a card, or None for any other button."""
    try:
        return from_json(text_at(button, "value"), ButtonValue, "value")
    except UnreadablePayloadError:
        return None


def is_private(body: Mapping[str, object]) -> bool:
    """Return whether the click was in an ephemeral message, which is never repaired."""
    return mapping_at(body, "container").get("is_ephemeral") is True


def pressed(body: Mapping[str, object]) -> Mapping[str, object]:
    """Return the one clicked element of a `block_actions` payload, or an empty mapping."""
    actions = body.get("actions")
    return mapping_at(actions[0]) if isinstance(actions, list) and len(actions) == 1 else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class ClickContext:
    """The part of a click that its modal keeps.

    `content_revision` and `level` are the last that the person has read, on the card or in the
    modal. `card_version` is that of the clicked copy, which shows whether the copy is outdated.
    `currency` is the policy's, for the amount of an amendment. `reply_level` and `reply_revision`
    stay those of the clicked copy, whatever the person reads later.
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
    """Return the copy of the card that `person` clicked.

    Only the id of a direct message begins with D.
    """
    return CardCopy(
        channel=place.channel,
        key="",
        person=person if place.channel.startswith("D") else "",
        level=place.reply_level,
        revision=place.reply_revision,
        ts=place.message_ts,
    )


def context_fields(source: Click | ClickContext) -> dict[str, Any]:
    """Return the fields of a `ClickContext` by name."""
    return {field.name: getattr(source, field.name) for field in fields(ClickContext)}


def context_of(source: Click | ClickContext) -> ClickContext:
    """Return the part of a click that its modal keeps."""
    return ClickContext(**context_fields(source))


def with_snapshot(context: ClickContext, snapshot: ApprovalSnapshot, t: Translator) -> ClickContext:
    """Return the context of a person who has read this snapshot: their action is about that revision."""
    return replace(
        context,
        content_revision=snapshot.content_revision,
        level=level_number(snapshot),
        subject=subject(snapshot.content, _SUBJECT, t),
    )


def metadata(context: ClickContext) -> str:
    """Return the context as JSON; if it is too long, without the response URL."""
    text = to_json(context)
    if len(text) <= PRIVATE_METADATA:
        return text
    return to_json(replace(context, response_url=""))
