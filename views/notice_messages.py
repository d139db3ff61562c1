"""What a workflow tells people by itself, as messages: to one person, into a thread, to the admins."""

from collections.abc import Sequence

from views import approval_card, hr_outcome, order_card, order_replies
from views.approvers import blocked_lines, source_text
from views.blocks import Block, Message, context, mrkdwn_section, plain
from views.content import amount_text, subject_mrkdwn
from views.explanations import failure_mrkdwn, failure_words, rule_text
from views.ids import BlockId
from views.notices import card_link, channel
from views.outcome import actor_text
from views.translator import Translator, translator
from workflows.rules.approvals.privacy import public
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.notice import Notice, NoticeKind
from workflows.rules.orders.order import OrderSnapshot, OrderStatus
from workflows.rules.orders.order import content as order_content
from workflows.rules.shared.content import Content
from workflows.rules.snapshots import Snapshot

NAMED = 20
"""People named in the sentence that a notification shows; the message mentions all of them."""
_IN_A_BLOCK = 150
"""Mentions in one section: 3,000 characters hold them, however long the ids."""
_MENTIONED = 600
"""Mentions in one message: its blocks hold them."""
_QUOTE = 1000
_SHORT_REASON = 150
"""What the sentence above a card repeats of the reason; the card carries more of it."""
_OF_THE_WHOLE = (NoticeKind.OUTCOME, NoticeKind.ATTENTION)


def message(notice: Notice, link: str = "", language: str = "") -> Message:  # noqa: PLR0911 - one line for each kind
    """Return the message of a notice; `link` leads to the card, where that is known.

    `language` is the reader's, where it is told to one person; else the policy's language counts.
    What goes to more than one person holds nothing that is private.
    """
    snapshot = notice.face
    t = translator(language or notice.face.language)
    if not notice.person:
        snapshot = public(snapshot)
    if notice.kind is NoticeKind.CARD_NOT_POSTED:
        stands = notice.card is not None and bool(notice.card.ts)
        return card_not_posted(snapshot, notice.problem, t, stands=stands)
    if isinstance(snapshot, HrSnapshot):
        return _of_hr(notice, snapshot, link, t)
    if notice.kind is NoticeKind.ATTENTION and isinstance(snapshot, OrderSnapshot):
        return _attention(snapshot, link if notice.channel else "", t)
    if notice.kind in order_replies.KINDS and isinstance(snapshot, OrderSnapshot):
        return order_replies.build(notice.kind, snapshot, t)
    if notice.kind in _OF_THE_WHOLE or isinstance(snapshot, OrderSnapshot):
        return outcome(snapshot, t, link)
    match notice.kind:
        case NoticeKind.ASKED | NoticeKind.REMINDED:
            return _asked(notice, snapshot, link, t)
        case NoticeKind.CHANGES_WANTED:
            return _changes_wanted(snapshot, link, t)
        case NoticeKind.DELEGATE_REFUSED:
            return _plainly(_sentence("delegate_refused", snapshot, link, t), t)
        case _:
            return _blocked(snapshot, link, t)


def _of_hr(notice: Notice, snapshot: HrSnapshot, link: str, t: Translator) -> Message:
    """Return what is told about an HR request once its approval has ended."""
    if notice.kind is NoticeKind.ATTENTION:
        return hr_outcome.attention(snapshot, t, link if notice.channel else "")
    return outcome(snapshot, t, link)


def _attention(snapshot: OrderSnapshot, link: str, t: Translator) -> Message:
    """Tell the admins that an order cannot be undone without somebody's help, and why."""
    stuck = snapshot.stuck
    sentence = t(
        "tell.attention",
        order_id=t.inline(snapshot.order.order_id, 80),
        customer=t.inline(snapshot.order.customer, 160),
        requester=actor_text(snapshot.requester, t),
        step=t(f"order.step.{stuck.step}") if stuck else "",
    )
    way = card_link(link, t)
    text = t("tell.link", sentence=sentence, link=way) if way else sentence
    message = _plainly(text, t)
    if stuck is None or not stuck.error.strip():
        return message
    why = t("order.failure.why", failure=failure_words(stuck.error, t))
    cause = context(BlockId.ATTENTION, plain(why, _QUOTE, t))
    return Message(text=message.text, blocks=[*message.blocks, cause])


def _asked(notice: Notice, snapshot: ApprovalSnapshot, link: str, t: Translator) -> Message:
    """Tell people that they are asked, or still asked: by mention in a thread, else directly."""
    level = snapshot.levels[-1] if snapshot.levels else None
    lines = [_sentence(notice.kind.value, snapshot, link, t)]
    sources = (
        [member.source for member in level.asked if member.person == notice.person] if level else []
    )
    if sources and sources[0]:
        text = source_text(sources[0], t)
        rule = rule_text(snapshot.rule, t)
        lines.append(t("tell.asked.source", source=text, rule=rule))
    seats = _seats_of(notice, snapshot, t)
    if seats:
        lines.append(t("tell.asked.stand_in", people=t.list(seats)))
    if level and level.expires_at:
        lines.append(t("level.deadline", when=t.date(level.expires_at)))
    text = "\n".join(lines)
    if notice.person or not notice.people:
        return _plainly(text, t)
    named = [t.mention(person) for person in notice.people[:NAMED]]
    if more := len(notice.people) - len(named):
        short = t("level.more_people", people=", ".join(named), count=more)
    else:
        short = t.list(named)
    return Message(
        text=t("tell.to", people=short, sentence=lines[0]),
        blocks=[*_mention_blocks(notice.people, t), mrkdwn_section(BlockId.NOTICE, text, t)],
    )


def _seats_of(notice: Notice, snapshot: ApprovalSnapshot, t: Translator) -> list[str]:
    """Return for whom the person stands in at the level that waits, when they are told."""
    now = notice.intended_at
    delegates = snapshot.levels[-1].delegates if snapshot.levels else ()
    seats = dict.fromkeys(
        delegate.seat
        for delegate in delegates
        if delegate.person == notice.person and (now is None or delegate.stands(now))
    )
    return [t.mention(seat) for seat in list(seats)[:NAMED]]


def _mention_blocks(people: Sequence[str], t: Translator) -> list[Block]:
    """Mention everybody: only a mention notifies."""
    shown = people[:_MENTIONED]
    blocks = [
        mrkdwn_section(
            f"{BlockId.MENTIONS}-{start}",
            ", ".join(t.mention(person) for person in shown[start : start + _IN_A_BLOCK]),
            t,
        )
        for start in range(0, len(shown), _IN_A_BLOCK)
    ]
    if more := len(people) - len(shown):
        text = t("tell.more_people", count=more)
        blocks.append(mrkdwn_section(f"{BlockId.MENTIONS}-more", text, t))
    return blocks


def _changes_wanted(snapshot: ApprovalSnapshot, link: str, t: Translator) -> Message:
    wanted = snapshot.change_request
    name = t.mention(wanted.person if wanted else "")
    lines = [_sentence("changes_wanted", snapshot, link, t, who=name), *_expiry_lines(snapshot, t)]
    message = _plainly("\n".join(lines), t)
    if wanted is None or not wanted.reason.strip():
        return message
    quote = plain(t("quote", reason=wanted.reason.strip()), _QUOTE, t)
    why = context(BlockId.CHANGE_REQUEST, quote)
    return Message(text=message.text, blocks=[*message.blocks, why])


def _expiry_lines(snapshot: ApprovalSnapshot, t: Translator) -> list[str]:
    """Return when the request expires, where it does."""
    ends = snapshot.levels[-1].expires_at if snapshot.levels else None
    return [t("level.clock_runs", when=t.date(ends))] if ends else []


def _blocked(snapshot: ApprovalSnapshot, link: str, t: Translator) -> Message:
    level = snapshot.levels[-1] if snapshot.levels else None
    lines = [_sentence("blocked", snapshot, link, t)]
    if level:
        lines += blocked_lines(level, t)
    lines += [t("tell.blocked.help"), *_expiry_lines(snapshot, t)]
    return _plainly("\n".join(lines), t)


def _sentence(
    kind: str, snapshot: ApprovalSnapshot, link: str, t: Translator, **blanks: str
) -> str:
    """Return the first sentence of a notice, and the way to the card."""
    level = snapshot.levels[-1] if snapshot.levels else None
    sentence = t(
        f"tell.{kind}",
        subject=subject_mrkdwn(snapshot.content, t),
        amount=amount_text(snapshot.content.amount, t),
        requester=actor_text(snapshot.requester, t),
        level=t.inline(level.name, 80) if level else "",
        channel=channel(snapshot.channel, t),
        **blanks,
    )
    way = card_link(link, t)
    if not way:
        return sentence
    return t("tell.link", sentence=sentence, link=way)


def _plainly(text: str, t: Translator) -> Message:
    first = text.partition("\n")[0]
    return Message(text=first, blocks=[mrkdwn_section(BlockId.NOTICE, text, t)])


def outcome(snapshot: Snapshot, t: Translator, link: str = "") -> Message:
    """Tell the requester how it ended: one sentence, and the card as it stands, with no buttons."""
    if isinstance(snapshot, HrSnapshot):
        return hr_outcome.outcome(snapshot, t, link)
    if isinstance(snapshot, OrderSnapshot):
        sentence, card = _order_outcome(snapshot, t), order_card.build(snapshot, t)
    else:
        sentence, card = _approval_outcome(snapshot, t), approval_card.build(snapshot, t)
    way = card_link(link, t)
    text = t("tell.link", sentence=sentence, link=way) if way else sentence
    first = mrkdwn_section(BlockId.NOTICE, text, t)
    return Message(text=sentence, blocks=[first, *card.without_buttons().blocks])


def _approval_outcome(snapshot: ApprovalSnapshot, t: Translator) -> str:
    key = f"notice.outcome.approval.{snapshot.status}"
    if snapshot.status is Status.APPROVED and (
        snapshot.closed_by is None or not snapshot.closed_by.person
    ):
        key = f"{key}.clock"
    sentence = t(
        key, subject=subject_mrkdwn(snapshot.content, t), who=actor_text(snapshot.closed_by, t)
    )
    return _with_reason(sentence, snapshot.closing_reason, t)


def _order_outcome(snapshot: OrderSnapshot, t: Translator) -> str:
    approval = snapshot.approval
    failure = failure_mrkdwn(snapshot.failure, 300, t)
    unpaid = snapshot.status is OrderStatus.EXPIRED and snapshot.payment_due is not None
    key = (
        "notice.outcome.order.expired.unpaid"
        if unpaid
        else f"notice.outcome.order.{snapshot.status}"
    )
    sentence = t(
        key,
        order_id=t.inline(snapshot.order.order_id, 80),
        customer=t.inline(snapshot.order.customer, 160),
        who=actor_text(approval.closed_by if approval else None, t),
        failure=failure if failure.endswith((".", "!", "?")) else f"{failure}.",
    )
    return _with_reason(sentence, approval.closing_reason if approval else "", t)


def _with_reason(sentence: str, reason: str, t: Translator) -> str:
    """Add who gave which reason; the card below carries it whole."""
    if not reason.strip():
        return sentence
    short = t.inline(reason, _SHORT_REASON)
    return t("notice.outcome.reason", sentence=sentence, reason=short)


def card_not_posted(
    snapshot: Snapshot, problem: str, t: Translator, *, stands: bool = False
) -> Message:
    """Tell requester and admins that the card could not be posted, and what helps.

    `problem` ends in Slack's error name, such as `slack.not_in_channel`. A card that `stands` was
    posted once, and what it shows is out of date.
    """
    waits = isinstance(snapshot, ApprovalSnapshot) and snapshot.is_open
    what = "out_of_date" if stands else "not_posted" if waits else "not_shown"
    name = problem.rpartition(".")[2]
    key = f"notice.card_not_posted.{name}"
    sentence = t(
        f"notice.card_{what}",
        subject=subject_mrkdwn(_content(snapshot), t),
        channel=channel(snapshot.channel, t),
        fix=t(key if t.has(key) else "notice.card_not_posted.other", problem=t.inline(name, 80)),
    )
    return Message(text=sentence, blocks=[mrkdwn_section(BlockId.NOTICE, sentence, t)])


def _content(snapshot: Snapshot) -> Content:
    """Return what a request may be called by in the admins' channel: of HR only its policy."""
    if isinstance(snapshot, HrSnapshot):
        return Content(title=snapshot.title)
    return (
        order_content(snapshot.order) if isinstance(snapshot, OrderSnapshot) else snapshot.content
    )
