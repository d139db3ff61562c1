"""Claims: what a message on its way to Slack says of the past, and the fact that must be behind it."""

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
"""The sentences that say that something has happened, and what."""

_BLANKS = {
    "who": r"<@(?P<who>\w+)>",
    "seat": r"<@(?P<who>\w+)>",
    "person": r"<@\w+>",
    "when": r"<!date\^(?P<when>\d+)\^[^>]*>",
}
_MESSAGES = ("chat.postMessage", "chat.update", "chat.postEphemeral")


@dataclass(frozen=True, kw_only=True)
class ReportedFact:
    """`person` has done this, in this second; what a sentence does not say is empty."""

    key: str
    kind: Fact
    person: str = ""
    second: int = 0

    def is_true(self, facts: Sequence[AuditEvent]) -> bool:
        """Whether one of these facts is what it says."""
        verdict = self.key.removeprefix("decision.") if self.key.startswith("decision.") else ""
        return any(
            fact.kind is self.kind
            and self.person in ("", fact.actor.person)
            and self.second in (0, int(fact.at.timestamp()))
            and verdict in ("", fact.data.get("verdict"))
            for fact in facts
        )


def reported_facts(words: str) -> Iterator[ReportedFact]:
    """Yield everything that these words of a message say of the past."""
    for key, pattern, kind in _PATTERNS:
        for found in pattern.finditer(words):
            said = found.groupdict()
            yield ReportedFact(
                key=key, kind=kind, person=said.get("who", ""), second=int(said.get("when") or 0)
            )


def text_of_entry(entry: Json) -> str:
    """Return the words of the message that a journal entry brought to Slack; empty: it was none."""
    inline = entry["kind"] == "response_url"
    if not inline and entry.get("method") not in _MESSAGES:
        return ""
    said = dict(entry["arguments"])
    if isinstance(said.get("blocks"), str):
        said["blocks"] = json.loads(said["blocks"])
    return text_of({"text": said.get("text") or "", "blocks": said.get("blocks") or []})


def _pattern(sentence: str) -> re.Pattern[str]:
    """Return the pattern that finds a sentence of the catalogue, whatever fills its blanks.

    A sentence that begins with a blank must begin a line: `{who} · {when}` is also how others end.
    """
    parts = ["^"] if sentence.startswith("{") else []
    for literal, blank, _, _ in Formatter().parse(sentence):
        parts.append(re.escape(literal))
        if blank:
            parts.append(_BLANKS.get(blank, r"[^\n]*?"))
    return re.compile("".join(parts), re.MULTILINE)


_PATTERNS = [
    (key, _pattern(spoken.plain[key]), kind)
    for spoken in CATALOGUES.values()
    for key, kind in REPORTING_TEXTS.items()
]
