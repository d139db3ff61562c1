"""Two verbs at once on one request: what came first and what it left for the other, by the rules.

Each ordered pair is sent to a request of its own while the database holds its breath: nothing
else, such as a reading of the approvers, happens between the two.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from tests.workflows import acts
from tests.workflows.acts import Act
from tests.workflows.fakes import World
from tests.workflows.office import ANA, BOTH, ApprovalHandle, Office, policy
from workflows.rules import administration, amendment, approval, delegation, levels, reading
from workflows.rules.audit import AuditEvent, Fact
from workflows.rules.content import Content
from workflows.rules.errors import RuleError
from workflows.rules.face import ApprovalFace
from workflows.rules.people import CLOCK
from workflows.rules.policy import route
from workflows.rules.request import ApprovalRequest, ApprovalState, Change, Status

FIRST: dict[str, Act] = {
    "approve": acts.approve("UBORIS"),
    "reject": acts.reject("UBORIS"),
    "request_changes": acts.request_changes("UBORIS"),
    "comment": acts.comment("UBORIS"),
    "amend": acts.amend(),
    "delegate": acts.delegate("UBORIS", "UDORA"),
    "withdraw": acts.withdraw(),
    "reassign": acts.reassign("UDORA", "UEMIL"),
    "refresh": acts.refresh(),
    "close": acts.close(),
}
SECOND = FIRST | {
    "approve": acts.approve("UCLARA"),
    "reject": acts.reject("UCLARA"),
    "request_changes": acts.request_changes("UCLARA"),
    "comment": acts.comment("UCLARA"),
    "delegate": acts.delegate("UCLARA", "UBORIS"),
}
"""The same by somebody else where two people may do it."""

TAKEN = "taken"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of both, and which facts they left, in order."""

    answers: tuple[str, str]
    facts: tuple[str, ...]
    status: Status


RULES: dict[str, tuple[Callable[..., None], Callable[..., Change]]] = {
    "decide": (approval.check_decide, approval.decide),
    "comment": (approval.check_comment, approval.comment),
    "amend": (amendment.check_amend, amendment.amend),
    "delegate": (delegation.check_delegate, delegation.delegate),
    "withdraw": (approval.check_withdraw, approval.withdraw),
    "reassign": (administration.check_reassign, administration.reassign),
    "refresh": (administration.check_refresh, administration.refresh),
    "close": (administration.check_close, administration.close_request),
}
NOW = datetime(2026, 3, 2, tzinfo=UTC)


async def _opened() -> ApprovalState:
    """Return, by the rules alone, what `open_request(BOTH)` leads to."""
    written = policy(BOTH)
    request = ApprovalRequest(
        request_id="APR-1",
        requester=ANA,
        content=Content(title="A new desk"),
        policy=written,
        route=route(written, None),
    )
    return await _read(approval.submit(request, NOW).state)


async def _read(state: ApprovalState) -> ApprovalState:
    """Do what the workflow does by itself between two messages, where there is time for it."""
    if state.waits_for_level:
        state = levels.reach_level(state, ())
    if not state.waits_for_approvers:
        return state
    question = reading.question(state)
    found = await World().directory.approvers(question)
    return reading.take_reading(state, question, found, NOW).state


async def _rehearse(
    state: ApprovalState, *in_turn: Act, at_once: bool
) -> tuple[list[str], list[str], Status]:
    answers: list[str] = []
    facts: list[str] = []
    for act in in_turn:
        check, do = RULES[act.update]
        try:
            check(state, act.message, NOW)
        except RuleError as refusal:
            answers.append(refusal.code)
            continue
        change = do(state, act.message, NOW)
        answers.append(TAKEN)
        facts += [fact.kind.value for fact in change.facts]
        state = change.state if at_once else await _read(change.state)
    return answers, facts, state.status


async def _allowed(state: ApprovalState, one: Act, other: Act) -> list[Outcome]:
    """Return the outcomes of both orders, in one workflow task and in two."""
    allowed = []
    for at_once in (True, False):
        there, facts, status = await _rehearse(state, one, other, at_once=at_once)
        back, other_facts, other_status = await _rehearse(state, other, one, at_once=at_once)
        allowed += [
            Outcome(answers=(there[0], there[1]), facts=tuple(facts), status=status),
            Outcome(answers=(back[1], back[0]), facts=tuple(other_facts), status=other_status),
        ]
    return allowed


async def _answer(office: Office, handle: ApprovalHandle, act: Act) -> str:
    try:
        await office.do(handle, act)
    except WorkflowUpdateFailedError as error:
        cause: Any = error.cause
        return str(cause.type).removeprefix("rejected.")
    return TAKEN


def _agrees(face: ApprovalFace, facts: list[AuditEvent]) -> bool:
    """Whether the face shows what the facts say, and nothing else."""
    counts = Counter(fact.kind for fact in facts)
    last = [fact for fact in facts if fact.content_revision == face.content_revision]
    decided = [fact.actor.person for fact in last if fact.kind is Fact.DECISION_RECORDED]
    shown = [said.person for level in face.levels for said in level.decisions]
    closed = {
        Status.APPROVED: Fact.REQUEST_APPROVED,
        Status.REJECTED: Fact.REQUEST_REJECTED,
        Status.WITHDRAWN: Fact.REQUEST_WITHDRAWN,
        Status.ADMIN_CLOSED: Fact.REQUEST_CLOSED,
    }
    return (
        face.comments == counts[Fact.COMMENT_ADDED]
        and face.content_revision == 1 + counts[Fact.REQUEST_AMENDED]
        and shown == decided
        and [one for one in closed.values() if counts[one]]
        == ([closed[face.status]] if face.status in closed else [])
    )


@pytest.mark.parametrize("name", FIRST)
async def test_two_verbs_at_once_end_as_the_rules_say(
    office: Office, world: World, name: str
) -> None:
    state = await _opened()
    opened = await asyncio.gather(*(office.open_request(BOTH) for _ in SECOND))
    handles = dict(zip(SECOND, opened, strict=True))
    before = len(world.audit.of(handles[name].id))
    world.audit.held = True

    pairs = [(handles[other], act) for other in SECOND for act in (FIRST[name], SECOND[other])]
    answers = await asyncio.gather(*(_answer(office, *sent) for sent in pairs))
    world.audit.let()

    both = zip(SECOND, answers[::2], answers[1::2], strict=True)
    for other, one_answer, other_answer in both:
        await office.at_rest(handles[other])
        facts = world.audit.of(handles[other].id)
        shown = world.cards.shown(handles[other].id)
        by_people = [fact.kind.value for fact in facts[before:] if fact.actor != CLOCK]
        outcome = Outcome(
            answers=(one_answer, other_answer), facts=tuple(by_people), status=shown.status
        )
        assert outcome in await _allowed(state, FIRST[name], SECOND[other]), other
        assert [fact.sequence for fact in facts] == list(range(1, len(facts) + 1)), other
        assert _agrees(shown, facts), other
