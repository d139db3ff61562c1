"""The approval card that approvers read and decide on."""

from views.approvers import approvers_text
from views.blocks import (
    HEADER,
    Block,
    Limits,
    Message,
    actions,
    button,
    confirm,
    fields,
    fit_card,
    fit_modal,
    header,
    note,
)
from views.card_click import button_value
from views.changes import are_shortened, change_blocks, change_request_blocks, comment_blocks
from views.content import (
    amount_text,
    content_blocks,
    headline,
    is_shortened,
    subject,
    subject_mrkdwn,
)
from views.explanations import rule_text
from views.footer import footer
from views.ids import ActionId, BlockId
from views.levels import is_decidable, level_blocks, state_name
from views.outcome import outcome_blocks, short_outcome
from views.people import actor_text, change_requester
from views.translator import Translator
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.notice import MAX_MENTIONS
from workflows.rules.shared.ids import parent_id


def build(snapshot: ApprovalSnapshot, t: Translator) -> Message:
    """Return the card, in at most the size that Slack accepts: long texts are shortened and marked.

    It has buttons while the request is open; Approve and Reject only while someone may decide.
    """
    return Message(
        text=summary(snapshot, t),
        blocks=fit_card(lambda limits: _blocks(snapshot, limits, t), snapshot.card_version),
    )


def details(snapshot: ApprovalSnapshot, t: Translator) -> list[Block]:
    """Return the card for a modal: without buttons, and with more of the long texts."""
    return fit_modal(lambda limits: [*_body(snapshot, limits, t), footer_block(snapshot, t)])


def _blocks(snapshot: ApprovalSnapshot, limits: Limits, t: Translator) -> list[Block]:
    buttons = (
        [action_row(snapshot, BlockId.ACTIONS, t)] if snapshot.is_open else details_row(snapshot, t)
    )
    return [*_body(snapshot, limits, t), *buttons, footer_block(snapshot, t)]


def _body(snapshot: ApprovalSnapshot, limits: Limits, t: Translator) -> list[Block]:
    return [
        header(BlockId.HEADER, header_text(snapshot, t), t),
        summary_fields(snapshot, t),
        *private_block(snapshot, t),
        *change_blocks(snapshot, limits, t),
        *content_blocks(snapshot.content, limits, t),
        *shortened_blocks(
            snapshot, limits, t, open_key="shortened.open", closed_key="shortened.closed"
        ),
        *level_blocks(snapshot, limits, t),
        *change_request_blocks(snapshot, limits, t),
        *outcome_blocks(snapshot, limits, t),
        *comment_blocks(snapshot, limits, t),
    ]


def header_text(snapshot: ApprovalSnapshot, t: Translator) -> str:
    """Return the text of the header; if the subject is hidden, the kind of request only."""
    if snapshot.hidden:
        return t.clip_plain(" ".join(snapshot.title.split()), HEADER)
    return headline(snapshot.title, snapshot.content, t)


def private_block(snapshot: ApprovalSnapshot, t: Translator) -> list[Block]:
    """Return a note that the request has private content, and who can read it where."""
    if not snapshot.hidden:
        return []
    text = t("private.open" if snapshot.is_open else "private.closed")
    return [note(BlockId.PRIVATE, text, t)]


def shortened_blocks(
    snapshot: ApprovalSnapshot, limits: Limits, t: Translator, *, open_key: str, closed_key: str
) -> list[Block]:
    """Return a note on how to read the whole request, if these limits shorten it.

    No one should approve a request without reading it.
    """
    if not (is_shortened(snapshot.content, limits, t) or are_shortened(snapshot, limits, t)):
        return []
    return [note(BlockId.SHORTENED, t(open_key if snapshot.is_open else closed_key), t)]


def footer_block(snapshot: ApprovalSnapshot, t: Translator) -> Block:
    """Return the footer, which names the request by one number, also if its approval is a child."""
    text = t(
        "approval.foot" if snapshot.content_revision == 1 else "approval.foot.amended",
        request_id=t.inline(parent_id(snapshot.request_id), 80),
        when=t.date(snapshot.submitted_at),
        version=snapshot.content_revision,
    )
    return footer(snapshot.request_id, text, t)


def summary_fields(snapshot: ApprovalSnapshot, t: Translator) -> Block:
    """Return status, amount, requester and rule; the rule is left out if it is private, as it bounds the amount."""
    pairs = [("state", t(f"approval.{state_name(snapshot)}"))]
    if snapshot.content.amount is not None:
        pairs.append(("amount", t.inline(t.money(snapshot.content.amount), 60)))
    pairs.append(("requester", actor_text(snapshot.requester, t)))
    if not snapshot.hidden:
        pairs.append(("rule", rule_text(snapshot.rule, t)))
    labelled = [(t(f"approval.field.{name}"), value) for name, value in pairs]
    return fields(BlockId.SUMMARY, labelled, t)


def action_row(snapshot: ApprovalSnapshot, block_id: str, t: Translator) -> Block:
    """Return a row of at most three buttons: Approve and Reject while someone may decide, and More…."""
    more = button(ActionId.MORE, t("button.more"), button_value(snapshot, t))
    return actions(block_id, *verdict_buttons(snapshot, t), more)


def verdict_buttons(
    snapshot: ApprovalSnapshot, t: Translator, *, reply_level: int = 0
) -> list[Block]:
    """Return Approve and Reject for the open level; nothing while no one may decide.

    `reply_level` is the level of the thread reply that carries them, as in `card_click.ButtonValue`.
    """
    level = snapshot.open_level
    if level is None or not is_decidable(snapshot):
        return []
    approve_reason, reject_reason = level.approve_reason_required, level.reject_reason_required
    approve = button(
        ActionId.APPROVE,
        t("button.approve.why" if approve_reason else "button.approve"),
        button_value(snapshot, t, reason_required=approve_reason, reply_level=reply_level),
        style="primary",
        confirm=None if approve_reason else _confirm(snapshot, t),
    )
    reject = button(
        ActionId.REJECT,
        t("button.reject"),
        button_value(snapshot, t, reason_required=reject_reason, reply_level=reply_level),
        style="danger",
    )
    return [approve, reject]


def details_button(snapshot: ApprovalSnapshot, t: Translator, *, reply_level: int = 0) -> Block:
    """Return *View details*, which shows the whole request to those who may read it."""
    value = button_value(snapshot, t, reply_level=reply_level)
    return button(ActionId.DETAILS, t("button.details"), value)


def details_row(snapshot: ApprovalSnapshot, t: Translator) -> list[Block]:
    """Return a row with *View details* if the card hides private content."""
    return [actions(BlockId.ACTIONS, details_button(snapshot, t))] if snapshot.hidden else []


def _confirm(snapshot: ApprovalSnapshot, t: Translator) -> Block:
    text = t(
        "confirm.approve.text",
        subject=subject(snapshot.content, 120, t),
        amount=amount_text(snapshot.content.amount, t),
    )
    title, confirm_label = t("confirm.approve.title"), t("button.approve")
    return confirm(title, text, confirm_label, t)


def summary(snapshot: ApprovalSnapshot, t: Translator) -> str:
    """Return the request in one sentence, for notifications."""
    if snapshot.hidden:
        return _public_summary(snapshot, t)
    data = {
        "title": t.inline(snapshot.title, 80),
        "subject": subject_mrkdwn(snapshot.content, t),
        "amount": amount_text(snapshot.content.amount, t),
        "requester": actor_text(snapshot.requester, t),
    }
    if not snapshot.is_open:
        return t("approval.text.closed", outcome=short_outcome(snapshot, t), **data)
    if snapshot.status is Status.CHANGES_REQUESTED:
        return t("approval.text.changes", who=change_requester(snapshot, t), **data)
    rule = rule_text(snapshot.rule, t)
    return t("approval.text.pending", asked=undecided_text(snapshot, t), rule=rule, **data)


def _public_summary(snapshot: ApprovalSnapshot, t: Translator) -> str:
    if not snapshot.is_open:
        state = t("sentence", words=short_outcome(snapshot, t))
    elif snapshot.status is Status.CHANGES_REQUESTED:
        state = t("private.text.changes", who=change_requester(snapshot, t))
    else:
        state = undecided_text(snapshot, t)
    title, requester = t.inline(snapshot.title, 80), actor_text(snapshot.requester, t)
    return t("private.text", title=title, requester=requester, state=state)


def undecided_text(snapshot: ApprovalSnapshot, t: Translator) -> str:
    """Return the sentence that names those who may decide now and have not."""
    level = snapshot.open_level
    if level is None or not is_decidable(snapshot):
        return t("approval.text.blocked")
    return t("approval.text.asked", people=approvers_text(snapshot, level, MAX_MENTIONS, t))
