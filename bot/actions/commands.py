"""Deeds: what a person does to a request, sent by the client's method for it, found again in the trail."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import assert_never

from bot.temporal.client import Accepted, Answer, Ended, OrderAnswer, Refused, WorkflowClient
from workflows.rules.approvals.request import (
    Amendment,
    ApprovalRequest,
    Closing,
    Comment,
    Decision,
    Delegation,
    Reassignment,
    Refresh,
    Withdrawal,
)
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.orders.order import Cancellation, Resumption
from workflows.rules.orders.verbs import OrderVerb
from workflows.rules.people.actors import SLACK
from workflows.rules.shared.audit import AuditEvent, Fact
from workflows.rules.shared.click import click_id
from workflows.rules.shared.content import content_digest

Deed = Decision | Comment | Amendment | Delegation | Withdrawal | Reassignment | Refresh | Closing
"""What a person does to an approval request."""
OrderDeed = Cancellation | Resumption
"""What a person does to an order."""
AnyDeed = Deed | OrderDeed


async def send(  # noqa: PLR0911 - one line for each verb
    client: WorkflowClient, request_id: str, click: str, deed: Deed
) -> Answer:
    """Send a deed by the client's method for it."""
    match deed:
        case Decision():
            return await client.decide(request_id, click, deed)
        case Comment():
            return await client.comment(request_id, click, deed)
        case Amendment():
            return await client.amend(request_id, click, deed)
        case Delegation():
            return await client.delegate(request_id, click, deed)
        case Withdrawal():
            return await client.withdraw(request_id, click, deed)
        case Reassignment():
            return await client.reassign(request_id, click, deed)
        case Refresh():
            return await client.refresh(request_id, click, deed)
        case Closing():
            return await client.close(request_id, click, deed)
        case _:
            assert_never(deed)


async def send_to_order(
    client: WorkflowClient, order_id: str, click: str, deed: OrderDeed
) -> OrderAnswer:
    """Send what somebody does to an order by the client's method for it."""
    if isinstance(deed, Cancellation):
        return await client.cancel_order(order_id, click, deed)
    return await client.resume_order(order_id, click, deed)


def asks_for_the_same(snapshot: ApprovalSnapshot, request: ApprovalRequest) -> bool:
    """Whether what stands under a request's id is that request, sent before.

    Where it was amended since, its first words are not in the face; then they are taken for the
    same.
    """
    same_words = snapshot.content_revision > 1 or snapshot.content == request.content
    theirs = (snapshot.requester.person, snapshot.policy)
    return same_words and theirs == (request.requester.person, request.policy.name)


REFRESHED_AT_ONCE = 8
"""Requests that one change of people has refreshed at the same time."""


async def refresh_all(
    client: WorkflowClient, requests: Iterable[str], cause: str
) -> dict[str, Answer]:
    """Have requests read their people again; each takes the same `cause` once.

    What a request refuses is no matter: it has closed meanwhile, or waits for its requester.
    """
    gate = asyncio.Semaphore(REFRESHED_AT_ONCE)

    async def refresh(request_id: str) -> tuple[str, Answer]:
        async def ask() -> Answer:
            click = click_id(cause, request_id)
            return await client.refresh(request_id, click, Refresh(actor=SLACK))

        async with gate:
            return request_id, await client.confirm(ask)

    return dict(await asyncio.gather(*map(refresh, requests)))


def unreached(answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """Return the requests of which it is not known whether they read their people again."""
    known = (Accepted, Refused, Ended)  # one that has ended needs to hear of nothing
    return tuple(one for one, answer in answers.items() if not isinstance(answer, known))


_DEEDS: Mapping[type, tuple[Verb | OrderVerb, Fact]] = {
    Comment: (Verb.COMMENT, Fact.COMMENT_ADDED),
    Amendment: (Verb.AMEND, Fact.REQUEST_AMENDED),
    Delegation: (Verb.DELEGATE, Fact.SEAT_DELEGATED),
    Withdrawal: (Verb.WITHDRAW, Fact.REQUEST_WITHDRAWN),
    Reassignment: (Verb.REASSIGN, Fact.LEVEL_REASSIGNED),
    Refresh: (Verb.REFRESH, Fact.REFRESH_ASKED),
    Closing: (Verb.CLOSE, Fact.REQUEST_CLOSED),
    Cancellation: (OrderVerb.CANCEL, Fact.ORDER_CANCELLED),
    Resumption: (OrderVerb.RESUME, Fact.COMPENSATION_RESUMED),
}


def verb_of(deed: AnyDeed) -> Verb | OrderVerb:
    """Return the verb that a deed is an example of."""
    return Verb(deed.verdict) if isinstance(deed, Decision) else _DEEDS[type(deed)][0]


def is_fact_of(fact: AuditEvent, deed: AnyDeed) -> bool:
    """Whether a fact is what this deed led to; two deeds alike are one here."""
    kind = Fact.DECISION_RECORDED if isinstance(deed, Decision) else _DEEDS[type(deed)][1]
    reason, data = _marks(deed)
    return (fact.kind, fact.actor, fact.reason) == (
        kind,
        deed.actor,
        reason,
    ) and data.items() <= fact.data.items()


def _marks(deed: AnyDeed) -> tuple[str, dict[str, str]]:
    """Return the reason and the data by which a deed is known among facts of its kind."""
    match deed:
        case Decision():
            return deed.reason, {"verdict": deed.verdict.value}
        case Comment():
            return deed.text, {}
        case Amendment():
            return "", {"content_digest": content_digest(deed.content)}
        case Delegation():
            return "", {"delegate": deed.delegate}
        case Reassignment():
            return deed.reason, {"approvers": ",".join(map(str, deed.approvers))}
        case _:
            return getattr(deed, "reason", ""), {}
