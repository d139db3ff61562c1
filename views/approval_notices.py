"""Notices about an approval: to its approvers, its requester and the admins."""

from collections.abc import Sequence

from views import approval_card
from views.approvers import blocked_lines, excluded_lines, source_text
from views.blocks import Block, Message, plain_note, text_block, text_message
from views.content import amount_note, amount_text, subject_mrkdwn
from views.explanations import rule_text
from views.ids import BlockId
from views.notices import channel, outcome_message, with_card_link, with_reason
from views.outcome import is_automatic
from views.people import actor_text, change_requester, people_text
from views.translator import Translator
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.notice import Notice, NoticeKind

NAMED = 20
"""People named in the text of a notification; the message itself mentions all of them."""
_MENTIONS_PER_BLOCK = 150
"""Fits in the 3,000 characters of a section, however long the ids."""
_MENTIONS_PER_MESSAGE = 600
"""Fits in the blocks of one message."""
_QUOTE = 1000


def build(notice: Notice, snapshot: ApprovalSnapshot, link: str, t: Translator) -> Message:
    """Return the message of a notice about an approval; `link` leads to the card."""
    match notice.kind:
        case NoticeKind.OUTCOME | NoticeKind.ATTENTION:
            return outcome(snapshot, link, t)
        case NoticeKind.ASKED | NoticeKind.REMINDED:
            return _approval_requested(notice, snapshot, link, t)
        case NoticeKind.CHANGES_WANTED:
            return _changes_requested(snapshot, link, t)
        case NoticeKind.COMMENTED:
            return _commented(notice, snapshot, link, t)
        case NoticeKind.DELEGATE_REFUSED | NoticeKind.EXCLUDED:
            lead = _lead(notice.kind.value, snapshot, link, t)
            excluded = excluded_lines(snapshot, t) if notice.kind is NoticeKind.EXCLUDED else []
            return text_message("\n".join([lead, *excluded]), t)
        case _:
            return _blocked(snapshot, link, t)


def outcome(snapshot: ApprovalSnapshot, link: str, t: Translator) -> Message:
    """Return the outcome for the requester, with the card as it is but without buttons."""
    key = f"notice.outcome.approval.{snapshot.status}"
    if is_automatic(snapshot) and t.has(f"{key}.clock"):
        key = f"{key}.clock"
    closed_by = actor_text(snapshot.closed_by, t)
    text = t(
        key,
        subject=subject_mrkdwn(snapshot.content, t),
        amount=amount_note(snapshot.content.amount, t),
        who=closed_by,
    )
    text = with_reason(text, snapshot.closing_reason, t)
    return outcome_message(text, link, approval_card.build(snapshot, t), t)


def _approval_requested(
    notice: Notice, snapshot: ApprovalSnapshot, link: str, t: Translator
) -> Message:
    """Return a first request or a reminder: to one person, or with mentions in a thread."""
    level = snapshot.levels[-1] if snapshot.levels else None
    lines = [_lead(notice.kind.value, snapshot, link, t)]
    sources = (
        [member.source for member in level.asked if member.person == notice.person] if level else []
    )
    if sources and sources[0]:
        source, rule = source_text(sources[0], t), rule_text(snapshot.rule, t)
        lines.append(t("tell.asked.source", source=source, rule=rule))
    if seats := _seats_of(notice, snapshot, t):
        lines.append(t("tell.asked.stand_in", people=t.list(seats)))
    if level and level.expires_at:
        lines.append(t("level.deadline", when=t.date(level.expires_at)))
    return _addressed(notice, text_message("\n".join(lines), t), lines[0], t)


def _addressed(notice: Notice, message: Message, sentence: str, t: Translator) -> Message:
    """Return the message, in a thread with mentions; `sentence` is its notification's text there."""
    if notice.person or not notice.people:
        return message
    people = people_text(notice.people, NAMED, t)
    return Message(
        text=t("tell.to", people=people, sentence=sentence),
        blocks=[*_mention_blocks(notice.people, t), *message.blocks],
    )


def _seats_of(notice: Notice, snapshot: ApprovalSnapshot, t: Translator) -> list[str]:
    """Return the approvers whose delegate the person is at the time of the notice."""
    now = notice.intended_at
    delegates = snapshot.levels[-1].delegates if snapshot.levels else ()
    seats = dict.fromkeys(
        delegate.seat
        for delegate in delegates
        if delegate.person == notice.person and (now is None or delegate.is_active(now))
    )
    return [t.mention(seat) for seat in list(seats)[:NAMED]]


def _mention_blocks(people: Sequence[str], t: Translator) -> list[Block]:
    """Mention everyone: in a thread only a mention sends a notification."""
    mentioned = people[:_MENTIONS_PER_MESSAGE]
    blocks = [
        text_block(
            f"{BlockId.MENTIONS}-{start}",
            ", ".join(
                t.mention(person) for person in mentioned[start : start + _MENTIONS_PER_BLOCK]
            ),
            t,
        )
        for start in range(0, len(mentioned), _MENTIONS_PER_BLOCK)
    ]
    if more := len(people) - len(mentioned):
        text = t("tell.more_people", count=more)
        blocks.append(text_block(f"{BlockId.MENTIONS}-more", text, t))
    return blocks


def _changes_requested(snapshot: ApprovalSnapshot, link: str, t: Translator) -> Message:
    lead = _lead("changes_wanted", snapshot, link, t, who=change_requester(snapshot, t))
    message = text_message("\n".join([lead, *_expiry_lines(snapshot, t)]), t)
    reason = snapshot.change_request.reason.strip() if snapshot.change_request else ""
    if not reason:
        return message
    quote = plain_note(BlockId.CHANGE_REQUEST, t("quote", reason=reason), _QUOTE, t)
    return Message(text=message.text, blocks=[*message.blocks, quote])


def _commented(notice: Notice, snapshot: ApprovalSnapshot, link: str, t: Translator) -> Message:
    """Return the latest comment, unless it is private: to the requester, or to the approvers."""
    requester = snapshot.requester.person
    for_requester = notice.person == requester
    comments = [c for c in snapshot.remarks if (c.person != requester) == for_requester]
    if not comments:
        lead = _lead("commented.private", snapshot, link, t)
        return _addressed(notice, text_message(lead, t), lead, t)
    lead = _lead("commented", snapshot, link, t, who=t.mention(comments[-1].person))
    message = text_message(lead, t)
    words = t("quote", reason=comments[-1].text.strip())
    quote = plain_note(BlockId.COMMENTS, words, _QUOTE, t)
    quoted = Message(text=message.text, blocks=[*message.blocks, quote])
    return _addressed(notice, quoted, lead, t)


def _blocked(snapshot: ApprovalSnapshot, link: str, t: Translator) -> Message:
    lines = [_lead("blocked", snapshot, link, t)]
    if snapshot.levels:
        lines += blocked_lines(snapshot.levels[-1], t)
    lines += [t("tell.blocked.help"), *_expiry_lines(snapshot, t)]
    return text_message("\n".join(lines), t)


def _expiry_lines(snapshot: ApprovalSnapshot, t: Translator) -> list[str]:
    expires_at = snapshot.levels[-1].expires_at if snapshot.levels else None
    return [t("level.clock_runs", when=t.date(expires_at))] if expires_at else []


def _lead(kind: str, snapshot: ApprovalSnapshot, link: str, t: Translator, **blanks: str) -> str:
    """Return the first line of a notice, with the link to the card."""
    text = t(
        f"tell.{kind}",
        subject=subject_mrkdwn(snapshot.content, t),
        amount=amount_text(snapshot.content.amount, t),
        requester=actor_text(snapshot.requester, t),
        level=t.inline(snapshot.levels[-1].name, 80) if snapshot.levels else "",
        channel=channel(snapshot.channel, t),
        **blanks,
    )
    return with_card_link(text, link, t)
