"""What the employee is told at the end of an HR request, and the admins where one is stuck."""

from views import hr_card
from views.blocks import Block, Message, actions, context, plain, said
from views.content import subject_mrkdwn
from views.explanations import problem_words
from views.hr_copy import copy_button
from views.ids import BlockId
from views.notices import card_link
from views.outcome import who
from views.text import in_line, text
from workflows.rules.approvals.request import Status
from workflows.rules.hr.request import content_from_request
from workflows.rules.hr.snapshot import HrSnapshot, HrStep, Provisioning

_REASON = 1000
_ID = 80


def outcome(snapshot: HrSnapshot, link: str = "") -> Message:
    """Tell the employee how it ended, with what was done or why not, and the card.

    It goes to the employee alone, so nothing is kept back.
    """
    locale = snapshot.language
    sentence = _sentence(snapshot)
    way = card_link(link, locale)
    words = text("tell.link", locale, sentence=sentence, link=way) if way else sentence
    lines = [
        words,
        *(line for step in snapshot.steps for line in _done_lines(step, snapshot, locale)),
    ]
    blocks = [said(BlockId.NOTICE, "\n".join(lines), locale)]
    reason = snapshot.approval.closing_reason.strip() if snapshot.approval else ""
    if reason:
        quote = text("outcome.reason", locale, reason=reason)
        blocks.append(context(f"{BlockId.NOTICE}-why", plain(quote, _REASON, locale)))
    card = hr_card.build(snapshot).without_buttons()
    return Message(text=sentence, blocks=[*blocks, *card.blocks, *_again(snapshot)])


def _again(snapshot: HrSnapshot) -> list[Block]:
    """Return the way to a copy of what was turned down, or could not be carried out."""
    request_id = snapshot.request.request_id
    came_to_nothing = (
        snapshot.status is Status.REJECTED or snapshot.provisioning is Provisioning.FAILED
    )
    if not came_to_nothing or len(request_id) > _ID:  # a number that long was never ours
        return []
    return [actions(BlockId.ACTIONS, copy_button(request_id, snapshot.language))]


def attention(snapshot: HrSnapshot, link: str = "") -> Message:
    """Tell the admins that something cannot be undone without help. Names nothing private."""
    locale, stuck = snapshot.language, snapshot.stuck
    sentence = text(
        "tell.hr_attention",
        locale,
        request_id=in_line(snapshot.request.request_id, 80, locale),
        requester=who(snapshot.requester, locale),
        step=text(f"hr.step.{stuck.step}", locale) if stuck else "",
        why=problem_words(stuck.problem, locale) if stuck else "",
    )
    way = card_link(link, locale)
    words = text("tell.link", locale, sentence=sentence, link=way) if way else sentence
    return Message(text=sentence, blocks=[said(BlockId.ATTENTION, words, locale)])


def _sentence(snapshot: HrSnapshot) -> str:
    locale, approval = snapshot.language, snapshot.approval
    if snapshot.provisioning in (Provisioning.DONE, Provisioning.FAILED):
        how = snapshot.provisioning.value
    else:
        how = snapshot.status.value if approval else "lost"
    return text(
        f"notice.outcome.hr.{how}",
        locale,
        subject=subject_mrkdwn(content_from_request(snapshot.request), locale),
        who=who(approval.closed_by if approval else None, locale),
        why=problem_words(snapshot.failure, locale) if snapshot.failure else "",
    )


def _done_lines(step: HrStep, snapshot: HrSnapshot, locale: str) -> list[str]:
    """Return what a step is known by; nothing of one that was undone."""
    if snapshot.provisioning is not Provisioning.DONE or not step.reference:
        return []
    known = text(f"hr.told.{step.name}", locale, reference=in_line(step.reference, 80, locale))
    left = [
        text("hr.told.days_left", locale, days=one.days, year=str(one.year)) for one in step.left
    ]
    return [known, *left]
