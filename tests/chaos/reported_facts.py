"""The facts that a message reports, to compare them with the audit trail."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import Formatter

from emulator.client import text_of
from emulator.errors import Json
from views.catalogue import CATALOGUES
from workflows.rules.shared.audit import AuditEvent, Fact

REPORTING_TEXTS: dict[str, Fact] = {
    **{
        f"decision.{verdict}": Fact.DECISION_RECORDED
        for verdict in ("approve", "reject", "request_changes")
    },
    "change_request": Fact.DECISION_RECORDED,
    "tell.changes_wanted": Fact.DECISION_RECORDED,
    "tell.commented": Fact.COMMENT_ADDED,
    "comments.by": Fact.COMMENT_ADDED,
    "changes.title": Fact.REQUEST_AMENDED,
    "level.stand_in": Fact.SEAT_DELEGATED,
    "level.reassigned": Fact.LEVEL_REASSIGNED,
    "outcome.approved": Fact.REQUEST_APPROVED,
    "outcome.rejected": Fact.REQUEST_REJECTED,
    "outcome.withdrawn": Fact.REQUEST_WITHDRAWN,
    "outcome.admin_closed": Fact.REQUEST_CLOSED,
    "notice.outcome.approval.approved": Fact.REQUEST_APPROVED,
    "notice.outcome.approval.rejected": Fact.REQUEST_REJECTED,
    "notice.outcome.approval.withdrawn": Fact.REQUEST_WITHDRAWN,
    "notice.outcome.approval.admin_closed": Fact.REQUEST_CLOSED,
}
"""The keys of catalogue texts that report an event, and the fact that must exist for it."""

_PLACEHOLDERS = {
    "who": r"<@(?P<who>\w+)>",
    "seat": r"<@(?P<who>\w+)>",
    "person": r"<@\w+>",
    "when": r"<!date\^(?P<when>\d+)\^[^>]*>",
}
_MESSAGES = ("chat.postMessage", "chat.update", "chat.postEphemeral")


@dataclass(frozen=True, kw_only=True)
class ReportedFact:
    """A fact as a text reports it: who did it and in which second. A detail the text omits is empty."""

    key: str
    kind: Fact
    person: str = ""
    second: int = 0

    def is_true(self, facts: Sequence[AuditEvent]) -> bool:
        """Whether one of these facts matches."""
        verdict = self.key.removeprefix("decision.") if self.key.startswith("decision.") else ""
        return any(
            fact.kind is self.kind
            and self.person in ("", fact.actor.person)
            and self.second in (0, int(fact.at.timestamp()))
            and verdict in ("", fact.data.get("verdict"))
            for fact in facts
        )


def reported_facts(text: str) -> Iterator[ReportedFact]:
    """Yield every fact that the text of a message reports."""
    for key, pattern, kind in _PATTERNS:
        for found in pattern.finditer(text):
            details = found.groupdict()
            yield ReportedFact(
                key=key,
                kind=kind,
                person=details.get("who", ""),
                second=int(details.get("when") or 0),
            )


def text_of_entry(entry: Json) -> str:
    """Return the text of the message that a journal entry sent to Slack, or "" if it sent none."""
    inline = entry["kind"] == "response_url"
    if not inline and entry.get("method") not in _MESSAGES:
        return ""
    arguments = dict(entry["arguments"])
    if isinstance(arguments.get("blocks"), str):
        arguments["blocks"] = json.loads(arguments["blocks"])
    return text_of({"text": arguments.get("text") or "", "blocks": arguments.get("blocks") or []})


def _pattern(sentence: str) -> re.Pattern[str]:
    """Return a pattern that matches a catalogue text with any values for its placeholders.

    A text that starts with a placeholder must start a line: other texts end with `{who} · {when}`.
    """
    parts = ["^"] if sentence.startswith("{") else []
    for literal, placeholder, _, _ in Formatter().parse(sentence):
        parts.append(re.escape(literal))
        if placeholder:
            parts.append(_PLACEHOLDERS.get(placeholder, r"[^\n]*?"))
    return re.compile("".join(parts), re.MULTILINE)


_PATTERNS = [
    (key, _pattern(catalogue.plain[key]), kind)
    for catalogue in CATALOGUES.values()
    for key, kind in REPORTING_TEXTS.items()
]
