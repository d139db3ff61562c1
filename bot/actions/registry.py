"""The verb registry: an entry for everything a person can do, read by doors, forms and tests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

from bot.policies.keys import read_source
from views import verb_modal
from views.ids import ActionId
from views.verb_inputs import inputs_for
from views.verb_modal import Submission
from workflows.rules.approvals.request import Comment, Decision, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import VERB_RULES, ApprovalCommand, Verb
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.orders.verbs import ORDER_VERB_RULES, OrderCommand, OrderVerb
from workflows.rules.people.actors import Actor, ApproverSource, Origin, SourceKind
from workflows.rules.shared.audit import AuditEvent, Fact
from workflows.rules.shared.content import content_digest
from workflows.rules.shared.errors import OrderClosedError, RequestClosedError, RuleError
from workflows.rules.shared.verb_rule import VerbRule

Command = ApprovalCommand | OrderCommand

SnapshotT = TypeVar("SnapshotT", ApprovalSnapshot, OrderSnapshot)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target(Generic[SnapshotT]):
    """A kind of workflow that takes commands: the result of its updates, and its error once closed."""

    snapshot: type[SnapshotT]
    closed: type[RuleError]


APPROVAL = Target(snapshot=ApprovalSnapshot, closed=RequestClosedError)
ORDER = Target(snapshot=OrderSnapshot, closed=OrderClosedError)


@dataclass(frozen=True, kw_only=True, slots=True)
class VerbSpec:
    """One verb, from the doors to its fact.

    `update` is the name of the update of the target's workflow. `marks` are the data that identify a
    command's fact among others of its kind, besides actor and reason. `cli` are the
    words of the command line, without arguments. With `cli_help`, the command is generated: it takes
    a reason at most. `button` is the verb's own button in Slack, if it has one. `route` is the HTTP
    path.
    """

    verb: Verb | OrderVerb
    target: Target[Any]
    rule: VerbRule[Any, Any, Any]
    update: str
    fact: Fact
    marks: Callable[[Any], Mapping[str, str]] = lambda _: {}
    cli: tuple[str, ...]
    cli_help: str = ""
    button: ActionId | None = None
    route: str = ""

    @property
    def has_form(self) -> bool:
        """Whether the *More…* modal opens a form for the verb."""
        return self.target is APPROVAL and bool(inputs_for(Verb(self.verb)))


def _approval(verb: Verb, fact: Fact, *, cli: tuple[str, ...] = (), **more: Any) -> VerbSpec:
    words = cli or ("request", verb.value)
    details = {"update": verb.value, **more}
    return VerbSpec(
        verb=verb, target=APPROVAL, rule=VERB_RULES[verb], fact=fact, cli=words, **details
    )


def _verdict(verb: Verb, button: ActionId | None = None) -> VerbSpec:
    return _approval(
        verb,
        Fact.DECISION_RECORDED,
        update="decide",
        cli=("request", "decide", verb.value.replace("_", "-")),
        marks=lambda decision: {"verdict": decision.verdict.value},
        button=button,
    )


def _order(verb: OrderVerb, fact: Fact, **more: Any) -> VerbSpec:
    return VerbSpec(
        verb=verb,
        target=ORDER,
        rule=ORDER_VERB_RULES[verb],
        update=verb.value,
        fact=fact,
        cli=("order", verb.value),
        **more,
    )


_SPECS = (
    _verdict(Verb.APPROVE, ActionId.APPROVE),
    _verdict(Verb.REJECT, ActionId.REJECT),
    _verdict(Verb.REQUEST_CHANGES),
    _approval(Verb.COMMENT, Fact.COMMENT_ADDED),
    _approval(
        Verb.AMEND,
        Fact.REQUEST_AMENDED,
        marks=lambda amendment: {"content_digest": content_digest(amendment.content)},
    ),
    _approval(
        Verb.DELEGATE,
        Fact.SEAT_DELEGATED,
        marks=lambda delegation: {"delegate": delegation.delegate},
    ),
    _approval(Verb.WITHDRAW, Fact.REQUEST_WITHDRAWN, cli_help="Withdraw your request."),
    _approval(
        Verb.REASSIGN,
        Fact.LEVEL_REASSIGNED,
        marks=lambda reassignment: {"approvers": ",".join(map(str, reassignment.approvers))},
    ),
    _approval(
        Verb.REFRESH,
        Fact.REFRESH_ASKED,
        cli_help="Look up the approvers again, as an admin.",
    ),
    _approval(
        Verb.CLOSE,
        Fact.REQUEST_CLOSED,
        cli_help="Close a request without a decision, as an admin; a reason is required.",
    ),
    _order(
        OrderVerb.CANCEL,
        Fact.ORDER_CANCELLED,
        cli_help="Cancel an order that has not shipped; completed steps are undone.",
        button=ActionId.CANCEL,
        route="/api/v1/orders/{order_id}/cancel",
    ),
    _order(
        OrderVerb.RESUME,
        Fact.COMPENSATION_RESUMED,
        cli_help="Retry a compensation that failed, after its cause is fixed.",
    ),
)

REGISTRY: Mapping[Verb | OrderVerb, VerbSpec] = {spec.verb: spec for spec in _SPECS}
_BY_COMMAND = {spec.rule.command: spec for spec in _SPECS}


def spec_of(command: Command) -> VerbSpec:
    """Return the registry's entry for a command; a decision's is that of its verdict."""
    if isinstance(command, Decision):
        return REGISTRY[Verb(command.verdict)]
    return _BY_COMMAND[type(command)]


def is_fact_of(fact: AuditEvent, command: Command) -> bool:
    """Return whether a fact may be the result of this command; equal commands have equal facts."""
    spec = spec_of(command)
    reason = command.text if isinstance(command, Comment) else getattr(command, "reason", "")
    same = (fact.kind, fact.actor, fact.reason) == (spec.fact, command.actor, reason)
    return same and spec.marks(command).items() <= fact.data.items()


def command_of(submission: Submission) -> Command:
    """Return the command of a checked form; its actor is the person that Slack names.

    Raises:
        SourceError: an approver to reassign to is not written as in a policy.

    """
    actor = Actor(person=submission.person, origin=Origin.SLACK)
    command = REGISTRY[submission.verb].rule.command
    values = {
        field.name: _FROM_FORM[field.name](submission)
        for field in fields(command)
        if field.name != "actor"
    }
    made: Command = command(actor=actor, **values)
    return made


def _approvers(submission: Submission) -> tuple[ApproverSource, ...]:
    typed = submission.typed
    people = (ApproverSource(kind=SourceKind.USER, value=person) for person in typed.people)
    return (*people, *map(read_source, typed.written_sources))


_FROM_FORM: Mapping[str, Callable[[Submission], Any]] = {
    "verdict": lambda submission: Verdict(submission.verb.value),
    "reason": lambda submission: submission.typed.reason,
    "text": lambda submission: submission.typed.reason,
    "notify": lambda _: True,
    "delegate": lambda submission: submission.typed.delegate,
    "approvers": _approvers,
    "content": verb_modal.amended,
    "content_revision": lambda submission: submission.context.content_revision,
    "level": lambda submission: submission.context.level,
}
"""How each field of a command is read from a submitted form."""
