"""What a workflow tells people by itself, as messages: to one person, into a thread, to the admins."""

from collections.abc import Sequence

from views import approval_card, hr_outcome, order_card, order_replies
from views.approvers import blocked_words, source_words
from views.blocks import Block, Message, context, plain, said
from views.content import amount_words, subject_mrkdwn
from views.explanations import failure_mrkdwn, failure_words, rule_words
from views.ids import BlockId
from views.languages import in_language
from views.notices import card_link, channel
from views.outcome import who
from views.text import date, has_text, in_line, listed, person, text
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.journeys import public
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


def message(notice: Notice, link: str = "", locale: str = "") -> Message:  # noqa: PLR0911 - one line for each kind
    """Return the message of a notice; `link` leads to the card, where that is known.

    `locale` is the reader's, where it is told to one person; else the policy's language counts.
    What goes to more than one person holds nothing that is private.
    """
    snapshot = in_language(notice.face, locale)
    if not notice.person:
        snapshot = public(snapshot)
    if notice.kind is NoticeKind.CARD_NOT_POSTED:
        is_posted = notice.card is not None and bool(notice.card.ts)
        return card_not_posted(snapshot, notice.problem, is_posted=is_posted)
    if isinstance(snapshot, HrSnapshot):
        return _of_hr(notice, snapshot, link)
    if notice.kind is NoticeKind.ATTENTION and isinstance(snapshot, OrderSnapshot):
        return _attention(snapshot, link if notice.channel else "")
    if notice.kind in order_replies.KINDS and isinstance(snapshot, OrderSnapshot):
        return order_replies.build(notice.kind, snapshot)
    if notice.kind in _OF_THE_WHOLE or isinstance(snapshot, OrderSnapshot):
        return outcome(snapshot, link)
    match notice.kind:
        case NoticeKind.ASKED | NoticeKind.REMINDED:
            return _asked(notice, snapshot, link)
        case NoticeKind.CHANGES_WANTED:
            return _changes_wanted(snapshot, link)
        case NoticeKind.DELEGATE_REFUSED:
            return _plainly(_sentence("delegate_refused", snapshot, link), snapshot)
        case _:
            return _blocked(snapshot, link)


def _of_hr(notice: Notice, snapshot: HrSnapshot, link: str) -> Message:
    """Return what is told about an HR request once its approval has ended."""
    if notice.kind is NoticeKind.ATTENTION:
        return hr_outcome.attention(snapshot, link if notice.channel else "")
    return outcome(snapshot, link)


def _attention(snapshot: OrderSnapshot, link: str) -> Message:
    """Tell the admins that an order cannot be undone without somebody's help, and why."""
    locale, stuck = snapshot.language, snapshot.stuck
    sentence = text(
        "tell.attention",
        locale,
        order_id=in_line(snapshot.order.order_id, 80, locale),
        customer=in_line(snapshot.order.customer, 160, locale),
        requester=who(snapshot.requester, locale),
        step=text(f"order.step.{stuck.step}", locale) if stuck else "",
    )
    way = card_link(link, locale)
    words = text("tell.link", locale, sentence=sentence, link=way) if way else sentence
    message = _plainly(words, snapshot)
    if stuck is None or not stuck.error.strip():
        return message
    why = text("order.failure.why", locale, failure=failure_words(stuck.error, locale))
    cause = context(BlockId.ATTENTION, plain(why, _QUOTE, locale))
    return Message(text=message.text, blocks=[*message.blocks, cause])


def _asked(notice: Notice, snapshot: ApprovalSnapshot, link: str) -> Message:
    """Tell people that they are asked, or still asked: by mention in a thread, else directly."""
    locale, level = snapshot.language, snapshot.levels[-1] if snapshot.levels else None
    lines = [_sentence(notice.kind.value, snapshot, link)]
    sources = [one.source for one in level.asked if one.person == notice.person] if level else []
    if sources and sources[0]:
        words = source_words(sources[0], locale)
        rule = rule_words(snapshot.rule, locale)
        lines.append(text("tell.asked.source", locale, source=words, rule=rule))
    seats = _seats_of(notice, snapshot)
    if seats:
        lines.append(text("tell.asked.stand_in", locale, people=listed(seats, locale)))
    if level and level.expires_at:
        lines.append(text("level.deadline", locale, when=date(level.expires_at, locale)))
    words = "\n".join(lines)
    if notice.person or not notice.people:
        return _plainly(words, snapshot)
    named = [person(one, locale) for one in notice.people[:NAMED]]
    if more := len(notice.people) - len(named):
        short = text("level.more_people", locale, people=", ".join(named), count=more)
    else:
        short = listed(named, locale)
    return Message(
        text=text("tell.to", locale, people=short, sentence=lines[0]),
        blocks=[*_mention_blocks(notice.people, locale), said(BlockId.NOTICE, words, locale)],
    )


def _seats_of(notice: Notice, snapshot: ApprovalSnapshot) -> list[str]:
    """Return for whom the person stands in at the level that waits, when they are told."""
    now = notice.intended_at
    delegates = snapshot.levels[-1].delegates if snapshot.levels else ()
    seats = dict.fromkeys(
        one.seat
        for one in delegates
        if one.person == notice.person and (now is None or one.is_active(now))
    )
    return [person(seat, snapshot.language) for seat in list(seats)[:NAMED]]


def _mention_blocks(people: Sequence[str], locale: str) -> list[Block]:
    """Mention everybody: only a mention notifies."""
    shown = people[:_MENTIONED]
    blocks = [
        said(
            f"{BlockId.MENTIONS}-{start}",
            ", ".join(person(one, locale) for one in shown[start : start + _IN_A_BLOCK]),
            locale,
        )
        for start in range(0, len(shown), _IN_A_BLOCK)
    ]
    if more := len(people) - len(shown):
        words = text("tell.more_people", locale, count=more)
        blocks.append(said(f"{BlockId.MENTIONS}-more", words, locale))
    return blocks


def _changes_wanted(snapshot: ApprovalSnapshot, link: str) -> Message:
    locale, wanted = snapshot.language, snapshot.change_request
    name = person(wanted.person if wanted else "", locale)
    lines = [_sentence("changes_wanted", snapshot, link, who=name), *_end_words(snapshot)]
    message = _plainly("\n".join(lines), snapshot)
    if wanted is None or not wanted.reason.strip():
        return message
    quote = plain(text("quote", locale, reason=wanted.reason.strip()), _QUOTE, locale)
    why = context(BlockId.CHANGE_REQUEST, quote)
    return Message(text=message.text, blocks=[*message.blocks, why])


def _end_words(snapshot: ApprovalSnapshot) -> list[str]:
    """Return when the request expires, where it does."""
    ends = snapshot.levels[-1].expires_at if snapshot.levels else None
    return (
        [text("level.clock_runs", snapshot.language, when=date(ends, snapshot.language))]
        if ends
        else []
    )


def _blocked(snapshot: ApprovalSnapshot, link: str) -> Message:
    locale, level = snapshot.language, snapshot.levels[-1] if snapshot.levels else None
    lines = [_sentence("blocked", snapshot, link)]
    if level:
        lines += blocked_words(level, locale)
    lines += [text("tell.blocked.help", locale), *_end_words(snapshot)]
    return _plainly("\n".join(lines), snapshot)


def _sentence(kind: str, snapshot: ApprovalSnapshot, link: str, **blanks: str) -> str:
    """Return the first sentence of a notice, and the way to the card."""
    locale = snapshot.language
    level = snapshot.levels[-1] if snapshot.levels else None
    sentence = text(
        f"tell.{kind}",
        locale,
        subject=subject_mrkdwn(snapshot.content, locale),
        amount=amount_words(snapshot.content.amount, locale),
        requester=who(snapshot.requester, locale),
        level=in_line(level.name, 80, locale) if level else "",
        channel=channel(snapshot.channel, locale),
        **blanks,
    )
    way = card_link(link, locale)
    if not way:
        return sentence
    return text("tell.link", locale, sentence=sentence, link=way)


def _plainly(words: str, snapshot: Snapshot) -> Message:
    first = words.partition("\n")[0]
    return Message(text=first, blocks=[said(BlockId.NOTICE, words, snapshot.language)])


def outcome(snapshot: Snapshot, link: str = "") -> Message:
    """Tell the requester how it ended: one sentence, and the card as it stands, with no buttons."""
    if isinstance(snapshot, HrSnapshot):
        return hr_outcome.outcome(snapshot, link)
    if isinstance(snapshot, OrderSnapshot):
        sentence, card = _order_outcome(snapshot), order_card.build(snapshot)
    else:
        sentence, card = _approval_outcome(snapshot), approval_card.build(snapshot)
    way = card_link(link, snapshot.language)
    words = text("tell.link", snapshot.language, sentence=sentence, link=way) if way else sentence
    first = said(BlockId.NOTICE, words, snapshot.language)
    return Message(text=sentence, blocks=[first, *card.without_buttons().blocks])


def _approval_outcome(snapshot: ApprovalSnapshot) -> str:
    locale = snapshot.language
    key = f"notice.outcome.approval.{snapshot.status}"
    if snapshot.status is Status.APPROVED and (
        snapshot.closed_by is None or not snapshot.closed_by.person
    ):
        key = f"{key}.clock"
    sentence = text(
        key,
        locale,
        subject=subject_mrkdwn(snapshot.content, locale),
        who=who(snapshot.closed_by, locale),
    )
    return _with_reason(sentence, snapshot.closing_reason, locale)


def _order_outcome(snapshot: OrderSnapshot) -> str:
    locale = snapshot.language
    approval = snapshot.approval
    failure = failure_mrkdwn(snapshot.failure, 300, locale)
    unpaid = snapshot.status is OrderStatus.EXPIRED and snapshot.payment_due is not None
    key = (
        "notice.outcome.order.expired.unpaid"
        if unpaid
        else f"notice.outcome.order.{snapshot.status}"
    )
    sentence = text(
        key,
        locale,
        order_id=in_line(snapshot.order.order_id, 80, locale),
        customer=in_line(snapshot.order.customer, 160, locale),
        who=who(approval.closed_by if approval else None, locale),
        failure=failure if failure.endswith((".", "!", "?")) else f"{failure}.",
    )
    return _with_reason(sentence, approval.closing_reason if approval else "", locale)


def _with_reason(sentence: str, reason: str, locale: str) -> str:
    """Add who gave which reason; the card below carries it whole."""
    if not reason.strip():
        return sentence
    short = in_line(reason, _SHORT_REASON, locale)
    return text("notice.outcome.reason", locale, sentence=sentence, reason=short)


def card_not_posted(snapshot: Snapshot, problem: str, *, is_posted: bool = False) -> Message:
    """Tell requester and admins that the card could not be posted, and what helps.

    `problem` ends in Slack's error name, such as `slack.not_in_channel`. A card that `is_posted` was
    posted once, and what it shows is out of date.
    """
    locale = snapshot.language
    waits = isinstance(snapshot, ApprovalSnapshot) and snapshot.is_open
    what = "out_of_date" if is_posted else "not_posted" if waits else "not_shown"
    name = problem.rpartition(".")[2]
    key = f"notice.card_not_posted.{name}"
    sentence = text(
        f"notice.card_{what}",
        locale,
        subject=subject_mrkdwn(_content(snapshot), locale),
        channel=channel(snapshot.channel, locale),
        fix=text(
            key if has_text(key) else "notice.card_not_posted.other",
            locale,
            problem=in_line(name, 80, locale),
        ),
    )
    return Message(text=sentence, blocks=[said(BlockId.NOTICE, sentence, locale)])


def _content(snapshot: Snapshot) -> Content:
    """Return what a request may be called by in the admins' channel: of HR only its policy."""
    if isinstance(snapshot, HrSnapshot):
        return Content(title=snapshot.title)
    return (
        order_content(snapshot.order) if isinstance(snapshot, OrderSnapshot) else snapshot.content
    )
