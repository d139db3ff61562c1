"""Facts, redactions and refusals on the terminal, and what is wrong with them in sentences."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from bot.cli.request_output import actor_words
from bot.cli.terminal import Line
from records.refusals import CHAIN, RefusalRow
from records.trail import Flaw, Trail, Verification, actor_of, fact_of
from views.text import printable
from workflows.rules.shared.audit import AuditEvent

if TYPE_CHECKING:
    from bot.actions.audit_verification import Checked

_TOLD = (
    *("verdict", "step", "reference", "error", "outcome", "status", "eligible", "delegates"),
    *("delegate", "people", "changed", "voided", "to", "approvers"),
)
"""Keys of a fact's data that say more of what happened, in this order."""

FLAWS = {
    Flaw.MISSING: "is missing, or another one stands in its place",
    Flaw.UNREADABLE: "is not what any fact looks like",
    Flaw.ALTERED: "is not as it was written",
    Flaw.REDACTION: "is not as it was redacted",
    Flaw.CUT_SHORT: "is missing: the end was cut off, or the head that says how far it goes",
}
DIFFERENCES = {
    "fact_differs": "fits its chain, but Temporal's history says otherwise",
    "fact_invented": "fits its chain, but by Temporal's history it never happened",
    "fact_lost": "is missing: by Temporal's history it was written down",
    "state_differs": "is right, but the last public state is not what it led to",
}


def fact_table(trail: Trail) -> Table:
    """Return a trail as a table, a row a fact."""
    table = Table(
        "#", "when (UTC)", "what", "who", "level", "rev.", "rule", "reason", title=trail.request_id
    )
    for row in trail.rows:
        fact = fact_of(row)
        kept = trail.kept(fact.sequence)
        cells = (
            str(fact.sequence),
            _when(fact.at),
            _what(fact),
            _who(fact),
            str(fact.level or ""),
            str(fact.content_revision),
            _rule(fact),
            "(redacted)" if "reason" in kept else fact.reason,
        )
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def redaction_lines(trail: Trail) -> list[Line]:
    """Return what was taken out of a trail, by whom and why."""
    return [
        Line(
            f"Redacted in {one['sequence']}: {one['field']}, by "
            f"{actor_words(actor_of(one['actor']))}, {one['at']}: “{one['why']}”"
        )
        for one in trail.redactions
    ]


def fact_json(trail: Trail) -> list[dict[str, Any]]:
    """Return a trail's facts as plain values, each with its hash and its redactions."""
    found = []
    for row in trail.rows:
        fact = fact_of(row)
        actor = {"person": fact.actor.person, "origin": fact.actor.origin.value}
        redacted = [
            {name: value for name, value in one.items() if name not in ("request_id", "sequence")}
            | {"actor": _actor_json(one["actor"])}
            for one in trail.redactions
            if one["sequence"] == fact.sequence
        ]
        plain = dict(row) | {
            "actor": actor | {"operator": fact.actor.operator},
            "data": fact.data,
            "redactions": redacted,
        }
        found.append(plain)
    return found


def _actor_json(written: str) -> Mapping[str, str]:
    actor = actor_of(written)
    return {"person": actor.person, "origin": actor.origin.value, "operator": actor.operator}


def _what(fact: AuditEvent) -> str:
    more = [f"{key}: {fact.data[key]}" for key in _TOLD if fact.data.get(key)]
    return "\n".join([fact.kind.value, *more])


def _who(fact: AuditEvent) -> str:
    who = actor_words(fact.actor) if fact.actor.person else f"the {fact.actor.origin}"
    seat = fact.data.get("on_behalf_of", "")
    return f"{who}\nfor {seat}" if seat else who


def _rule(fact: AuditEvent) -> str:
    source = fact.data.get("member_by", "")
    return f"{fact.rule}\nmember by {source}" if source else fact.rule


def refusal_table(refused: list[RefusalRow]) -> Table:
    """Return refusals as a table."""
    table = Table(
        "#", "when (UTC)", "request", "who", "tried", "refused", "times", title="Refusals"
    )
    for one in refused:
        refusal = one.refusal
        cells = (
            str(one.number),
            _when(refusal.at),
            refusal.request_id,
            actor_words(refusal.actor),
            refusal.verb,
            refusal.code,
            str(one.times),
        )
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def refusal_json(one: RefusalRow) -> dict[str, Any]:
    """Return a refusal as plain values."""
    refusal = one.refusal
    return {
        "number": one.number,
        "request_id": refusal.request_id,
        "person": refusal.actor.person,
        "origin": refusal.actor.origin.value,
        "operator": refusal.actor.operator,
        "verb": refusal.verb,
        "code": refusal.code,
        "at": refusal.at.isoformat(),
        "last_at": one.last_at.isoformat(),
        "times": one.times,
    }


def chain_words(found: Verification) -> str:
    """Return in a sentence what was found of a chain alone."""
    thing = "refusal" if found.request_id == CHAIN else "fact"
    name = "The refusals" if found.request_id == CHAIN else found.request_id
    if found.flaw is None:
        return f"{name}: {_counted(thing, found.facts)}, the chain is whole."
    if found.flaw is Flaw.NOTHING_WRITTEN:
        return f"{name}: nothing is written down."
    return f"{name}: {thing} {found.sequence} {FLAWS[found.flaw]}."


def checked_words(checked: "Checked") -> str:
    """Return in a sentence what was found of a trail."""
    name, compared = checked.request_id, checked.compared.value
    if compared in DIFFERENCES:
        return f"{name}: fact {checked.sequence} {DIFFERENCES[compared]}."
    chain = Verification(
        request_id=name, facts=checked.facts, flaw=checked.flaw, sequence=checked.sequence
    )
    if not checked.is_whole:
        return chain_words(chain)
    redacted = f" ({_counted('text', checked.redacted)} redacted)" if checked.redacted else ""
    whole = f"{name}: {_counted('fact', checked.facts)}{redacted}, the chain is whole"
    return f"{whole}{COMPARED[compared].format(why=checked.why)}."


COMPARED = {
    "not_asked": "; Temporal was not asked",
    "agrees": ", and Temporal's history yields the same",
    "agrees_in_part": (
        ", and what Temporal still has of its history yields the same; its first runs are forgotten"
    ),
    "forgotten": "; Temporal has no history of it any more",
    "not_replayable": (
        "; its history does not go with this version of the workflows, so they were not compared "
        "({why})"
    ),
    "unreachable": "; Temporal did not answer ({why}), so they were not compared",
}


def _when(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _counted(thing: str, count: int) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
