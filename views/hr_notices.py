"""Notices about an HR request after its approval: its outcome, and calls for help."""

from views import hr_card
from views.blocks import Block, Message, actions, plain_note, text_block
from views.content import amount_note, subject_mrkdwn
from views.explanations import problem_text
from views.hr_copy import copy_button, is_copyable
from views.ids import BlockId
from views.notices import with_card_link
from views.people import actor_text
from views.translator import Translator
from workflows.rules.ended_outside import ENDED_OUTSIDE, is_ended_outside
from workflows.rules.hr.request import content_from_request
from workflows.rules.hr.snapshot import HrSnapshot, HrStep, Provisioning
from workflows.rules.notice import Notice, NoticeKind

_REASON = 1000
_ID = 80


def build(notice: Notice, snapshot: HrSnapshot, link: str, t: Translator) -> Message:
    """Return the message of a notice about an HR request; `link` leads to the card."""
    if notice.kind is NoticeKind.ATTENTION:
        return _attention(snapshot, link if notice.channel else "", t)
    return outcome(snapshot, link, t)


def outcome(snapshot: HrSnapshot, link: str, t: Translator) -> Message:
    """Return the outcome for the employee: what was done or why not, and the card.

    Only the employee receives it, so it may contain private content.
    """
    text = _outcome_text(snapshot, t)
    lines = [
        with_card_link(text, link, t),
        *(line for step in snapshot.steps for line in _result_lines(step, snapshot, t)),
    ]
    blocks = [text_block(BlockId.NOTICE, "\n".join(lines), t)]
    reason = snapshot.approval.closing_reason.strip() if snapshot.approval else ""
    if reason:
        quote = t("outcome.reason", reason=reason)
        blocks.append(plain_note(f"{BlockId.NOTICE}-why", quote, _REASON, t))
    card = hr_card.build(snapshot, t).without_buttons()
    return Message(text=text, blocks=[*blocks, *card.blocks, *_copy_row(snapshot, t)])


def _copy_row(snapshot: HrSnapshot, t: Translator) -> list[Block]:
    """Return *Start an amended copy* if the request was rejected or could not be carried out."""
    request_id = snapshot.request.request_id
    if not is_copyable(snapshot) or len(request_id) > _ID:  # we never generate an id that long
        return []
    return [actions(BlockId.ACTIONS, copy_button(request_id, t))]


def _attention(snapshot: HrSnapshot, link: str, t: Translator) -> Message:
    """Return the message to the admins that a step could not be undone; nothing in it is private."""
    stuck = snapshot.stuck
    text = t(
        "tell.hr_attention",
        request_id=t.inline(snapshot.request.request_id, 80),
        requester=actor_text(snapshot.requester, t),
        step=t(f"hr.step.{stuck.step}") if stuck else "",
        why=problem_text(stuck.problem, t) if stuck else "",
    )
    linked = with_card_link(text, link, t)
    return Message(text=text, blocks=[text_block(BlockId.ATTENTION, linked, t)])


def _outcome_text(snapshot: HrSnapshot, t: Translator) -> str:
    approval = snapshot.approval
    if snapshot.provisioning is Provisioning.FAILED and is_ended_outside(snapshot):
        how = ENDED_OUTSIDE
    elif snapshot.provisioning in (Provisioning.DONE, Provisioning.FAILED):
        how = snapshot.provisioning.value
    else:
        how = snapshot.status.value if approval else "lost"
    return t(
        f"notice.outcome.hr.{how}",
        subject=subject_mrkdwn(content_from_request(snapshot.request), t),
        amount=amount_note(snapshot.request.amount, t),
        who=actor_text(approval.closed_by if approval else None, t),
        why=problem_text(snapshot.failure, t) if snapshot.failure else "",
    )


def _result_lines(step: HrStep, snapshot: HrSnapshot, t: Translator) -> list[str]:
    """Return the reference of a step and the days left; nothing if the steps were undone."""
    if snapshot.provisioning is not Provisioning.DONE or not step.reference:
        return []
    reference = t(f"hr.told.{step.name}", reference=t.inline(step.reference, 80))
    return [
        reference,
        *(t("hr.told.days_left", days=left.days, year=str(left.year)) for left in step.left),
    ]
