"""A request on the terminal: state, levels, people, decisions, changes and available commands."""

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
    """Return a snapshot as the records store it: plain values for JSON."""
    document: dict[str, Any] = snapshot_to_json(snapshot)
    return document


def instant(at: datetime) -> str:
    """Return an instant in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def counted(what: str, count: int) -> str:
    """Return `1 decision` or `2 decisions`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def actor_text(actor: Actor | None) -> str:
    """Return the person and, for the command line, the operator."""
    if actor is None or not actor.person:
        return "Countersign"
    return f"{actor.person} (command line: {actor.operator})" if actor.operator else actor.person


def verb_text(verb: Verb) -> str:
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
            f"{instant(snapshot.closed_at)}, by {actor_text(snapshot.closed_by)}. {_why(snapshot)}"
        )
    asked = f"{actor_text(snapshot.requester)}, {instant(snapshot.submitted_at)}"
    return labelled(
        {
            "Status": state,
            "Ended": ended,
            "Reason": quote(snapshot.closing_reason),
            "Requested by": asked,
            "Policy": _rule(snapshot),
        }
    )


def _rule(snapshot: ApprovalSnapshot) -> str:
    """Return the rule; of a private request only the policy, as the limits would reveal the amount."""
    return snapshot.policy if snapshot.hidden else str(snapshot.rule)


def _why(snapshot: ApprovalSnapshot) -> str:
    key = f"outcome.why.{snapshot.closing_rule}"
    if not ENGLISH.has(key):
        return f"Reason code: {snapshot.closing_rule}."
    return translator(snapshot.language)(key, rule=_rule(snapshot), code=snapshot.closing_rule)


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
    """Return the changes of the last amendment, who stays off, and the changes requested."""
    if snapshot.changes:
        voided = (
            f"; {counted('earlier decision', snapshot.voided)} reset" if snapshot.voided else ""
        )
        yield Line(f"Changed (revision {snapshot.content_revision}){voided}:")
        yield from (Line(_change_text(change), 1) for change in snapshot.changes)
    for exclusion in snapshot.exclusions:
        yield Line(f"Taken off by {', '.join(exclusion.admins)} (admin): {exclusion.person}")
    if wanted := snapshot.change_request:
        text = f"{wanted.person} requested changes, {instant(wanted.at)}: {quote(wanted.reason)}"
        yield Line(text, style="yellow")


def _change_text(change: ContentChange) -> str:
    part = change.part.removeprefix("field:")
    return f"{part}: {quote(change.before) or '(empty)'} → {quote(change.after) or '(empty)'}"


def _level_lines(snapshot: ApprovalSnapshot, level: LevelSnapshot) -> Iterator[Line]:
    state = _level_state(snapshot, level)
    yield Line(
        f"Level {level.number} of {snapshot.levels_in_all}: {level.name}, {state}", style="bold"
    )
    if snapshot.status is Status.PENDING and not level.passed:
        yield from _open_lines(snapshot, level)
    for decision in level.decisions:
        yield Line(_decision_text(decision), 1)


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
    given = sum(decision.verdict is Verdict.APPROVE for decision in level.decisions)
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
    for approver in level.asked:
        source = f" ({approver.source})" if approver.source else ""
        yield Line(f"{approver.person}{source}", 1)
    for delegate in level.delegates:
        yield Line(_delegate_text(delegate), 1)


def _delegate_text(delegate: Delegate) -> str:
    starts = f", from {instant(delegate.starts)}" if delegate.starts else ""
    ends = f", until {instant(delegate.ends)}" if delegate.ends else ""
    return f"{delegate.person} can decide for {delegate.seat}{starts}{ends}"


def _decision_text(decision: RecordedDecision) -> str:
    person = decision.person
    on_behalf_of = f" for {decision.seat}" if decision.seat != person else ""
    reason = f": {quote(decision.reason)}" if decision.reason.strip() else ""
    verdict = VERDICTS[decision.verdict]
    return f"{person} {verdict}{on_behalf_of}, {instant(decision.at)}{reason}"


def _comment_lines(snapshot: ApprovalSnapshot) -> Iterator[Line]:
    if not snapshot.comments:
        return
    last = (
        f", most recent {len(snapshot.remarks)}"
        if snapshot.comments > len(snapshot.remarks)
        else ""
    )
    yield Line(f"Comments: {snapshot.comments}{last}", style="bold")
    for remark in snapshot.remarks:
        yield Line(f"{remark.person}, {instant(remark.at)}: {quote(remark.text)}", 1)


def menu_line(person: str, verbs: Sequence[Verb]) -> Line:
    """Return the commands that the person may use now."""
    what = ", ".join(map(verb_text, verbs)) or "nothing"
    return Line(f"{person} can now: {what}", style="bold")


def short_lines(snapshot: ApprovalSnapshot) -> list[Line]:
    """Return a request in two lines, for a list."""
    amount = f" · {snapshot.content.amount}" if snapshot.content.amount else ""
    waiting = snapshot.open_level
    level = ""
    if waiting is not None:
        decided = {decision.seat for decision in waiting.decisions}
        left = [person for person in waiting.eligible if person not in decided]
        people = ", ".join(left) or "no one yet"
        level = f" · level {waiting.number} of {snapshot.levels_in_all}: {people}"
    return [
        Line(f"{snapshot.request_id} · {STATES[snapshot.status]}{level}", style="bold"),
        Line(
            f"{snapshot.policy}: {snapshot.content.title}{amount} · {snapshot.requester.person}, "
            f"{instant(snapshot.submitted_at)}",
            1,
        ),
    ]


def absence_text(absence: Absence) -> str:
    """Return an absence in one line."""
    period = f"from {instant(absence.starts)} until {instant(absence.ends)}"
    return f"{absence.person} is away {period}; {absence.delegate} can decide for them"
