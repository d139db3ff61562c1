"""Rows of an inbox: what waits for a person, what is theirs, what they have decided."""

from dataclasses import dataclass, replace
from datetime import datetime

from views.approval_card import deciding_row
from views.approvers import named, source_words
from views.blocks import Block, Room, button, context, mrkdwn, plain, said
from views.card_click import button_value
from views.content import amount_words, content_blocks, is_shortened, subject_mrkdwn
from views.explanations import rule_words
from views.hr_copy import copy_button
from views.ids import ActionId, BlockId
from views.levels import is_blocked
from views.outcome import who
from views.text import date, has_text, in_line, person, text
from workflows.rules.approvals.request import Status, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.request import content_from_request
from workflows.rules.hr.snapshot import HrSnapshot, Provisioning
from workflows.rules.inbox import waiting_approvers
from workflows.rules.orders.order import OrderSnapshot, OrderStatus
from workflows.rules.shared.content import Content
from workflows.rules.snapshots import Snapshot

NAMED = 8
"""People named in one row."""
_WHY = 600
_ROOM = Room(
    text=400,
    fields=500,
    field=120,
    reason=200,
    decisions=0,
    levels=0,
    people=NAMED,
    links=600,
    changes=0,
    remarks=0,
)
"""A row shows less of what is asked than a card: *More…* shows the whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToDecide:
    """What this person may decide now, for which `seat`, by which `source` that seat is asked."""

    face: ApprovalSnapshot
    person: str
    seat: str
    source: str
    since: datetime
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mine:
    """What this person has asked for; an order that waits comes with its approval."""

    face: Snapshot
    approval: ApprovalSnapshot | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """What this person has decided, and how that request stands now."""

    face: ApprovalSnapshot
    verdict: str
    seat: str
    reason: str
    at: datetime


def decide_blocks(row: ToDecide, number: int, locale: str) -> list[Block]:
    """Return one request with what is asked, why this person is, and the buttons of its card."""
    snapshot = replace(row.face, language=locale)
    return [
        said(f"{BlockId.ROW}-{number}", title_words(snapshot, locale), locale),
        *asked_blocks(snapshot, _ROOM, number, locale),
        context(
            f"{BlockId.LEVEL}-{number}", mrkdwn(_why_words(row, snapshot, locale), 2000, locale)
        ),
        deciding_row(snapshot, f"{BlockId.ACTIONS}-{number}"),
    ]


def title_words(snapshot: Snapshot, locale: str) -> str:
    """Return what it is, in one line."""
    amount = (
        snapshot.order.total if isinstance(snapshot, OrderSnapshot) else _content(snapshot).amount
    )
    return text(
        "home.title",
        locale,
        title=in_line(snapshot.title, 80, locale),
        subject=_subject(snapshot, locale),
        amount=amount_words(amount, locale),
    )


def _subject(snapshot: Snapshot, locale: str) -> str:
    if not isinstance(snapshot, OrderSnapshot):
        return subject_mrkdwn(_content(snapshot), locale)
    order_id, customer = snapshot.order.order_id, snapshot.order.customer
    return text(
        "order.subject",
        locale,
        order_id=in_line(order_id, 80, locale),
        customer=in_line(customer, 160, locale),
    )


def _content(snapshot: ApprovalSnapshot | HrSnapshot) -> Content:
    """Return what was asked; of an HR request what was decided, which may have been amended."""
    if isinstance(snapshot, ApprovalSnapshot):
        return snapshot.content
    return (
        snapshot.approval.content if snapshot.approval else content_from_request(snapshot.request)
    )


def asked_blocks(snapshot: ApprovalSnapshot, room: Room, number: int, locale: str) -> list[Block]:
    """Return what is asked, as far as there is room, as a part of a list; its title stands above."""
    blocks = content_blocks(snapshot.content, room, locale)
    return [{**block, "block_id": f"{block['block_id']}-row-{number}"} for block in blocks]


def _why_words(row: ToDecide, snapshot: ApprovalSnapshot, locale: str) -> str:
    level = snapshot.levels[-1]
    asked = text(
        "home.asked",
        locale,
        requester=who(snapshot.requester, locale),
        since=date(row.since, locale),
    )
    source = source_words(row.source, locale) or rule_words(snapshot.rule, locale)
    why = text("home.why", locale, source=source, level=in_line(level.name, 80, locale))
    if row.seat != row.person:
        seat = person(row.seat, locale)
        why = text("home.why.for", locale, seat=seat, level=in_line(level.name, 80, locale))
    lines = [asked, why]
    if row.expires_at:
        lines.append(text("home.deadline", locale, when=date(row.expires_at, locale)))
    if is_shortened(snapshot.content, _ROOM, locale):
        lines.append(text("shortened.open", locale))
    return "\n".join(lines)


def mine_blocks(row: Mine, number: int, locale: str) -> list[Block]:
    """Return one request of this person's: where it stands, what comes next, on whom it waits."""
    snapshot = replace(row.face, language=locale)
    lines = [
        title_words(snapshot, locale),
        state_words(snapshot, locale),
        *_next_words(row, locale),
    ]
    block = said(f"{BlockId.ROW}-{number}", "\n".join(lines), locale)
    if isinstance(snapshot, OrderSnapshot):
        block["accessory"] = button(
            ActionId.SHOW, text("button.show", locale), snapshot.order.order_id
        )
    elif isinstance(snapshot, HrSnapshot):
        if snapshot.status is Status.REJECTED or snapshot.provisioning is Provisioning.FAILED:
            block["accessory"] = copy_button(snapshot.request.request_id, locale)
    elif snapshot.is_open:
        block["accessory"] = button(
            ActionId.MORE, text("button.more", locale), button_value(snapshot)
        )
    return [block]


def state_words(snapshot: Snapshot, locale: str) -> str:
    """Return where it stands, and since when it is there at all."""
    if isinstance(snapshot, OrderSnapshot):
        state, asked = text(f"order.{snapshot.status}", locale), snapshot.received_at
    elif isinstance(snapshot, HrSnapshot):
        state, asked = text(f"approval.{snapshot.status}", locale), snapshot.received_at
    else:
        state = text(f"approval.{'blocked' if is_blocked(snapshot) else snapshot.status}", locale)
        asked = snapshot.submitted_at
    return text("home.state", locale, state=state, when=date(asked, locale))


def _next_words(row: Mine, locale: str) -> list[str]:
    """Return what comes next; nothing where the state says it all."""
    snapshot = row.face
    if isinstance(snapshot, OrderSnapshot):
        if snapshot.status is OrderStatus.AWAITING_APPROVAL and row.approval is not None:
            return _waits_words(row.approval, locale)
        return [text(f"order.text.{snapshot.status}", locale)]
    if isinstance(snapshot, HrSnapshot):
        if snapshot.provisioning is Provisioning.NOT_NEEDED:
            return []
        return [
            text(
                "home.provisioning",
                locale,
                state=text(f"hr.provisioning.{snapshot.provisioning}", locale),
            )
        ]
    return _waits_words(snapshot, locale)


def _waits_words(snapshot: ApprovalSnapshot, locale: str) -> list[str]:
    if not snapshot.is_open:
        by = snapshot.closed_by
        return [text("home.next.by", locale, who=who(by, locale))] if by and by.person else []
    if snapshot.status is Status.CHANGES_REQUESTED:
        wanted = snapshot.change_request.person if snapshot.change_request else ""
        return [text("home.next.changes", locale, who=person(wanted, locale))]
    level, people = snapshot.open_level, _waited_for(snapshot)
    if level is None or level.blocked == "approvers_unread":
        return [text("home.next.opening", locale)]
    if not people:
        return [text("home.next.blocked", locale)]
    words = text(
        "home.next.waits",
        locale,
        people=named(people, NAMED, locale),
        number=level.number,
        in_all=snapshot.levels_in_all,
        name=in_line(level.name, 80, locale),
    )
    if level.expires_at is None:
        return [words]
    return [words, text("home.deadline", locale, when=date(level.expires_at, locale))]


def _waited_for(snapshot: ApprovalSnapshot) -> list[str]:
    return list(dict.fromkeys(one.seat for one in waiting_approvers(snapshot)))


def decided_blocks(row: Decided, number: int, locale: str) -> list[Block]:
    """Return one decision of this person's, and how the request stands now."""
    snapshot = replace(row.face, language=locale)
    verdict = row.verdict if row.verdict in set(Verdict) else "other"
    key = f"home.decided.{verdict}"
    words = text(
        f"{key}.for" if row.seat and has_text(f"{key}.for") else key,
        locale,
        when=date(row.at, locale),
        seat=person(row.seat, locale),
    )
    lines = [title_words(snapshot, locale), words, state_words(snapshot, locale)]
    blocks = [said(f"{BlockId.ROW}-{number}", "\n".join(lines), locale)]
    if row.reason.strip():
        quote = text("outcome.reason", locale, reason=row.reason.strip())
        blocks.append(context(f"{BlockId.DECISION}-{number}", plain(quote, _WHY, locale)))
    return blocks
