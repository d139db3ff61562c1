"""The audit trail of a request as blocks of a modal, for those who may read it."""

from collections.abc import Sequence

from views.blocks import Block, context, mrkdwn, said
from views.ids import BlockId
from views.outcome import who
from views.text import date, in_line, text
from workflows.rules.approvals.request import Verdict
from workflows.rules.hr.snapshot import HrStepName
from workflows.rules.orders.order import StepName
from workflows.rules.shared.audit import AuditEvent

LATEST = 40
"""Facts that are shown; the records have them all."""
_TOGETHER = 6
"""Facts in one section: their longest lines fit into its 3,000 characters."""
_REASON = 120


def trail_blocks(facts: Sequence[AuditEvent], locale: str) -> list[Block]:
    """Return the latest facts, each with who did it, when, and the words that were given.

    Any facts yield valid blocks: long words are shortened.
    """
    if not facts:
        return []
    shown = facts[-LATEST:]
    first = len(facts) - len(shown) + 1
    lines = [_line(number, fact, locale) for number, fact in enumerate(shown, start=first)]
    blocks = [said(BlockId.TRAIL, text("trail.title", locale), locale)]
    if first > 1:
        words = text("trail.earlier", locale, count=first - 1)
        blocks.append(context(f"{BlockId.TRAIL}-earlier", mrkdwn(words, 300, locale)))
    for at in range(0, len(lines), _TOGETHER):
        part = "\n".join(lines[at : at + _TOGETHER])
        blocks.append(said(f"{BlockId.TRAIL}-{at}", part, locale))
    return blocks


def _line(number: int, fact: AuditEvent, locale: str) -> str:
    by_itself = not fact.actor.person and not fact.actor.operator
    reason = in_line(fact.reason, _REASON, locale)
    return text(
        "trail.line.reason" if reason else "trail.line",
        locale,
        number=number,
        when=date(fact.at, locale),
        who=text("trail.nobody", locale) if by_itself else who(fact.actor, locale),
        what=_what(fact, locale),
        reason=reason,
    )


def _what(fact: AuditEvent, locale: str) -> str:
    verdict = fact.data.get("verdict", "")
    return text(
        f"fact.{fact.kind}",
        locale,
        level=fact.level,
        revision=fact.content_revision,
        verdict=text(f"trail.verdict.{verdict}", locale) if verdict in set(Verdict) else "",
        step=_step(fact.data.get("step", ""), locale),
    )


def _step(name: str, locale: str) -> str:
    if name in set(HrStepName):
        return text(f"hr.step.{name}", locale)
    return text(f"order.step.{name}", locale) if name in set(StepName) else ""
