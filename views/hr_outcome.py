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
from workflows.rules.hr.request import content_of
from workflows.rules.hr.snapshot import HrFace, HrStep, Provisioning

_REASON = 1000
_ID = 80


def outcome(face: HrFace, link: str = "") -> Message:
    """Tell the employee how it ended, with what was done or why not, and the card.

    It goes to the employee alone, so nothing is kept back.
    """
    locale = face.language
    sentence = _sentence(face)
    way = card_link(link, locale)
    words = text("tell.link", locale, sentence=sentence, link=way) if way else sentence
    lines = [words, *(line for step in face.steps for line in _done_lines(step, face, locale))]
    blocks = [said(BlockId.NOTICE, "\n".join(lines), locale)]
    reason = face.approval.closing_reason.strip() if face.approval else ""
    if reason:
        quote = text("outcome.reason", locale, reason=reason)
        blocks.append(context(f"{BlockId.NOTICE}-why", plain(quote, _REASON, locale)))
    card = hr_card.build(face).without_buttons()
    return Message(text=sentence, blocks=[*blocks, *card.blocks, *_again(face)])


def _again(face: HrFace) -> list[Block]:
    """Return the way to a copy of what was turned down, or could not be carried out."""
    request_id = face.request.request_id
    came_to_nothing = face.status is Status.REJECTED or face.provisioning is Provisioning.FAILED
    if not came_to_nothing or len(request_id) > _ID:  # a number that long was never ours
        return []
    return [actions(BlockId.ACTIONS, copy_button(request_id, face.language))]


def attention(face: HrFace, link: str = "") -> Message:
    """Tell the admins that something cannot be undone without help. Names nothing private."""
    locale, stuck = face.language, face.stuck
    sentence = text(
        "tell.hr_attention",
        locale,
        request_id=in_line(face.request.request_id, 80, locale),
        requester=who(face.requester, locale),
        step=text(f"hr.step.{stuck.step}", locale) if stuck else "",
        why=problem_words(stuck.problem, locale) if stuck else "",
    )
    way = card_link(link, locale)
    words = text("tell.link", locale, sentence=sentence, link=way) if way else sentence
    return Message(text=sentence, blocks=[said(BlockId.ATTENTION, words, locale)])


def _sentence(face: HrFace) -> str:
    locale, approval = face.language, face.approval
    if face.provisioning in (Provisioning.DONE, Provisioning.FAILED):
        how = face.provisioning.value
    else:
        how = face.status.value if approval else "lost"
    return text(
        f"notice.outcome.hr.{how}",
        locale,
        subject=subject_mrkdwn(content_of(face.request), locale),
        who=who(approval.closed_by if approval else None, locale),
        why=problem_words(face.failure, locale) if face.failure else "",
    )


def _done_lines(step: HrStep, face: HrFace, locale: str) -> list[str]:
    """Return what a step is known by; nothing of one that was undone."""
    if face.provisioning is not Provisioning.DONE or not step.reference:
        return []
    known = text(f"hr.told.{step.name}", locale, reference=in_line(step.reference, 80, locale))
    left = [
        text("hr.told.days_left", locale, days=one.days, year=str(one.year)) for one in step.left
    ]
    return [known, *left]
