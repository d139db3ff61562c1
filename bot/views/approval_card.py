"""The approval card: what approvers read, and what they press."""

from bot.views.asked import people_of, waiting
from bot.views.blocks import (
    HEADER,
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
    roomy,
)
from bot.views.card_click import ButtonValue, Click, button_value, parse_click
from bot.views.changes import are_shortened, change_blocks, change_request_blocks, comment_blocks
from bot.views.content import (
    amount_words,
    content_blocks,
    headline,
    is_shortened,
    subject,
    subject_mrkdwn,
)
from bot.views.foot import foot
from bot.views.ids import ActionId, BlockId
from bot.views.levels import is_blocked, is_decidable, level_blocks
from bot.views.outcome import outcome_blocks, short_outcome, who
from bot.views.text import clip_plain, date, in_line, person, text
from bot.views.why import rule_words
from workflows.rules.face import ApprovalFace
from workflows.rules.notice import MENTIONED
from workflows.rules.request import Status

__all__ = ["ButtonValue", "Click", "build", "details", "parse_click", "summary"]


def build(face: ApprovalFace) -> Message:
    """Return the card. Buttons stand on it while it is open; two of them only while one may decide.

    Any face yields a message within Slack's limits: long texts are shortened, and say so.
    """
    return Message(
        text=summary(face),
        blocks=fitted(lambda room: _blocks(face, room), face.card_version),
    )


def details(face: ApprovalFace) -> list[Block]:
    """Return the same for a modal: nothing to press, and far more room."""
    return roomy(lambda room: [*_body(face, room), foot_of(face)])


def _blocks(face: ApprovalFace, room: Room) -> list[Block]:
    buttons = [deciding_row(face, BlockId.ACTIONS)] if face.is_open else reading_row(face)
    return [*_body(face, room), *buttons, foot_of(face)]


def _body(face: ApprovalFace, room: Room) -> list[Block]:
    locale = face.language
    return [
        header(BlockId.HEADER, headline_of(face), locale),
        summary_fields(face),
        *private_block(face),
        *change_blocks(face, room),
        *content_blocks(face.content, room, locale),
        *_shortened_block(face, room),
        *level_blocks(face, room),
        *change_request_blocks(face, room),
        *outcome_blocks(face, room),
        *comment_blocks(face, room),
    ]


def headline_of(face: ApprovalFace) -> str:
    """Return what stands in the header; where the subject is hidden, the kind alone."""
    if face.hidden:
        return clip_plain(" ".join(face.title.split()), HEADER, face.language)
    return headline(face.title, face.content, face.language)


def private_block(face: ApprovalFace) -> list[Block]:
    """Say that there is more than everybody may read, and who reads it where."""
    if not face.hidden:
        return []
    locale = face.language
    words = text("private.open" if face.is_open else "private.closed", locale)
    return [context(BlockId.PRIVATE, mrkdwn(words, 300, locale))]


def _shortened_block(face: ApprovalFace, room: Room) -> list[Block]:
    """Say where the whole of what is asked stands: nobody is to approve what they could not read."""
    locale = face.language
    if not (is_shortened(face.content, room, locale) or are_shortened(face, room)):
        return []
    words = text("shortened.open" if face.is_open else "shortened.closed", locale)
    return [context(BlockId.SHORTENED, mrkdwn(words, 300, locale))]


def foot_of(face: ApprovalFace) -> Block:
    """Return the line in small print that names the request."""
    locale = face.language
    words = text(
        "approval.foot" if face.content_revision == 1 else "approval.foot.amended",
        locale,
        request_id=in_line(face.request_id, 80, locale),
        when=date(face.submitted_at, locale),
        version=face.content_revision,
    )
    return foot(face.request_id, words, locale)


def summary_fields(face: ApprovalFace) -> Block:
    """Return state, amount, requester and rule; hidden is what tells the amount."""
    locale = face.language
    state = "blocked" if is_blocked(face) else face.status
    pairs = [("state", text(f"approval.{state}", locale))]
    if face.content.amount is not None:
        pairs.append(("amount", in_line(str(face.content.amount), 60, locale)))
    pairs.append(("requester", who(face.requester, locale)))
    if not face.hidden:
        pairs.append(("rule", rule_words(face.rule, locale)))
    labelled = [(text(f"approval.field.{name}", locale), value) for name, value in pairs]
    return fields(BlockId.SUMMARY, labelled, locale)


def deciding_row(face: ApprovalFace, block_id: str) -> Block:
    """Return the row of buttons: what decides only while somebody may, and More…, three at most."""
    more = button(ActionId.MORE, text("button.more", face.language), button_value(face))
    return actions(block_id, *verdict_buttons(face), more)


def verdict_buttons(face: ApprovalFace, *, reply_level: int = 0) -> list[Block]:
    """Return Approve and Reject for the open level, nothing while nobody may decide.

    `reply_level` is that of the reply which carries them, as in `card_click.ButtonValue`.
    """
    locale, level = face.language, face.open_level
    if level is None or not is_decidable(face):
        return []
    asks, refuses = level.approve_reason_required, level.reject_reason_required
    approve = button(
        ActionId.APPROVE,
        text("button.approve.why" if asks else "button.approve", locale),
        button_value(face, reason_required=asks, reply_level=reply_level),
        style="primary",
        confirm=None if asks else _confirm(face),
    )
    reject = button(
        ActionId.REJECT,
        text("button.reject", locale),
        button_value(face, reason_required=refuses, reply_level=reply_level),
        style="danger",
    )
    return [approve, reject]


def details_button(face: ApprovalFace, *, reply_level: int = 0) -> Block:
    """Return *View details*: the whole request, for those who may read it."""
    value = button_value(face, reply_level=reply_level)
    return button(ActionId.DETAILS, text("button.details", face.language), value)


def reading_row(face: ApprovalFace) -> list[Block]:
    """Return *View details* as a row of its own, where a card hides what it is about."""
    return [actions(BlockId.ACTIONS, details_button(face))] if face.hidden else []


def _confirm(face: ApprovalFace) -> Block:
    locale = face.language
    words = text(
        "confirm.approve.text",
        locale,
        subject=subject(face.content, 120, locale),
        amount=amount_words(face.content.amount, locale),
    )
    title, agree = text("confirm.approve.title", locale), text("button.approve", locale)
    return confirm(title, words, agree, locale)


def summary(face: ApprovalFace) -> str:
    """Return everything in one sentence: what a notification shows."""
    if face.hidden:
        return _public_summary(face)
    locale = face.language
    data = {
        "title": in_line(face.title, 80, locale),
        "subject": subject_mrkdwn(face.content, locale),
        "amount": amount_words(face.content.amount, locale),
        "requester": who(face.requester, locale),
    }
    if not face.is_open:
        return text("approval.text.closed", locale, outcome=short_outcome(face), **data)
    if face.status is Status.CHANGES_REQUESTED:
        wanted = face.change_request.person if face.change_request else ""
        return text("approval.text.changes", locale, who=person(wanted, locale), **data)
    rule = rule_words(face.rule, locale)
    return text("approval.text.pending", locale, asked=asked_words(face), rule=rule, **data)


def _public_summary(face: ApprovalFace) -> str:
    locale = face.language
    if not face.is_open:
        state = text("sentence", locale, words=short_outcome(face))
    elif face.status is Status.CHANGES_REQUESTED:
        wanted = face.change_request.person if face.change_request else ""
        state = text("private.text.changes", locale, who=person(wanted, locale))
    else:
        state = asked_words(face)
    title, requester = in_line(face.title, 80, locale), who(face.requester, locale)
    return text("private.text", locale, title=title, requester=requester, state=state)


def asked_words(face: ApprovalFace) -> str:
    """Return who may decide now and has not, in one sentence."""
    level = face.open_level
    if level is None or not is_decidable(face):
        return text("approval.text.blocked", face.language)
    people = people_of(face, waiting(level), MENTIONED)
    return text("approval.text.asked", face.language, people=people)
