"""Two concurrent verbs on one request: the second has the effect that the rules allow after the first.

Each pair is sent to its own request while appends block, so that nothing else, such as a reading of
the approvers, happens between the two. Half of the pairs use the buttons of one card, the others the
buttons of a level's reply and of a copy in direct messages.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from tests.workflows import updates
from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import ANA, BOTH, ApprovalHandle, Harness, policy
from tests.workflows.updates import Update
from views import cards
from views.card_click import ButtonValue
from views.ids import ActionId
from views.payload import from_json
from workflows.ports.approvals import PublishCard
from workflows.rules.approvals import (
    administration,
    amendment,
    approval,
    delegation,
    directory,
    levels,
)
from workflows.rules.approvals.policy import Layout, route
from workflows.rules.approvals.request import (
    ApprovalRequest,
    ApprovalState,
    Change,
    Decision,
    Status,
)
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.people.actors import CLOCK
from workflows.rules.shared.audit import AuditEvent, Fact
from workflows.rules.shared.card import CardCopy
from workflows.rules.shared.content import Content
from workflows.rules.shared.errors import RuleError

FIRST: dict[str, Update] = {
    "approve": updates.approve("UBORIS"),
    "reject": updates.reject("UBORIS"),
    "request_changes": updates.request_changes("UBORIS"),
    "comment": updates.comment("UBORIS"),
    "amend": updates.amend(),
    "delegate": updates.delegate("UBORIS", "UDORA"),
    "withdraw": updates.withdraw(),
    "reassign": updates.reassign("UDORA", "UEMIL"),
    "refresh": updates.refresh(),
    "close": updates.close(),
}
SECOND = FIRST | {
    "approve": updates.approve("UCLARA"),
    "reject": updates.reject("UCLARA"),
    "request_changes": updates.request_changes("UCLARA"),
    "comment": updates.comment("UCLARA"),
    "delegate": updates.delegate("UCLARA", "UBORIS"),
}
"""The same verbs, sent by another person if two people may."""

ACCEPTED = "accepted"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The results of both verbs, and their facts in order."""

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


async def _open_state(layout: Layout) -> ApprovalState:
    """Return the state after `open_request(BOTH)`, by the rules alone."""
    written = replace(policy(BOTH), layout=layout)
    request = ApprovalRequest(
        request_id="APR-1",
        requester=ANA,
        content=Content(title="A new desk"),
        policy=written,
        route=route(written, None),
    )
    return await _read_approvers(approval.submit(request, NOW).state)


async def _read_approvers(state: ApprovalState) -> ApprovalState:
    """Do what the workflow does between two messages if it has the time: read the approvers."""
    if state.waits_for_level:
        state = levels.reach_level(state, ())
    if not state.waits_for_approvers:
        return state
    question = directory.directory_query(state)
    found = await FakePorts().directory.approvers(question)
    return directory.apply_directory_result(state, question, found, NOW).state


async def _apply_rules(
    state: ApprovalState, *in_turn: Update, at_once: bool
) -> tuple[list[str], list[str], Status]:
    answers: list[str] = []
    facts: list[str] = []
    for update in in_turn:
        check, do = RULES[update.name]
        try:
            check(state, update.message, NOW)
        except RuleError as refusal:
            answers.append(refusal.code)
            continue
        change = do(state, update.message, NOW)
        answers.append(ACCEPTED)
        facts += [fact.kind.value for fact in change.facts]
        state = change.state if at_once else await _read_approvers(change.state)
    return answers, facts, state.status


async def _allowed(state: ApprovalState, one: Update, other: Update) -> list[Outcome]:
    """Return the outcomes of both sequences, in one workflow task and in two."""
    allowed = []
    for at_once in (True, False):
        there, facts, status = await _apply_rules(state, one, other, at_once=at_once)
        back, other_facts, other_status = await _apply_rules(state, other, one, at_once=at_once)
        allowed += [
            Outcome(answers=(there[0], there[1]), facts=tuple(facts), status=status),
            Outcome(answers=(back[1], back[0]), facts=tuple(other_facts), status=other_status),
        ]
    return allowed


async def _send(harness: Harness, handle: ApprovalHandle, update: Update) -> str:
    try:
        await harness.send(handle, update)
    except WorkflowUpdateFailedError as error:
        cause: Any = error.cause
        return str(cause.type).removeprefix("rejected.")
    return ACCEPTED


def _as_sent_by_button(card: PublishCard, update: Update, copy: CardCopy) -> Update:
    """Return the verb as the button of this copy sends it, with the copy's content and level."""
    if not isinstance(update.message, Decision):
        return update
    (value, *_) = _verdict_values(card, copy)
    message = replace(update.message, content_revision=value.content_revision, level=value.level)
    return replace(update, message=message)


def _verdict_values(card: PublishCard, copy: CardCopy) -> list[ButtonValue]:
    blocks: list[Any] = cards.build(card.face, copy).blocks
    return [
        from_json(button["value"], ButtonValue, "value")
        for block in blocks
        if block["type"] == "actions"
        for button in block["elements"]
        if button["action_id"] in (ActionId.APPROVE, ActionId.REJECT)
    ]


def _offers_only_the_open_level(card: PublishCard) -> bool:
    """Whether the copies for the open level, and only these, offer its verdicts."""
    snapshot = card.face
    assert isinstance(snapshot, ApprovalSnapshot)
    waits = snapshot.open_level is not None and not snapshot.open_level.blocked
    now = (
        (snapshot.open_level.number, snapshot.content_revision)
        if waits and snapshot.open_level
        else None
    )
    for copy in card.copies:
        is_offered = (bool(copy.person) and not copy.retired) or snapshot.layout is Layout.CARD
        is_offered = is_offered or (copy.level, copy.revision) == now
        offers = {(value.level, value.content_revision) for value in _verdict_values(card, copy)}
        if offers != ({now} if waits and is_offered else set()):
            return False
    return True


def _agrees_with_facts(snapshot: ApprovalSnapshot, facts: list[AuditEvent]) -> bool:
    """Whether the snapshot shows exactly what the facts record."""
    counts = Counter(fact.kind for fact in facts)
    last = [fact for fact in facts if fact.content_revision == snapshot.content_revision]
    decided = [fact.actor.person for fact in last if fact.kind is Fact.DECISION_RECORDED]
    shown = [decision.person for level in snapshot.levels for decision in level.decisions]
    closed = {
        Status.APPROVED: Fact.REQUEST_APPROVED,
        Status.REJECTED: Fact.REQUEST_REJECTED,
        Status.WITHDRAWN: Fact.REQUEST_WITHDRAWN,
        Status.ADMIN_CLOSED: Fact.REQUEST_CLOSED,
    }
    return (
        snapshot.comments == counts[Fact.COMMENT_ADDED]
        and snapshot.content_revision == 1 + counts[Fact.REQUEST_AMENDED]
        and shown == decided
        and [fact for fact in closed.values() if counts[fact]]
        == ([closed[snapshot.status]] if snapshot.status in closed else [])
    )


def _is_covered(name: str, other: str, layout: Layout) -> bool:
    """Whether this sequence of two verbs is sent in this layout.

    Each pair is sent once, in one sequence and one layout: tests/rules prove all of them.
    """
    first, second = [*FIRST].index(name), [*SECOND].index(other)
    is_ascending = (first + second) % 2 == 0
    is_sequence = first <= second if is_ascending else first > second
    return is_sequence and (first + second) // 2 % 2 == [*Layout].index(layout)


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("name", FIRST)
async def test_two_concurrent_verbs_end_as_the_rules_say(
    harness: Harness, ports: FakePorts, name: str, layout: Layout
) -> None:
    ports.directory.outside = ("UCLARA",) if layout is Layout.THREAD else ()
    state = await _open_state(layout)
    second = {other: SECOND[other] for other in SECOND if _is_covered(name, other, layout)}
    opened = await asyncio.gather(*(harness.open_request(BOTH, layout=layout) for _ in second))
    handles = dict(zip(second, opened, strict=True))
    card = ports.cards.published[0]
    first_copy = second_copy = card.copies[0]
    if layout is Layout.THREAD:
        (_, first_copy, second_copy) = card.copies
        assert (first_copy.level, second_copy.person) == (1, "UCLARA")
    before = len(ports.audit.of(opened[0].id))
    ports.audit.held = True

    first = _as_sent_by_button(card, FIRST[name], first_copy)
    pairs = [
        (handles[other], update)
        for other in second
        for update in (first, _as_sent_by_button(card, second[other], second_copy))
    ]
    answers = await asyncio.gather(*(_send(harness, *sent) for sent in pairs))
    ports.audit.unblock()

    both = zip(second, answers[::2], answers[1::2], strict=True)
    for other, one_answer, other_answer in both:
        await harness.until_idle(handles[other])
        facts = ports.audit.of(handles[other].id)
        shown = ports.cards.shown(handles[other].id)
        by_people = [fact.kind.value for fact in facts[before:] if fact.actor != CLOCK]
        outcome = Outcome(
            answers=(one_answer, other_answer), facts=tuple(by_people), status=shown.status
        )
        assert outcome in await _allowed(state, FIRST[name], second[other]), other
        assert [fact.sequence for fact in facts] == list(range(1, len(facts) + 1)), other
        assert _agrees_with_facts(shown, facts), other
        assert _offers_only_the_open_level(ports.cards.last(handles[other].id)), other
