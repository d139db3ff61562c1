"""How a closed request ended: which outcome, who, when, why, by which rule."""

from views.blocks import SECTION, Block, Limits, context, mrkdwn_section, plain
from views.explanations import rule_text
from views.ids import BlockId
from views.translator import Translator
from workflows.rules.approvals.request import Counted
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.people.actors import Actor


def actor_text(actor: Actor | None, t: Translator) -> str:
    """Return the person as a mention, with the operator where a command line was used."""
    if actor is None:
        return t("somebody")
    name = t.mention(actor.person)
    if not actor.operator:
        return name
    operator = t.inline(actor.operator, 60)
    return t("approval.requester.operator", who=name, operator=operator)


def closing_decision(snapshot: ApprovalSnapshot) -> Counted | None:
    """Return the decision that closed the request: the outcome tells it, nothing else repeats it."""
    by, level = snapshot.closed_by, snapshot.levels[-1] if snapshot.levels else None
    if snapshot.is_open or by is None or level is None or not level.decisions:
        return None
    last = level.decisions[-1]
    return last if last.person == by.person and last.at == snapshot.closed_at else None


def outcome_blocks(snapshot: ApprovalSnapshot, limits: Limits, t: Translator) -> list[Block]:
    """Return how a closed request ended, with the reason given; nothing while it is open."""
    if snapshot.is_open:
        return []
    last = closing_decision(snapshot)
    reason = snapshot.closing_reason.strip() or (last.reason.strip() if last else "")
    blocks = [mrkdwn_section(BlockId.OUTCOME, _outcome_text(snapshot, last, t), t)]
    if reason:
        text = t("outcome.reason", reason=reason)
        quote = plain(text, min(limits.reason * 2, SECTION), t)
        blocks.append(context(BlockId.CLOSING_REASON, quote))
    return blocks


def _outcome_text(snapshot: ApprovalSnapshot, last: Counted | None, t: Translator) -> str:
    rule = rule_text(snapshot.rule, t)
    key = f"outcome.why.{snapshot.closing_rule}"
    code = t.inline(snapshot.closing_rule, 80)
    why = t(key if t.has(key) else "outcome.why.other", rule=rule, code=code)
    when = t.date(snapshot.closed_at) if snapshot.closed_at else ""
    by = actor_text(snapshot.closed_by, t)
    if last is not None and last.seat != last.person:
        by = t("outcome.for", who=by, seat=t.mention(last.seat))
    return t(_by_clock("outcome", snapshot, t), who=by, when=when, why=why)


def short_outcome(snapshot: ApprovalSnapshot, t: Translator) -> str:
    """Return the outcome in a few words, for notifications and for an order's summary."""
    return t(_by_clock("outcome.short", snapshot, t), who=actor_text(snapshot.closed_by, t))


def _by_clock(key: str, snapshot: ApprovalSnapshot, t: Translator) -> str:
    """Return the key of the sentence; a request that needed nobody was approved by nobody."""
    ended = f"{key}.{snapshot.status}"
    nobody = snapshot.closed_by is None or not snapshot.closed_by.person
    return f"{ended}.clock" if nobody and t.has(f"{ended}.clock") else ended
