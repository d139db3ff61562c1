"""The approval card: what approvers read, and what they press."""

from views.approvers import people_of
from views.blocks import (
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
from views.card_click import ButtonValue, Click, button_value, parse_click
from views.changes import are_shortened, change_blocks, change_request_blocks, comment_blocks
from views.content import (
    amount_words,
    content_blocks,
    headline,
    is_shortened,
    subject,
    subject_mrkdwn,
)
from views.explanations import rule_words
from views.footer import footer
from views.ids import ActionId, BlockId
from views.levels import is_blocked, is_decidable, level_blocks
from views.outcome import outcome_blocks, short_outcome, who
from views.text import clip_plain, date, in_line, person, text
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.notice import MAX_MENTIONS

__all__ = ["ButtonValue", "Click", "build", "details", "parse_click", "summary"]


def build(snapshot: ApprovalSnapshot) -> Message:
    """Return the card. Buttons stand on it while it is open; two of them only while one may decide.

    Any face yields a message within Slack's limits: long texts are shortened, and say so.
    """
    return Message(
        text=summary(snapshot),
        blocks=fitted(lambda room: _blocks(snapshot, room), snapshot.card_version),
    )


def details(snapshot: ApprovalSnapshot) -> list[Block]:
    """Return the same for a modal: nothing to press, and far more room."""
    return roomy(lambda room: [*_body(snapshot, room), footer_of(snapshot)])


def _blocks(snapshot: ApprovalSnapshot, room: Room) -> list[Block]:
    buttons = (
        [deciding_row(snapshot, BlockId.ACTIONS)] if snapshot.is_open else reading_row(snapshot)
    )
    return [*_body(snapshot, room), *buttons, footer_of(snapshot)]


def _body(snapshot: ApprovalSnapshot, room: Room) -> list[Block]:
    locale = snapshot.language
    return [
        header(BlockId.HEADER, headline_of(snapshot), locale),
        summary_fields(snapshot),
        *private_block(snapshot),
        *change_blocks(snapshot, room),
        *content_blocks(snapshot.content, room, locale),
        *_shortened_block(snapshot, room),
        *level_blocks(snapshot, room),
        *change_request_blocks(snapshot, room),
        *outcome_blocks(snapshot, room),
        *comment_blocks(snapshot, room),
    ]


def headline_of(snapshot: ApprovalSnapshot) -> str:
    """Return what stands in the header; where the subject is hidden, the kind alone."""
    if snapshot.hidden:
        return clip_plain(" ".join(snapshot.title.split()), HEADER, snapshot.language)
    return headline(snapshot.title, snapshot.content, snapshot.language)


def private_block(snapshot: ApprovalSnapshot) -> list[Block]:
    """Say that there is more than everybody may read, and who reads it where."""
    if not snapshot.hidden:
        return []
    locale = snapshot.language
    words = text("private.open" if snapshot.is_open else "private.closed", locale)
    return [context(BlockId.PRIVATE, mrkdwn(words, 300, locale))]


def _shortened_block(snapshot: ApprovalSnapshot, room: Room) -> list[Block]:
    """Say where the whole of what is asked stands: nobody is to approve what they could not read."""
    locale = snapshot.language
    if not (is_shortened(snapshot.content, room, locale) or are_shortened(snapshot, room)):
        return []
    words = text("shortened.open" if snapshot.is_open else "shortened.closed", locale)
    return [context(BlockId.SHORTENED, mrkdwn(words, 300, locale))]


def footer_of(snapshot: ApprovalSnapshot) -> Block:
    """Return the line in small print that names the request."""
    locale = snapshot.language
    words = text(
        "approval.foot" if snapshot.content_revision == 1 else "approval.foot.amended",
        locale,
        request_id=in_line(snapshot.request_id, 80, locale),
        when=date(snapshot.submitted_at, locale),
        version=snapshot.content_revision,
    )
    return footer(snapshot.request_id, words, locale)


def summary_fields(snapshot: ApprovalSnapshot) -> Block:
    """Return state, amount, requester and rule; hidden is what tells the amount."""
    locale = snapshot.language
    state = "blocked" if is_blocked(snapshot) else snapshot.status
    pairs = [("state", text(f"approval.{state}", locale))]
    if snapshot.content.amount is not None:
        pairs.append(("amount", in_line(str(snapshot.content.amount), 60, locale)))
    pairs.append(("requester", who(snapshot.requester, locale)))
    if not snapshot.hidden:
        pairs.append(("rule", rule_words(snapshot.rule, locale)))
    labelled = [(text(f"approval.field.{name}", locale), value) for name, value in pairs]
    return fields(BlockId.SUMMARY, labelled, locale)


def deciding_row(snapshot: ApprovalSnapshot, block_id: str) -> Block:
    """Return the row of buttons: what decides only while somebody may, and More…, three at most."""
    more = button(ActionId.MORE, text("button.more", snapshot.language), button_value(snapshot))
    return actions(block_id, *verdict_buttons(snapshot), more)


def verdict_buttons(snapshot: ApprovalSnapshot, *, reply_level: int = 0) -> list[Block]:
    """Return Approve and Reject for the open level, nothing while nobody may decide.

    `reply_level` is that of the reply which carries them, as in `card_click.ButtonValue`.
    """
    locale, level = snapshot.language, snapshot.open_level
    if level is None or not is_decidable(snapshot):
        return []
    asks, refuses = level.approve_reason_required, level.reject_reason_required
    approve = button(
        ActionId.APPROVE,
        text("button.approve.why" if asks else "button.approve", locale),
        button_value(snapshot, reason_required=asks, reply_level=reply_level),
        style="primary",
        confirm=None if asks else _confirm(snapshot),
    )
    reject = button(
        ActionId.REJECT,
        text("button.reject", locale),
        button_value(snapshot, reason_required=refuses, reply_level=reply_level),
        style="danger",
    )
    return [approve, reject]


def details_button(snapshot: ApprovalSnapshot, *, reply_level: int = 0) -> Block:
    """Return *View details*: the whole request, for those who may read it."""
    value = button_value(snapshot, reply_level=reply_level)
    return button(ActionId.DETAILS, text("button.details", snapshot.language), value)


def reading_row(snapshot: ApprovalSnapshot) -> list[Block]:
    """Return *View details* as a row of its own, where a card hides what it is about."""
    return [actions(BlockId.ACTIONS, details_button(snapshot))] if snapshot.hidden else []


def _confirm(snapshot: ApprovalSnapshot) -> Block:
    locale = snapshot.language
    words = text(
        "confirm.approve.text",
        locale,
        subject=subject(snapshot.content, 120, locale),
        amount=amount_words(snapshot.content.amount, locale),
    )
    title, agree = text("confirm.approve.title", locale), text("button.approve", locale)
    return confirm(title, words, agree, locale)


def summary(snapshot: ApprovalSnapshot) -> str:
    """Return everything in one sentence: what a notification shows."""
    if snapshot.hidden:
        return _public_summary(snapshot)
    locale = snapshot.language
    data = {
        "title": in_line(snapshot.title, 80, locale),
        "subject": subject_mrkdwn(snapshot.content, locale),
        "amount": amount_words(snapshot.content.amount, locale),
        "requester": who(snapshot.requester, locale),
    }
    if not snapshot.is_open:
        return text("approval.text.closed", locale, outcome=short_outcome(snapshot), **data)
    if snapshot.status is Status.CHANGES_REQUESTED:
        wanted = snapshot.change_request.person if snapshot.change_request else ""
        return text("approval.text.changes", locale, who=person(wanted, locale), **data)
    rule = rule_words(snapshot.rule, locale)
    return text("approval.text.pending", locale, asked=asked_words(snapshot), rule=rule, **data)


def _public_summary(snapshot: ApprovalSnapshot) -> str:
    locale = snapshot.language
    if not snapshot.is_open:
        state = text("sentence", locale, words=short_outcome(snapshot))
    elif snapshot.status is Status.CHANGES_REQUESTED:
        wanted = snapshot.change_request.person if snapshot.change_request else ""
        state = text("private.text.changes", locale, who=person(wanted, locale))
    else:
        state = asked_words(snapshot)
    title, requester = in_line(snapshot.title, 80, locale), who(snapshot.requester, locale)
    return text("private.text", locale, title=title, requester=requester, state=state)


def asked_words(snapshot: ApprovalSnapshot) -> str:
    """Return who may decide now and has not, in one sentence."""
    level = snapshot.open_level
    if level is None or not is_decidable(snapshot):
        return text("approval.text.blocked", snapshot.language)
    filled = {one for said in level.decisions for one in (said.seat, said.person)}
    left = tuple(one for one in level.eligible if one not in filled)
    return text(
        "approval.text.asked", snapshot.language, people=people_of(snapshot, left, MAX_MENTIONS)
    )
