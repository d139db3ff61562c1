"""The audit trail of a request in a modal, for those who may read it."""

from collections.abc import Sequence

from views.blocks import VIEW, Block, json_size, note, text_block
from views.ids import BlockId
from views.people import actor_text
from views.translator import Translator
from workflows.rules.approvals.request import RequestKind, Verdict
from workflows.rules.shared.audit import AuditEvent

LATEST = 40
"""Facts shown; the records have all of them."""
_TOGETHER = 6
"""Facts in one section; their longest lines fit in its 3,000 characters."""
_REASON = 120


def trail_blocks(facts: Sequence[AuditEvent], t: Translator, room: int = VIEW) -> list[Block]:
    """Return the latest facts with their actors, times and reasons; long reasons are shortened.

    The blocks have at most `room` characters as JSON: the oldest facts are left out and counted.
    """
    if not facts:
        return []
    count = min(len(facts), LATEST)
    blocks = _latest(facts, count, t)
    while count and json_size(blocks) > room:
        count = max(count - _TOGETHER, 0)
        blocks = _latest(facts, count, t)
    return blocks


def _latest(facts: Sequence[AuditEvent], count: int, t: Translator) -> list[Block]:
    earlier = len(facts) - count
    lines = [_line(number, fact, t) for number, fact in enumerate(facts[earlier:], earlier + 1)]
    blocks = [text_block(BlockId.TRAIL, t("trail.title"), t)]
    if earlier:
        text = t("trail.earlier", count=earlier)
        blocks.append(note(f"{BlockId.TRAIL}-earlier", text, t))
    for at in range(0, len(lines), _TOGETHER):
        part = "\n".join(lines[at : at + _TOGETHER])
        blocks.append(text_block(f"{BlockId.TRAIL}-{at}", part, t))
    return blocks


def _line(number: int, fact: AuditEvent, t: Translator) -> str:
    is_automatic = not fact.actor.person and not fact.actor.operator
    reason = t.inline(fact.reason, _REASON)
    return t(
        "trail.line.reason" if reason else "trail.line",
        number=number,
        when=t.date(fact.at),
        who=t("trail.nobody") if is_automatic else actor_text(fact.actor, t),
        what=_what(fact, t),
        reason=reason,
    )


def _what(fact: AuditEvent, t: Translator) -> str:
    verdict = fact.data.get("verdict", "")
    return t(
        f"fact.{fact.kind}",
        level=fact.level,
        revision=fact.content_revision,
        verdict=t(f"trail.verdict.{verdict}") if verdict in set(Verdict) else "",
        step=_step(fact.data.get("step", ""), t),
    )


def _step(name: str, t: Translator) -> str:
    """Return the name of a step of any journey; an empty string if the fact is about no step."""
    keys = (f"{kind}.step.{name}" for kind in RequestKind)
    return next((t(key) for key in keys if name and t.has(key)), "")
