"""A request on the terminal: state, levels, people, decisions, what changed, what one may do now."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.cli.terminal import Line, labelled
from records.snapshots import snapshot_to_json
from views.translator import ENGLISH, translator
from workflows.rules.approvals.request import Delegate, RecordedDecision, Status, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.people.actors import Absence, Actor
from workflows.rules.shared.content import ContentChange

STATES = {
    Status.PENDING: "waiting for approval",
    Status.CHANGES_REQUESTED: "changes requested",
    Status.APPROVED: "approved",
    Status.REJECTED: "rejected",
    Status.EXPIRED: "expired",
    Status.WITHDRAWN: "withdrawn",
    Status.ADMIN_CLOSED: "closed by an admin",
}
VERDICTS = {
    Verdict.APPROVE: "approved",
    Verdict.REJECT: "rejected",
    Verdict.REQUEST_CHANGES: "requested changes",
}

UNREAD = "approvers_unread"
"""Why a level is blocked before its approvers are looked up for the first time."""


def request_json(snapshot: ApprovalSnapshot) -> dict[str, Any]:
    """Return a face as the records keep it: plain values for JSON."""
    plain: dict[str, Any] = snapshot_to_json(snapshot)
    return plain


def instant(at: datetime) -> str:
    """Return an instant in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def counted(what: str, count: int) -> str:
    """Return `1 decision` or `2 decisions`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def actor_words(actor: Actor | None) -> str:
    """Return the person and, for the command line, the operator."""
    if actor is None or not actor.person:
        return "Countersign"
    return f"{actor.person} (command line: {actor.operator})" if actor.operator else actor.person


def verb_words(verb: Verb) -> str:
    """Return a verb as it is typed."""
    return verb.value.replace("_", "-")


def request_lines(snapshot: ApprovalSnapshot) -> list[Line]:
    """Return the public part of a request."""
    return [
        Line(f"{snapshot.request_id} · {snapshot.title}: {snapshot.content.title}", style="bold"),
        *_state_lines(snapshot),
        *_content_lines(snapshot),
        *change_lines(snapshot),
        *(line for level in snapshot.levels for line in _level_lines(snapshot, level)),
        *_comment_lines(snapshot),
    ]


def _state_lines(snapshot: ApprovalSnapshot) -> list[Line]:
    state = STATES[snapshot.status]
    if snapshot.status is Status.PENDING and snapshot.levels:
        state = f"{state}, level {snapshot.levels[-1].number} of {snapshot.levels_in_all}"
    ended = ""
    if snapshot.closed_at is not None:
        ended = (
            f"{instant(snapshot.closed_at)}, by {actor_words(snapshot.closed_by)}. {_why(snapshot)}"
        )
    asked = f"{actor_words(snapshot.requester)}, {instant(snapshot.submitted_at)}"
    return labelled(
        {
            "Status": state,
            "Ended": ended,
            "Reason": quote(snapshot.closing_reason),
            "Requested by": asked,
            "Policy": str(snapshot.rule),
        }
    )


def _why(snapshot: ApprovalSnapshot) -> str:
    key = f"outcome.why.{snapshot.closing_rule}"
    if not ENGLISH.has(key):
        return f"Reason code: {snapshot.closing_rule}."
    return translator(snapshot.language)(key, rule=snapshot.rule, code=snapshot.closing_rule)


def quote(reason: str) -> str:
    """Return a reason in quotation marks, or an empty text if there is none."""
    return f"“{reason.strip()}”" if reason.strip() else ""


def _content_lines(snapshot: ApprovalSnapshot) -> list[Line]:
    content = snapshot.content
    lines = labelled({"Amount": str(content.amount or "")})
    lines += [Line(f"{field.label}: {field.value}") for field in content.fields]
    lines += [Line(f"Link: {link}") for link in content.links]
    if content.text.strip():
        lines.append(Line("Description:"))
        lines += [Line(part, 1) for part in content.text.strip().splitlines()]
    return lines


def change_lines(snapshot: ApprovalSnapshot) -> Iterator[Line]:
    """Return the changes of the last amendment, and those that an approver requests."""
    if snapshot.changes:
        voided = (
            f"; {counted('earlier decision', snapshot.voided)} reset" if snapshot.voided else ""
        )
        yield Line(f"Changed (revision {snapshot.content_revision}){voided}:")
        yield from (Line(_change_words(change), 1) for change in snapshot.changes)
    if wanted := snapshot.change_request:
        words = f"{wanted.person} requested changes, {instant(wanted.at)}: {quote(wanted.reason)}"
        yield Line(words, style="yellow")


def _change_words(change: ContentChange) -> str:
    part = change.part.removeprefix("field:")
    return f"{part}: {quote(change.before) or '(empty)'} → {quote(change.after) or '(empty)'}"


def _level_lines(snapshot: ApprovalSnapshot, level: LevelSnapshot) -> Iterator[Line]:
    state = _level_state(snapshot, level)
    yield Line(
        f"Level {level.number} of {snapshot.levels_in_all}: {level.name}, {state}", style="bold"
    )
    if snapshot.status is Status.PENDING and not level.passed:
        yield from _open_lines(snapshot, level)
    for said in level.decisions:
        yield Line(_decision_words(said), 1)


def _level_state(snapshot: ApprovalSnapshot, level: LevelSnapshot) -> str:
    if level.passed:
        return "approved"
    if not snapshot.is_open:
        return "ended without approval"
    if snapshot.status is not Status.PENDING:
        return "waiting for changes"
    if level.blocked == UNREAD:
        return "looking up the approvers"
    return "blocked" if level.blocked else "open"


def _open_lines(snapshot: ApprovalSnapshot, level: LevelSnapshot) -> Iterator[Line]:
    if level.blocked and level.blocked != UNREAD:
        key = f"level.blocked.{level.blocked}"
        known = key if ENGLISH.has(key) else "level.blocked.other"
        yield Line(translator(snapshot.language)(known, code=level.blocked), 1, "yellow")
    given = sum(said.verdict is Verdict.APPROVE for said in level.decisions)
    yield Line(f"Approvals: {given} of {level.needed} needed", 1)
    yield from labelled(
        {
            "Expires": instant(level.expires_at) if level.expires_at else "",
            "Approvers": ", ".join(level.sources),
            "Could not read": ", ".join(level.unreadable),
            "Reminders": str(level.reminders or ""),
            "Escalations": str(level.escalations or ""),
        },
        1,
    )
    for one in level.asked:
        yield Line(f"{one.person} ({one.source})" if one.source else one.person, 1)
    for standing_in in level.delegates:
        yield Line(_stand_in_words(standing_in), 1)


def _stand_in_words(one: Delegate) -> str:
    bounds = [
        f", {word} {instant(at)}" for word, at in (("from", one.starts), ("until", one.ends)) if at
    ]
    return f"{one.person} can decide for {one.seat}{''.join(bounds)}"


def _decision_words(said: RecordedDecision) -> str:
    whose = f" for {said.seat}" if said.seat != said.person else ""
    reason = f": {quote(said.reason)}" if said.reason.strip() else ""
    return f"{said.person} {VERDICTS[said.verdict]}{whose}, {instant(said.at)}{reason}"


def _comment_lines(snapshot: ApprovalSnapshot) -> Iterator[Line]:
    if not snapshot.comments:
        return
    last = (
        f", most recent {len(snapshot.remarks)}"
        if snapshot.comments > len(snapshot.remarks)
        else ""
    )
    yield Line(f"Comments: {snapshot.comments}{last}", style="bold")
    for one in snapshot.remarks:
        yield Line(f"{one.person}, {instant(one.at)}: {quote(one.text)}", 1)


def menu_line(person: str, verbs: Sequence[Verb]) -> Line:
    """Return the commands that the person may use now."""
    what = ", ".join(map(verb_words, verbs)) or "nothing"
    return Line(f"{person} can now: {what}", style="bold")


def short_lines(snapshot: ApprovalSnapshot) -> list[Line]:
    """Return a request in two lines, for a list."""
    amount = f" · {snapshot.content.amount}" if snapshot.content.amount else ""
    waiting = snapshot.open_level
    asked = ""
    if waiting is not None:
        decided = {said.seat for said in waiting.decisions}
        left = [person for person in waiting.eligible if person not in decided]
        people = ", ".join(left) or "no one yet"
        asked = f" · level {waiting.number} of {snapshot.levels_in_all}: {people}"
    return [
        Line(f"{snapshot.request_id} · {STATES[snapshot.status]}{asked}", style="bold"),
        Line(
            f"{snapshot.policy}: {snapshot.content.title}{amount} · {snapshot.requester.person}, "
            f"{instant(snapshot.submitted_at)}",
            1,
        ),
    ]


def absence_words(one: Absence) -> str:
    """Return an absence in one line."""
    bounds = f"from {instant(one.starts)} until {instant(one.ends)}"
    return f"{one.person} is away {bounds}; {one.delegate} can decide for them"
