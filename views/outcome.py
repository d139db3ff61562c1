"""The outcome of a closed request: who closed it, when, why and by which rule."""

from views.blocks import SECTION, Block, Limits, plain_note, text_block
from views.explanations import rule_text
from views.ids import BlockId
from views.people import actor_text
from views.translator import Translator
from workflows.rules.approvals.request import RecordedDecision
from workflows.rules.approvals.snapshot import ApprovalSnapshot


def closing_decision(snapshot: ApprovalSnapshot) -> RecordedDecision | None:
    """Return the decision that closed the request; the outcome shows it, so the levels do not."""
    by, level = snapshot.closed_by, snapshot.levels[-1] if snapshot.levels else None
    if snapshot.is_open or by is None or level is None or not level.decisions:
        return None
    last = level.decisions[-1]
    return last if last.person == by.person and last.at == snapshot.closed_at else None


def outcome_blocks(snapshot: ApprovalSnapshot, limits: Limits, t: Translator) -> list[Block]:
    """Return the outcome with its reason; nothing while the request is open."""
    if snapshot.is_open:
        return []
    last = closing_decision(snapshot)
    reason = snapshot.closing_reason.strip() or (last.reason.strip() if last else "")
    blocks = [text_block(BlockId.OUTCOME, _outcome_text(snapshot, last, t), t)]
    if reason:
        quote = t("outcome.reason", reason=reason)
        limit = min(limits.reason * 2, SECTION)
        blocks.append(plain_note(BlockId.CLOSING_REASON, quote, limit, t))
    return blocks


def _outcome_text(snapshot: ApprovalSnapshot, last: RecordedDecision | None, t: Translator) -> str:
    rule = rule_text(snapshot.rule, t)
    key = f"outcome.why.{snapshot.closing_rule}"
    if snapshot.hidden and t.has(f"{key}.private"):  # the rule's limits would reveal the amount
        key = f"{key}.private"
    code = t.inline(snapshot.closing_rule, 80)
    explanation = t(key if t.has(key) else "outcome.why.other", rule=rule, code=code)
    when = t.date(snapshot.closed_at) if snapshot.closed_at else ""
    closed_by = actor_text(snapshot.closed_by, t)
    if last is not None and last.seat != last.person:
        closed_by = t("outcome.for", who=closed_by, seat=t.mention(last.seat))
    return t(_outcome_key("outcome", snapshot, t), who=closed_by, when=when, why=explanation)


def short_outcome(snapshot: ApprovalSnapshot, t: Translator) -> str:
    """Return the outcome in a few words, for notifications and for the summary of an order."""
    return t(_outcome_key("outcome.short", snapshot, t), who=actor_text(snapshot.closed_by, t))


def is_automatic(snapshot: ApprovalSnapshot) -> bool:
    """Return whether no person closed the request: a timer did, or it needed no approval."""
    return snapshot.closed_by is None or not snapshot.closed_by.person


def _outcome_key(prefix: str, snapshot: ApprovalSnapshot, t: Translator) -> str:
    key = f"{prefix}.{snapshot.status}"
    automatic = f"{key}.clock"
    return automatic if is_automatic(snapshot) and t.has(automatic) else key
