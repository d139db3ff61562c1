"""Rows of a person's lists: requests to decide, own requests and past decisions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from views.approval_card import action_row
from views.approvers import NAMED, source_text
from views.blocks import Block, Limits, note, plain_note, text_block
from views.cards import Renderer, renderer
from views.content import amount_text, content_blocks, is_shortened
from views.explanations import rule_text
from views.ids import BlockId
from views.people import actor_text
from views.translator import Translator
from workflows.rules.approvals.request import Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.snapshots import Snapshot

_WHY = 600
_LIMITS = Limits(
    text=400,
    fields=500,
    field=120,
    reason=200,
    people=NAMED,
    links=600,
)
"""A row shows less of the request than a card; *More…* shows the whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToDecide:
    """A request that this person may decide now, as `seat`, which was found through `source`."""

    snapshot: ApprovalSnapshot
    person: str
    seat: str
    source: str
    since: datetime
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mine:
    """A request of this person's own; an order that waits for its approval has it in `approval`."""

    snapshot: Snapshot
    approval: ApprovalSnapshot | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """A decision of this person about one revision, with the request as it is now."""

    snapshot: ApprovalSnapshot
    verdict: str
    seat: str
    reason: str
    at: datetime
    content_revision: int = 1

    @property
    def is_voided(self) -> bool:
        """Whether an amendment made the verdict void. Requested changes are answered by it instead."""
        revised = self.snapshot.content_revision > self.content_revision
        return revised and self.verdict != Verdict.REQUEST_CHANGES


def decide_blocks(row: ToDecide, number: int, t: Translator) -> list[Block]:
    """Return a request with its content, why this person may decide it, and the buttons of its card."""
    snapshot = row.snapshot
    return [
        text_block(f"{BlockId.ROW}-{number}", _title(renderer(snapshot, t)), t),
        *request_blocks(snapshot, _LIMITS, number, t),
        note(f"{BlockId.LEVEL}-{number}", _explanation(row, snapshot, t), t, limit=2000),
        action_row(snapshot, f"{BlockId.ACTIONS}-{number}", t),
    ]


def _title(rendered: Renderer[Any]) -> str:
    """Return kind, subject and amount on one line."""
    return rendered.t(
        "home.title",
        title=rendered.t.inline(rendered.snapshot.title, 80),
        subject=rendered.subject(),
        amount=amount_text(rendered.content().amount, rendered.t),
    )


def _status(rendered: Renderer[Any]) -> str:
    """Return the status, and when the request was made."""
    return rendered.t(
        "home.state", state=rendered.status(), when=rendered.t.date(rendered.requested_at())
    )


def request_blocks(
    snapshot: ApprovalSnapshot, limits: Limits, number: int, t: Translator
) -> list[Block]:
    """Return the content of a request for a list that shows the title above it."""
    blocks = content_blocks(snapshot.content, limits, t)
    return [{**block, "block_id": f"{block['block_id']}-row-{number}"} for block in blocks]


def _explanation(row: ToDecide, snapshot: ApprovalSnapshot, t: Translator) -> str:
    """Return the requester, why this person may decide, and the deadline."""
    level = t.inline(snapshot.levels[-1].name, 80)
    lines = [t("home.asked", requester=actor_text(snapshot.requester, t), since=t.date(row.since))]
    if row.seat == row.person:
        source = source_text(row.source, t) or rule_text(snapshot.rule, t)
        lines.append(t("home.why", source=source, level=level))
    else:
        lines.append(t("home.why.for", seat=t.mention(row.seat), level=level))
    if row.expires_at:
        lines.append(t("home.deadline", when=t.date(row.expires_at)))
    if is_shortened(snapshot.content, _LIMITS, t):
        lines.append(t("shortened.open"))
    return "\n".join(lines)


def mine_blocks(row: Mine, number: int, t: Translator) -> list[Block]:
    """Return one of the person's own requests: its status, and what comes next."""
    rendered = renderer(row.snapshot, t)
    lines = [_title(rendered), _status(rendered), *rendered.next_steps(row.approval)]
    block = text_block(f"{BlockId.ROW}-{number}", "\n".join(lines), t)
    if button := rendered.row_button():
        block["accessory"] = button
    return [block]


def decided_blocks(row: Decided, number: int, t: Translator) -> list[Block]:
    """Return a decision of the person, and the status of the request."""
    verdict = row.verdict if row.verdict in set(Verdict) else "other"
    key = f"home.decided.{verdict}"
    text = t(
        f"{key}.for" if row.seat and t.has(f"{key}.for") else key,
        when=t.date(row.at),
        seat=t.mention(row.seat),
    )
    rendered = renderer(row.snapshot, t)
    lines = [_title(rendered), text]
    if row.is_voided:
        lines.append(t("home.decided.voided", version=row.snapshot.content_revision))
    lines.append(_status(rendered))
    blocks = [text_block(f"{BlockId.ROW}-{number}", "\n".join(lines), t)]
    if row.reason.strip():
        quote = t("outcome.reason", reason=row.reason.strip())
        blocks.append(plain_note(f"{BlockId.DECISION}-{number}", quote, _WHY, t))
    return blocks
