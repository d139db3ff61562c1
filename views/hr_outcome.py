"""What the employee is told at the end of an HR request, and the admins where one is stuck."""

from views import hr_card
from views.blocks import Block, Message, actions, context, mrkdwn_section, plain
from views.content import subject_mrkdwn
from views.explanations import problem_text
from views.hr_copy import copy_button
from views.ids import BlockId
from views.notices import card_link
from views.outcome import actor_text
from views.translator import Translator
from workflows.rules.approvals.request import Status
from workflows.rules.hr.request import content_of
from workflows.rules.hr.snapshot import HrSnapshot, HrStep, Provisioning

_REASON = 1000
_ID = 80


def outcome(snapshot: HrSnapshot, t: Translator, link: str = "") -> Message:
    """Tell the employee how it ended, with what was done or why not, and the card.

    It goes to the employee alone, so nothing is kept back.
    """
    sentence = _sentence(snapshot, t)
    way = card_link(link, t)
    text = t("tell.link", sentence=sentence, link=way) if way else sentence
    lines = [
        text,
        *(line for step in snapshot.steps for line in _done_lines(step, snapshot, t)),
    ]
    blocks = [mrkdwn_section(BlockId.NOTICE, "\n".join(lines), t)]
    reason = snapshot.approval.closing_reason.strip() if snapshot.approval else ""
    if reason:
        quote = t("outcome.reason", reason=reason)
        blocks.append(context(f"{BlockId.NOTICE}-why", plain(quote, _REASON, t)))
    card = hr_card.build(snapshot, t).without_buttons()
    return Message(text=sentence, blocks=[*blocks, *card.blocks, *_again(snapshot, t)])


def _again(snapshot: HrSnapshot, t: Translator) -> list[Block]:
    """Return the way to a copy of what was turned down, or could not be carried out."""
    request_id = snapshot.request.request_id
    came_to_nothing = (
        snapshot.status is Status.REJECTED or snapshot.provisioning is Provisioning.FAILED
    )
    if not came_to_nothing or len(request_id) > _ID:  # a number that long was never ours
        return []
    return [actions(BlockId.ACTIONS, copy_button(request_id, t))]


def attention(snapshot: HrSnapshot, t: Translator, link: str = "") -> Message:
    """Tell the admins that something cannot be undone without help. Names nothing private."""
    stuck = snapshot.stuck
    sentence = t(
        "tell.hr_attention",
        request_id=t.inline(snapshot.request.request_id, 80),
        requester=actor_text(snapshot.requester, t),
        step=t(f"hr.step.{stuck.step}") if stuck else "",
        why=problem_text(stuck.problem, t) if stuck else "",
    )
    way = card_link(link, t)
    text = t("tell.link", sentence=sentence, link=way) if way else sentence
    return Message(text=sentence, blocks=[mrkdwn_section(BlockId.ATTENTION, text, t)])


def _sentence(snapshot: HrSnapshot, t: Translator) -> str:
    approval = snapshot.approval
    if snapshot.provisioning in (Provisioning.DONE, Provisioning.FAILED):
        how = snapshot.provisioning.value
    else:
        how = snapshot.status.value if approval else "lost"
    return t(
        f"notice.outcome.hr.{how}",
        subject=subject_mrkdwn(content_of(snapshot.request), t),
        who=actor_text(approval.closed_by if approval else None, t),
        why=problem_text(snapshot.failure, t) if snapshot.failure else "",
    )


def _done_lines(step: HrStep, snapshot: HrSnapshot, t: Translator) -> list[str]:
    """Return what a step is known by; nothing of one that was undone."""
    if snapshot.provisioning is not Provisioning.DONE or not step.reference:
        return []
    known = t(f"hr.told.{step.name}", reference=t.inline(step.reference, 80))
    left = [t("hr.told.days_left", days=days.days, year=str(days.year)) for days in step.left]
    return [known, *left]
