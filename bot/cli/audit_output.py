"""Terminal output of facts, redactions, refusals and verification results."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from bot.actions.audit_verification import Checked
from bot.cli.request_output import actor_text
from bot.cli.terminal import Line
from records.refusals import CHAIN, RefusalRow
from records.trail import Flaw, Trail, Verification, actor_of, fact_of
from views.text import printable
from workflows.rules.people.actors import Origin
from workflows.rules.shared.audit import AuditEvent

_SHOWN_DATA = (
    *("verdict", "step", "reference", "error", "outcome", "status", "eligible", "delegates"),
    *("delegate", "people", "changed", "voided", "to", "approvers"),
)
"""Keys of a fact's data that are shown, in this order."""

FLAWS = {
    Flaw.MISSING: "is missing or was replaced",
    Flaw.UNREADABLE: "cannot be read",
    Flaw.ALTERED: "was altered",
    Flaw.REDACTION: "differs from its redaction",
    Flaw.CUT_SHORT: "is missing: the end of the trail, or the record of its length, was removed",
    Flaw.DELETED: "is missing: the whole trail was deleted, but other records refer to it",
}
DIFFERENCES = {
    "fact_differs": "fits the chain, but differs from Temporal's history",
    "fact_invented": "fits the chain, but never happened according to Temporal's history",
    "fact_lost": "is missing, but was recorded according to Temporal's history",
    "state_differs": "is intact, but the recorded state of the request does not match it",
}


def fact_table(trail: Trail) -> Table:
    """Return a trail as a table with one row per fact."""
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
    """Return one line per redaction: the fact and field, who redacted it, when and why."""
    return [
        Line(
            f"Redacted in {redaction['sequence']}: {redaction['field']}, by "
            f"{actor_text(actor_of(redaction['actor']))}, {redaction['at']}: “{redaction['why']}”"
        )
        for redaction in trail.redactions
    ]


def fact_json(trail: Trail) -> list[dict[str, Any]]:
    """Return a trail's facts as JSON values, each with its hash and redactions."""
    found = []
    for fact_row in trail.rows:
        fact = fact_of(fact_row)
        actor = {"person": fact.actor.person, "origin": fact.actor.origin.value}
        redacted = [
            {name: value for name, value in row.items() if name not in ("request_id", "sequence")}
            | {"actor": _actor_json(row["actor"])}
            for row in trail.redactions
            if row["sequence"] == fact.sequence
        ]
        plain = dict(fact_row) | {
            "actor": actor | {"operator": fact.actor.operator},
            "data": fact.data,
            "redactions": redacted,
        }
        found.append(plain)
    return found


def _actor_json(written: str) -> Mapping[str, str]:
    actor = actor_of(written)
    return {"person": actor.person, "origin": actor.origin.value, "operator": actor.operator}


_AUTOMATIC = {origin: f"the {origin}" for origin in Origin} | {Origin.CLOCK: "Countersign"}
"""The actors without a person."""


def _what(fact: AuditEvent) -> str:
    more = [f"{key}: {fact.data[key]}" for key in _SHOWN_DATA if fact.data.get(key)]
    return "\n".join([fact.kind.value, *more])


def _who(fact: AuditEvent) -> str:
    who = actor_text(fact.actor) if fact.actor.person else _AUTOMATIC[fact.actor.origin]
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
    for row in refused:
        refusal = row.refusal
        cells = (
            str(row.number),
            _when(refusal.at),
            refusal.request_id,
            actor_text(refusal.actor),
            refusal.verb,
            refusal.code,
            str(row.times),
        )
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def refusal_json(refused: RefusalRow) -> dict[str, Any]:
    """Return a refusal as JSON values."""
    refusal = refused.refusal
    return {
        "number": refused.number,
        "request_id": refusal.request_id,
        "person": refusal.actor.person,
        "origin": refusal.actor.origin.value,
        "operator": refusal.actor.operator,
        "verb": refusal.verb,
        "code": refusal.code,
        "at": refusal.at.isoformat(),
        "last_at": refused.last_at.isoformat(),
        "times": refused.times,
    }


def chain_text(found: Verification) -> str:
    """Return the result of verifying a chain, in one sentence."""
    thing = "refusal" if found.request_id == CHAIN else "fact"
    name = "The refusals" if found.request_id == CHAIN else found.request_id
    if found.flaw is None:
        return f"{name}: {_counted(thing, found.facts)}, the chain is intact."
    if found.flaw is Flaw.NOTHING_WRITTEN:
        return f"{name}: nothing is recorded."
    return f"{name}: {thing} {found.sequence} {FLAWS[found.flaw]}."


def checked_text(checked: "Checked") -> str:
    """Return the result of verifying a trail, in one sentence."""
    name, compared = checked.request_id, checked.compared.value
    if compared in DIFFERENCES:
        return f"{name}: fact {checked.sequence} {DIFFERENCES[compared]}."
    chain = Verification(
        request_id=name, facts=checked.facts, flaw=checked.flaw, sequence=checked.sequence
    )
    if not checked.is_whole:
        return chain_text(chain)
    redacted = f" ({_counted('text', checked.redacted)} redacted)" if checked.redacted else ""
    whole = f"{name}: {_counted('fact', checked.facts)}{redacted}, the chain is intact"
    return f"{whole}{COMPARED[compared].format(why=checked.why)}."


COMPARED = {
    "not_asked": "; not compared with Temporal",
    "agrees": ", and Temporal's history matches",
    "agrees_in_part": ", and the rest of Temporal's history matches; its first runs are deleted",
    "forgotten": "; Temporal's history of it is deleted",
    "not_replayable": (
        "; not compared, because this version of the workflows cannot replay its history ({why})"
    ),
    "was_reset": "; not compared, because an operator has reset its workflow in Temporal",
    "unreachable": "; not compared, because Temporal did not answer ({why})",
}


def _when(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _counted(thing: str, count: int) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
