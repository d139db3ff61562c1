"""The verbs of an approval: the rule for each, and which of them a person may use now."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from workflows.rules.approvals import administration, amendment, approval, delegation
from workflows.rules.approvals.request import (
    Amendment,
    ApprovalState,
    Change,
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
from workflows.rules.shared.verb_rule import VerbRule


class Verb(StrEnum):
    """Everything a person can do with a request, named after the updates and verdicts."""

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


ApprovalCommand = (
    Decision | Comment | Amendment | Delegation | Withdrawal | Reassignment | Refresh | Closing
)
"""A command on an approval. The verbs of an HR request are those of its approval."""

_REASON = "-"
_PERSON = "-"


def _verdict(
    verdict: Verdict, *, needs_reason: bool = False
) -> VerbRule[ApprovalState, Decision, Change]:
    return VerbRule(
        command=Decision,
        check=approval.check_decide,
        apply=approval.decide,
        example=lambda state, actor: Decision(
            actor=actor,
            verdict=verdict,
            reason=_REASON,
            content_revision=state.content_revision,
            level=len(state.levels),
        ),
        needs_reason=needs_reason,
    )


def _amendment(state: ApprovalState, actor: Actor) -> Amendment:
    content = state.request.content
    text = "-" if content.text != "-" else "--"
    return Amendment(
        actor=actor,
        content=replace(content, text=text),
        content_revision=state.content_revision,
    )


VERB_RULES: Mapping[Verb, VerbRule[ApprovalState, Any, Change]] = {
    Verb.APPROVE: _verdict(Verdict.APPROVE),
    Verb.REJECT: _verdict(Verdict.REJECT),
    Verb.REQUEST_CHANGES: _verdict(Verdict.REQUEST_CHANGES, needs_reason=True),
    Verb.COMMENT: VerbRule(
        command=Comment,
        check=approval.check_comment,
        apply=approval.comment,
        example=lambda _, actor: Comment(actor=actor, text=_REASON),
        needs_reason=True,
    ),
    Verb.AMEND: VerbRule(
        command=Amendment,
        check=amendment.check_amend,
        apply=amendment.amend,
        example=_amendment,
    ),
    Verb.DELEGATE: VerbRule(
        command=Delegation,
        check=delegation.check_delegate,
        apply=delegation.delegate,
        example=lambda _, actor: Delegation(actor=actor, delegate=_PERSON),
    ),
    Verb.WITHDRAW: VerbRule(
        command=Withdrawal,
        check=approval.check_withdraw,
        apply=approval.withdraw,
        example=lambda _, actor: Withdrawal(actor=actor),
    ),
    Verb.REASSIGN: VerbRule(
        command=Reassignment,
        check=administration.check_reassign,
        apply=administration.reassign,
        example=lambda _, actor: Reassignment(
            actor=actor,
            approvers=(ApproverSource(kind=SourceKind.USER, value=_PERSON),),
            reason=_REASON,
        ),
        needs_reason=True,
    ),
    Verb.REFRESH: VerbRule(
        command=Refresh,
        check=administration.check_refresh,
        apply=administration.refresh,
        example=lambda _, actor: Refresh(actor=actor),
    ),
    Verb.CLOSE: VerbRule(
        command=Closing,
        check=administration.check_close,
        apply=administration.close_request,
        example=lambda _, actor: Closing(actor=actor, reason=_REASON),
        needs_reason=True,
    ),
}


_BY_COMMAND = {rule.command: rule for rule in VERB_RULES.values()}


def rule_of(command: ApprovalCommand) -> VerbRule[ApprovalState, Any, Change]:
    """Return the rule of a command; all verdicts are checked and applied in the same way."""
    return _BY_COMMAND[type(command)]


def verbs_of(state: ApprovalState, person: str, now: datetime) -> tuple[Verb, ...]:
    """Return the verbs that `person` may use now, in the order in which to offer them.

    A verb is offered if its check accepts the rule's example. The command itself may still be
    refused, such as for a reason that is too long or a delegate who is away.
    """
    actor = Actor(person=person, origin=Origin.WORKFLOW)
    return tuple(verb for verb, rule in VERB_RULES.items() if _is_allowed(rule, state, actor, now))


def _is_allowed(
    rule: VerbRule[ApprovalState, Any, Change], state: ApprovalState, actor: Actor, now: datetime
) -> bool:
    try:
        rule.check(state, rule.example(state, actor), now)
    except RuleError:
        return False
    return True
