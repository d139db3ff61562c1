"""The updates of an approval, as values."""

from dataclasses import dataclass, replace
from typing import Any

from workflows.rules.approvals.request import (
    Amendment,
    Closing,
    Comment,
    Decision,
    Delegation,
    Reassignment,
    Refresh,
    Verdict,
    Withdrawal,
)
from workflows.rules.people.actors import SLACK, Actor, ApproverSource, Origin, SourceKind
from workflows.rules.shared.content import Content


@dataclass(frozen=True, kw_only=True)
class Update:
    """The name of an update and its message."""

    name: str
    message: Any


def by(person: str, origin: Origin = Origin.CLI) -> Actor:
    return Actor(person=person, origin=origin)


def source(entry: str) -> ApproverSource:
    """Parse an entry of `approvers` in a policy; a bare name is a user."""
    if entry == "manager":
        return ApproverSource(kind=SourceKind.MANAGER, value="1")
    kind, _, value = entry.rpartition(":")
    return ApproverSource(kind=SourceKind(kind or "user"), value=value)


def sources(*entries: str) -> tuple[ApproverSource, ...]:
    return tuple(source(entry) for entry in entries)


def approve(person: str, *, level: int = 1, revision: int = 1) -> Update:
    decision = Decision(
        actor=by(person), verdict=Verdict.APPROVE, content_revision=revision, level=level
    )
    return Update(name="decide", message=decision)


def reject(person: str, *, level: int = 1, revision: int = 1) -> Update:
    return _with_verdict(
        approve(person, level=level, revision=revision), Verdict.REJECT, "too dear"
    )


def request_changes(person: str, *, level: int = 1, revision: int = 1) -> Update:
    approval = approve(person, level=level, revision=revision)
    return _with_verdict(approval, Verdict.REQUEST_CHANGES, "cheaper, please")


def _with_verdict(approval: Update, verdict: Verdict, reason: str) -> Update:
    return replace(approval, message=replace(approval.message, verdict=verdict, reason=reason))


def comment(person: str, text: str = "which colour?", *, notify: bool = False) -> Update:
    return Update(name="comment", message=Comment(actor=by(person), text=text, notify=notify))


def amend(person: str = "UANA", *, title: str = "A cheaper desk", revision: int = 1) -> Update:
    amendment = Amendment(actor=by(person), content=Content(title=title), content_revision=revision)
    return Update(name="amend", message=amendment)


def delegate(person: str, to: str) -> Update:
    return Update(name="delegate", message=Delegation(actor=by(person), delegate=to))


def withdraw(person: str = "UANA") -> Update:
    return Update(name="withdraw", message=Withdrawal(actor=by(person), reason="not needed"))


def reassign(*people: str, person: str = "UGUS") -> Update:
    reassignment = Reassignment(actor=by(person), approvers=sources(*people), reason="they left")
    return Update(name="reassign", message=reassignment)


def refresh(person: str = "UGUS") -> Update:
    return Update(name="refresh", message=Refresh(actor=by(person)))


REFRESH_BY_SLACK = Update(name="refresh", message=Refresh(actor=SLACK))
"""The update that the bot sends when Slack reports a change of a group or a person."""


def close(person: str = "UGUS") -> Update:
    return Update(name="close", message=Closing(actor=by(person), reason="a duplicate"))
