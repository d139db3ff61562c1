"""What people do with a request, as values: which update, with which message."""

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
class Act:
    """One message of one person."""

    update: str
    message: Any


def by(person: str, origin: Origin = Origin.CLI) -> Actor:
    return Actor(person=person, origin=origin)


def source(written: str) -> ApproverSource:
    """Return an entry of `approvers` as written in a policy; a bare name is a user."""
    if written == "manager":
        return ApproverSource(kind=SourceKind.MANAGER, value="1")
    kind, _, value = written.rpartition(":")
    return ApproverSource(kind=SourceKind(kind or "user"), value=value)


def sources(*written: str) -> tuple[ApproverSource, ...]:
    return tuple(source(one) for one in written)


def approve(person: str, *, level: int = 1, revision: int = 1) -> Act:
    decision = Decision(
        actor=by(person), verdict=Verdict.APPROVE, content_revision=revision, level=level
    )
    return Act(update="decide", message=decision)


def reject(person: str, *, level: int = 1, revision: int = 1) -> Act:
    return _said(approve(person, level=level, revision=revision), Verdict.REJECT, "too dear")


def request_changes(person: str, *, level: int = 1, revision: int = 1) -> Act:
    yes = approve(person, level=level, revision=revision)
    return _said(yes, Verdict.REQUEST_CHANGES, "cheaper, please")


def _said(yes: Act, verdict: Verdict, reason: str) -> Act:
    return replace(yes, message=replace(yes.message, verdict=verdict, reason=reason))


def comment(person: str, text: str = "which colour?") -> Act:
    return Act(update="comment", message=Comment(actor=by(person), text=text))


def amend(person: str = "UANA", *, title: str = "A cheaper desk", revision: int = 1) -> Act:
    amendment = Amendment(actor=by(person), content=Content(title=title), content_revision=revision)
    return Act(update="amend", message=amendment)


def delegate(person: str, to: str) -> Act:
    return Act(update="delegate", message=Delegation(actor=by(person), delegate=to))


def withdraw(person: str = "UANA") -> Act:
    return Act(update="withdraw", message=Withdrawal(actor=by(person), reason="not needed"))


def reassign(*people: str, person: str = "UGUS") -> Act:
    named = Reassignment(actor=by(person), approvers=sources(*people), reason="they left")
    return Act(update="reassign", message=named)


def refresh(person: str = "UGUS") -> Act:
    return Act(update="refresh", message=Refresh(actor=by(person)))


REFRESH_BY_SLACK = Act(update="refresh", message=Refresh(actor=SLACK))
"""What the bot sends when Slack reports that a group or a person has changed."""


def close(person: str = "UGUS") -> Act:
    return Act(update="close", message=Closing(actor=by(person), reason="a duplicate"))
