"""The approval card: what approvers read, what they press, and what a press says."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.views.blocks import (
    CONFIRM_TEXT,
    Block,
    Message,
    Room,
    actions,
    button,
    context,
    fields,
    fitted,
    header,
    mrkdwn,
    plain,
)
from bot.views.content import content_blocks, headline, subject, subject_mrkdwn
from bot.views.ids import ActionId, BlockId
from bot.views.levels import (
    is_decidable,
    level_blocks,
    outcome_blocks,
    people_of,
    short_outcome,
    who,
)
from bot.views.payload import UnreadablePayloadError, clicker, from_json, table, team, to_json, word
from bot.views.text import date, in_line, text
from workflows.rules.face import ApprovalFace, LevelFace
from workflows.rules.request import Status, Verdict

_VERDICTS = {ActionId.APPROVE: Verdict.APPROVE, ActionId.REJECT: Verdict.REJECT}


@dataclass(frozen=True, kw_only=True, slots=True)
class ButtonValue:
    """What a button carries, so that a press can be judged and the reject modal opens at once."""

    request_id: str
    content_revision: int
    level: int
    card_version: int
    reason_required: bool
    subject: str


def build(face: ApprovalFace) -> Message:
    """Return the card. Buttons stand on it only while somebody may decide.

    Any face yields a message within Slack's limits: long texts are shortened, and say so.
    """
    return Message(
        text=summary(face),
        blocks=fitted(lambda room: _blocks(face, room), face.card_version),
    )


def _blocks(face: ApprovalFace, room: Room) -> list[Block]:
    locale = face.language
    foot = text(
        "approval.foot",
        locale,
        request_id=in_line(face.request_id, 80, locale),
        when=date(face.submitted_at),
    )
    blocks = [
        header(BlockId.HEADER, headline(face.title, face.content, locale), locale),
        _summary_fields(face),
        *content_blocks(face.content, room, locale),
        *level_blocks(face, room),
        *outcome_blocks(face, room),
    ]
    if level := face.open_level if is_decidable(face) else None:
        blocks.append(_buttons(face, level))
    blocks.append(context(BlockId.FOOT, mrkdwn(foot, 300, locale)))
    return blocks


def _summary_fields(face: ApprovalFace) -> Block:
    locale = face.language
    pairs = [("state", text(f"approval.{face.status}", locale))]
    if face.content.amount is not None:
        pairs.append(("amount", in_line(str(face.content.amount), 60, locale)))
    pairs.append(("requester", who(face.requester, locale)))
    pairs.append(("rule", in_line(face.rule, 200, locale)))
    labelled = [(text(f"approval.field.{name}", locale), value) for name, value in pairs]
    return fields(BlockId.SUMMARY, labelled, locale)


def _buttons(face: ApprovalFace, level: LevelFace) -> Block:
    locale = face.language
    value = _value(face, level)
    return actions(
        BlockId.ACTIONS,
        button(
            ActionId.APPROVE,
            text("button.approve", locale),
            value,
            style="primary",
            confirm=_confirm(face),
        ),
        button(ActionId.REJECT, text("button.reject", locale), value, style="danger"),
    )


def _value(face: ApprovalFace, level: LevelFace) -> str:
    value = ButtonValue(
        request_id=face.request_id,
        content_revision=face.content_revision,
        level=level.number,
        card_version=face.card_version,
        reason_required=level.reject_reason_required,
        subject=subject(face.content, 120, face.language),
    )
    return to_json(value)


def _confirm(face: ApprovalFace) -> Block:
    locale = face.language
    amount = face.content.amount
    words = text(
        "confirm.approve.text",
        locale,
        subject=subject(face.content, 120, locale),
        amount=text("approval.text.amount", locale, amount=amount) if amount else "",
    )
    return {
        "title": plain(text("confirm.approve.title", locale), 100, locale),
        "text": plain(words, CONFIRM_TEXT, locale),
        "confirm": plain(text("button.approve", locale), 30, locale),
        "deny": plain(text("button.not_now", locale), 30, locale),
    }


def summary(face: ApprovalFace) -> str:
    """Return everything in one sentence: what a notification shows."""
    locale = face.language
    amount = face.content.amount
    data = {
        "title": in_line(face.title, 80, locale),
        "subject": subject_mrkdwn(face.content, locale),
        "amount": text("approval.text.amount", locale, amount=amount) if amount else "",
        "requester": who(face.requester, locale),
    }
    if face.status is not Status.PENDING:
        return text("approval.text.closed", locale, outcome=short_outcome(face), **data)
    asked = text("approval.text.blocked", locale)
    if level := face.open_level if is_decidable(face) else None:
        decided = {said.person for said in level.decisions}
        left = tuple(one for one in level.eligible if one not in decided)
        asked = text("approval.text.asked", locale, people=people_of(face, left, 8))
    rule = in_line(face.rule, 200, locale)
    return text("approval.text.pending", locale, asked=asked, rule=rule, **data)


@dataclass(frozen=True, kw_only=True, slots=True)
class Click:
    """One press on a card. Strings are empty where Slack sent nothing.

    A press inside a custom step has no `trigger_id` and no `response_url` but an
    `interactivity_pointer`; one on the App Home has neither channel nor message.
    """

    request_id: str
    content_revision: int
    level: int
    card_version: int
    reason_required: bool
    subject: str
    action_id: ActionId
    person: str
    team: str
    channel: str
    message_ts: str
    thread_ts: str
    action_ts: str
    response_url: str
    trigger_id: str
    interactivity_pointer: str

    @property
    def verdict(self) -> Verdict:
        """What the button stands for."""
        return _VERDICTS[self.action_id]


def parse_click(body: Mapping[str, object]) -> Click:
    """Read a `block_actions` payload of one of this card's buttons.

    Raises:
        UnreadablePayloadError: it is not one, or a part that matters is missing or not ours.

    """
    pressed = body.get("actions")
    action = table(pressed[0]) if isinstance(pressed, list) and len(pressed) == 1 else {}
    action_id = word(action, "action_id")
    if action_id not in _VERDICTS:
        raise UnreadablePayloadError("action_id")
    action_ts = word(action, "action_ts")
    if not action_ts:
        raise UnreadablePayloadError("action_ts")
    value = from_json(word(action, "value"), ButtonValue, "value")
    return Click(
        request_id=value.request_id,
        content_revision=value.content_revision,
        level=value.level,
        card_version=value.card_version,
        reason_required=value.reason_required,
        subject=value.subject,
        action_id=ActionId(action_id),
        person=clicker(body),
        team=team(body),
        channel=word(body, "channel", "id") or word(body, "container", "channel_id"),
        message_ts=word(body, "container", "message_ts") or word(body, "message", "ts"),
        thread_ts=word(body, "container", "thread_ts") or word(body, "message", "thread_ts"),
        action_ts=action_ts,
        response_url=word(body, "response_url"),
        trigger_id=word(body, "trigger_id"),
        interactivity_pointer=word(body, "interactivity", "interactivity_pointer"),
    )
