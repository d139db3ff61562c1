"""How a closed request ended: which outcome, who, when, why, by which rule."""

from views.blocks import SECTION, Block, Room, context, plain, said
from views.explanations import rule_words
from views.ids import BlockId
from views.text import date, has_text, in_line, person, text
from workflows.rules.approvals.request import RecordedDecision
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.people.actors import Actor


def who(actor: Actor | None, locale: str) -> str:
    """Return the person as a mention, with the operator where a command line was used."""
    if actor is None:
        return text("somebody", locale)
    name = person(actor.person, locale)
    if not actor.operator:
        return name
    operator = in_line(actor.operator, 60, locale)
    return text("approval.requester.operator", locale, who=name, operator=operator)


def closing_decision(snapshot: ApprovalSnapshot) -> RecordedDecision | None:
    """Return the decision that closed the request: the outcome tells it, nothing else repeats it."""
    by, level = snapshot.closed_by, snapshot.levels[-1] if snapshot.levels else None
    if snapshot.is_open or by is None or level is None or not level.decisions:
        return None
    last = level.decisions[-1]
    return last if last.person == by.person and last.at == snapshot.closed_at else None


def outcome_blocks(snapshot: ApprovalSnapshot, room: Room) -> list[Block]:
    """Return how a closed request ended, with the reason given; nothing while it is open."""
    if snapshot.is_open:
        return []
    last = closing_decision(snapshot)
    reason = snapshot.closing_reason.strip() or (last.reason.strip() if last else "")
    blocks = [said(BlockId.OUTCOME, _outcome_words(snapshot, last), snapshot.language)]
    if reason:
        words = text("outcome.reason", snapshot.language, reason=reason)
        quote = plain(words, min(room.reason * 2, SECTION), snapshot.language)
        blocks.append(context(BlockId.CLOSING_REASON, quote))
    return blocks


def _outcome_words(snapshot: ApprovalSnapshot, last: RecordedDecision | None) -> str:
    locale = snapshot.language
    rule = rule_words(snapshot.rule, locale)
    key = f"outcome.why.{snapshot.closing_rule}"
    code = in_line(snapshot.closing_rule, 80, locale)
    why = text(key if has_text(key) else "outcome.why.other", locale, rule=rule, code=code)
    when = date(snapshot.closed_at, locale) if snapshot.closed_at else ""
    by = who(snapshot.closed_by, locale)
    if last is not None and last.seat != last.person:
        by = text("outcome.for", locale, who=by, seat=person(last.seat, locale))
    return text(_by_clock("outcome", snapshot), locale, who=by, when=when, why=why)


def short_outcome(snapshot: ApprovalSnapshot) -> str:
    """Return the outcome in a few words, for notifications and for an order's summary."""
    locale = snapshot.language
    return text(_by_clock("outcome.short", snapshot), locale, who=who(snapshot.closed_by, locale))


def _by_clock(key: str, snapshot: ApprovalSnapshot) -> str:
    """Return the key of the sentence; a request that needed nobody was approved by nobody."""
    ended = f"{key}.{snapshot.status}"
    nobody = snapshot.closed_by is None or not snapshot.closed_by.person
    return f"{ended}.clock" if nobody and has_text(f"{ended}.clock") else ended
