"""Verbs: what a person may do with a request now, according to the checks of the updates."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from workflows.rules.approvals import administration, amendment, approval, delegation
from workflows.rules.approvals.request import (
    Amendment,
    ApprovalState,
    Closing,
    Comment,
    Decision,
    Delegation,
    Reassignment,
    Refresh,
    Verdict,
    Withdrawal,
)
from workflows.rules.people.actors import Actor, ApproverSource, Origin, SourceKind
from workflows.rules.shared.errors import RuleError


class Verb(StrEnum):
    """Everything that a person can do with a request, named like the updates and verdicts."""

    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request_changes"
    COMMENT = "comment"
    AMEND = "amend"
    DELEGATE = "delegate"
    WITHDRAW = "withdraw"
    REASSIGN = "reassign"
    REFRESH = "refresh"
    CLOSE = "close"


def verbs_of(state: ApprovalState, person: str, now: datetime) -> tuple[Verb, ...]:
    """Return the verbs that `person` may use now, in the order in which to offer them.

    A verb is offered if its check accepts a plain example. The person's actual input may still be
    refused, for example a reason that is too long.
    """
    return tuple(verb for verb in Verb if _may(state, person, verb, now))


def _may(state: ApprovalState, person: str, verb: Verb, now: datetime) -> bool:
    try:
        _try(state, person, verb, now)
    except RuleError:
        return False
    return True


def _try(state: ApprovalState, person: str, verb: Verb, now: datetime) -> None:
    actor = Actor(person=person, origin=Origin.WORKFLOW)
    match verb:
        case Verb.APPROVE | Verb.REJECT | Verb.REQUEST_CHANGES:
            decision = Decision(
                actor=actor,
                verdict=Verdict(verb),
                reason=_REASON,
                content_revision=state.content_revision,
                level=len(state.levels),
            )
            approval.check_decide(state, decision, now)
        case Verb.COMMENT:
            approval.check_comment(state, Comment(actor=actor, text=_REASON), now)
        case Verb.AMEND:
            amendment.check_amend(state, _amendment(state, actor), now)
        case Verb.DELEGATE:
            delegation.check_delegate(state, Delegation(actor=actor, delegate=_ANYBODY), now)
        case Verb.WITHDRAW:
            approval.check_withdraw(state, Withdrawal(actor=actor), now)
        case Verb.REASSIGN:
            named = (ApproverSource(kind=SourceKind.USER, value=_ANYBODY),)
            wanted = Reassignment(actor=actor, approvers=named, reason=_REASON)
            administration.check_reassign(state, wanted, now)
        case Verb.REFRESH:
            administration.check_refresh(state, Refresh(actor=actor), now)
        case Verb.CLOSE:
            administration.check_close(state, Closing(actor=actor, reason=_REASON), now)


_REASON = "-"
_ANYBODY = "-"


def _amendment(state: ApprovalState, actor: Actor) -> Amendment:
    content = state.request.content
    text = "-" if content.text != "-" else "--"
    return Amendment(
        actor=actor,
        content=replace(content, text=text),
        content_revision=state.content_revision,
    )
