"""Rows of an inbox: what waits for a person, what is theirs, what they have decided."""

from dataclasses import dataclass
from datetime import datetime

from views.approval_card import action_row
from views.approvers import people_text, source_text
from views.blocks import Block, Limits, button, context, mrkdwn, mrkdwn_section, plain
from views.card_click import button_value
from views.content import amount_text, content_blocks, is_shortened, subject_mrkdwn
from views.explanations import rule_text
from views.hr_copy import copy_button
from views.ids import ActionId, BlockId
from views.levels import is_blocked
from views.outcome import actor_text
from views.translator import Translator
from workflows.rules.approvals.request import Status, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.request import content_of
from workflows.rules.hr.snapshot import HrSnapshot, Provisioning
from workflows.rules.inbox import waiting_for
from workflows.rules.orders.order import OrderSnapshot, OrderStatus
from workflows.rules.shared.content import Content
from workflows.rules.snapshots import Snapshot

NAMED = 8
"""People named in one row."""
_WHY = 600
_LIMITS = Limits(
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


def decide_blocks(row: ToDecide, number: int, t: Translator) -> list[Block]:
    """Return one request with what is asked, why this person is, and the buttons of its card."""
    snapshot = row.face
    return [
        mrkdwn_section(f"{BlockId.ROW}-{number}", title_words(snapshot, t), t),
        *request_blocks(snapshot, _LIMITS, number, t),
        context(f"{BlockId.LEVEL}-{number}", mrkdwn(_why_words(row, snapshot, t), 2000, t)),
        action_row(snapshot, f"{BlockId.ACTIONS}-{number}", t),
    ]


def title_words(snapshot: Snapshot, t: Translator) -> str:
    """Return what it is, in one line."""
    amount = (
        snapshot.order.total if isinstance(snapshot, OrderSnapshot) else _content(snapshot).amount
    )
    return t(
        "home.title",
        title=t.inline(snapshot.title, 80),
        subject=_subject(snapshot, t),
        amount=amount_text(amount, t),
    )


def _subject(snapshot: Snapshot, t: Translator) -> str:
    if not isinstance(snapshot, OrderSnapshot):
        return subject_mrkdwn(_content(snapshot), t)
    order_id, customer = snapshot.order.order_id, snapshot.order.customer
    return t("order.subject", order_id=t.inline(order_id, 80), customer=t.inline(customer, 160))


def _content(snapshot: ApprovalSnapshot | HrSnapshot) -> Content:
    """Return what was asked; of an HR request what was decided, which may have been amended."""
    if isinstance(snapshot, ApprovalSnapshot):
        return snapshot.content
    return snapshot.approval.content if snapshot.approval else content_of(snapshot.request)


def request_blocks(
    snapshot: ApprovalSnapshot, limits: Limits, number: int, t: Translator
) -> list[Block]:
    """Return what is asked, as far as there is limits, as a part of a list; its title stands above."""
    blocks = content_blocks(snapshot.content, limits, t)
    return [{**block, "block_id": f"{block['block_id']}-row-{number}"} for block in blocks]


def _why_words(row: ToDecide, snapshot: ApprovalSnapshot, t: Translator) -> str:
    level = snapshot.levels[-1]
    asked = t("home.asked", requester=actor_text(snapshot.requester, t), since=t.date(row.since))
    source = source_text(row.source, t) or rule_text(snapshot.rule, t)
    why = t("home.why", source=source, level=t.inline(level.name, 80))
    if row.seat != row.person:
        seat = t.mention(row.seat)
        why = t("home.why.for", seat=seat, level=t.inline(level.name, 80))
    lines = [asked, why]
    if row.expires_at:
        lines.append(t("home.deadline", when=t.date(row.expires_at)))
    if is_shortened(snapshot.content, _LIMITS, t):
        lines.append(t("shortened.open"))
    return "\n".join(lines)


def mine_blocks(row: Mine, number: int, t: Translator) -> list[Block]:
    """Return one request of this person's: where it stands, what comes next, on whom it waits."""
    snapshot = row.face
    lines = [
        title_words(snapshot, t),
        state_words(snapshot, t),
        *_next_words(row, t),
    ]
    block = mrkdwn_section(f"{BlockId.ROW}-{number}", "\n".join(lines), t)
    if isinstance(snapshot, OrderSnapshot):
        block["accessory"] = button(ActionId.SHOW, t("button.show"), snapshot.order.order_id)
    elif isinstance(snapshot, HrSnapshot):
        if snapshot.status is Status.REJECTED or snapshot.provisioning is Provisioning.FAILED:
            block["accessory"] = copy_button(snapshot.request.request_id, t)
    elif snapshot.is_open:
        block["accessory"] = button(ActionId.MORE, t("button.more"), button_value(snapshot, t))
    return [block]


def state_words(snapshot: Snapshot, t: Translator) -> str:
    """Return where it stands, and since when it is there at all."""
    if isinstance(snapshot, OrderSnapshot):
        state, asked = t(f"order.{snapshot.status}"), snapshot.received_at
    elif isinstance(snapshot, HrSnapshot):
        state, asked = t(f"approval.{snapshot.status}"), snapshot.received_at
    else:
        state = t(f"approval.{'blocked' if is_blocked(snapshot) else snapshot.status}")
        asked = snapshot.submitted_at
    return t("home.state", state=state, when=t.date(asked))


def _next_words(row: Mine, t: Translator) -> list[str]:
    """Return what comes next; nothing where the state says it all."""
    snapshot = row.face
    if isinstance(snapshot, OrderSnapshot):
        if snapshot.status is OrderStatus.AWAITING_APPROVAL and row.approval is not None:
            return _waits_words(row.approval, t)
        return [t(f"order.text.{snapshot.status}")]
    if isinstance(snapshot, HrSnapshot):
        if snapshot.provisioning is Provisioning.NOT_NEEDED:
            return []
        return [t("home.provisioning", state=t(f"hr.provisioning.{snapshot.provisioning}"))]
    return _waits_words(snapshot, t)


def _waits_words(snapshot: ApprovalSnapshot, t: Translator) -> list[str]:
    if not snapshot.is_open:
        by = snapshot.closed_by
        return [t("home.next.by", who=actor_text(by, t))] if by and by.person else []
    if snapshot.status is Status.CHANGES_REQUESTED:
        wanted = snapshot.change_request.person if snapshot.change_request else ""
        return [t("home.next.changes", who=t.mention(wanted))]
    level, people = snapshot.open_level, _waited_for(snapshot)
    if level is None or level.blocked == "approvers_unread":
        return [t("home.next.opening")]
    if not people:
        return [t("home.next.blocked")]
    text = t(
        "home.next.waits",
        people=people_text(people, NAMED, t),
        number=level.number,
        in_all=snapshot.levels_in_all,
        name=t.inline(level.name, 80),
    )
    if level.expires_at is None:
        return [text]
    return [text, t("home.deadline", when=t.date(level.expires_at))]


def _waited_for(snapshot: ApprovalSnapshot) -> list[str]:
    return list(dict.fromkeys(approver.seat for approver in waiting_for(snapshot)))


def decided_blocks(row: Decided, number: int, t: Translator) -> list[Block]:
    """Return one decision of this person's, and how the request stands now."""
    snapshot = row.face
    verdict = row.verdict if row.verdict in set(Verdict) else "other"
    key = f"home.decided.{verdict}"
    text = t(
        f"{key}.for" if row.seat and t.has(f"{key}.for") else key,
        when=t.date(row.at),
        seat=t.mention(row.seat),
    )
    lines = [title_words(snapshot, t), text, state_words(snapshot, t)]
    blocks = [mrkdwn_section(f"{BlockId.ROW}-{number}", "\n".join(lines), t)]
    if row.reason.strip():
        quote = t("outcome.reason", reason=row.reason.strip())
        blocks.append(context(f"{BlockId.DECISION}-{number}", plain(quote, _WHY, t)))
    return blocks
