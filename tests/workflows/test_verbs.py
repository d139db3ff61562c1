"""Every verb is an update: done at once, recorded, shown on the card; or refused without a trace."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.workflows import updates
from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import ANA, BOTH, Harness, refused
from tests.workflows.history import kinds
from tests.workflows.updates import Update
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.request import Status, Withdrawal
from workflows.rules.approvals.verbs import Verb


@dataclass(frozen=True, kw_only=True)
class Done:
    """A verb that is accepted on a request that needs both UBORIS and UCLARA."""

    update: Update
    fact: str
    status: Status = Status.PENDING


DONE = {
    "comment": Done(update=updates.comment("UBORIS"), fact="CommentAdded"),
    "amend": Done(update=updates.amend(), fact="RequestAmended"),
    "delegate": Done(update=updates.delegate("UBORIS", "UDORA"), fact="SeatDelegated"),
    "withdraw": Done(update=updates.withdraw(), fact="RequestWithdrawn", status=Status.WITHDRAWN),
    "reassign": Done(update=updates.reassign("UDORA", "UEMIL"), fact="LevelReassigned"),
    "refresh": Done(update=updates.refresh(), fact="RefreshAsked"),
    "close": Done(update=updates.close(), fact="RequestClosedByAdmin", status=Status.ADMIN_CLOSED),
    "approve": Done(update=updates.approve("UBORIS"), fact="DecisionRecorded"),
    "reject": Done(
        update=updates.reject("UBORIS"), fact="DecisionRecorded", status=Status.REJECTED
    ),
    "request_changes": Done(
        update=updates.request_changes("UBORIS"),
        fact="DecisionRecorded",
        status=Status.CHANGES_REQUESTED,
    ),
}

every_verb = pytest.mark.parametrize("done", DONE.values(), ids=DONE)


def test_every_verb_is_covered() -> None:
    assert set(DONE) == {verb.value for verb in Verb}


@every_verb
async def test_a_click_sent_four_times_is_one_fact_and_one_result(
    harness: Harness, ports: FakePorts, done: Done
) -> None:
    handle = await harness.open_request(BOTH)

    answers = await asyncio.gather(
        *(harness.send(handle, done.update, click="one") for _ in range(3))
    )
    late = await harness.send(handle, done.update, click="one")

    events = await harness.until_idle(handle)
    assert late.status is done.status
    assert [*answers, late] == [answers[0]] * 4
    assert kinds(events).count("WORKFLOW_EXECUTION_UPDATE_ACCEPTED") == 1
    assert ports.audit.fact(handle.id, done.fact).actor == done.update.message.actor
    assert ports.cards.published[-1].face.card_version >= late.card_version > 1


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A verb that is refused on a request that UBORIS has approved and UCLARA has not."""

    update: Update
    code: str
    data: dict[str, str] = field(default_factory=dict)


REFUSED = {
    "a stranger's comment": Refused(update=updates.comment("UEVE"), code="not_involved"),
    "an empty comment": Refused(update=updates.comment("UBORIS", " "), code="reason_required"),
    "a comment that is too long": Refused(
        update=updates.comment("UBORIS", "x" * 3001),
        code="reason_too_long",
        data={"length": "3001"},
    ),
    "an amendment by an approver": Refused(
        update=updates.amend("UBORIS"), code="not_the_requester"
    ),
    "an amendment of another content": Refused(
        update=updates.amend(revision=2), code="stale_content"
    ),
    "an amendment that changes nothing": Refused(
        update=updates.amend(title="A new desk"), code="nothing_changed"
    ),
    "an amendment without a title": Refused(update=updates.amend(title=" "), code="text_missing"),
    "a stranger's delegation": Refused(
        update=updates.delegate("UEVE", "UDORA"), code="not_an_approver"
    ),
    "a delegation after the decision": Refused(
        update=updates.delegate("UBORIS", "UDORA"),
        code="already_decided",
        data={"verdict": "approve"},
    ),
    "a delegation to oneself": Refused(
        update=updates.delegate("UCLARA", "UCLARA"), code="delegate_yourself"
    ),
    "a delegation to the requester": Refused(
        update=updates.delegate("UCLARA", "UANA"), code="delegate_is_requester"
    ),
    "an approver's withdrawal": Refused(
        update=updates.withdraw("UBORIS"), code="not_the_requester"
    ),
    "an approver's reassignment": Refused(
        update=updates.reassign("UDORA", person="UCLARA"), code="not_an_admin"
    ),
    "a reassignment to nobody": Refused(update=updates.reassign(), code="nobody_named"),
    "an approver's refresh": Refused(update=updates.refresh("UCLARA"), code="not_an_admin"),
    "the requester's closing": Refused(update=updates.close("UANA"), code="not_an_admin"),
}


async def test_a_refused_verb_returns_the_reason_and_writes_no_history(harness: Harness) -> None:
    handle = await harness.open_request(BOTH)
    snapshot = await harness.decide(handle, "UBORIS")
    before = await harness.until_idle(handle)

    refusals = {
        given: await refused(harness.send(handle, c.update)) for given, c in REFUSED.items()
    }

    for given, case in REFUSED.items():
        assert refusals[given].type == f"rejected.{case.code}", given
        assert list(refusals[given].details) == [case.data, snapshot.card_version], given
    assert list(await harness.history(handle)) == list(before)


async def test_a_request_with_requested_changes_is_amended_and_decided_again(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(BOTH)
    await harness.decide(handle, "UCLARA")
    await harness.send(handle, updates.request_changes("UBORIS"))

    amended = await harness.send(handle, updates.amend())
    await harness.until_idle(handle)
    stale = await refused(harness.decide(handle, "UBORIS"))
    await harness.decide(handle, "UBORIS", revision=2)
    approved = await harness.decide(handle, "UCLARA", revision=2)

    assert (amended.status, amended.content_revision) == (Status.PENDING, 2)
    assert (amended.voided, amended.levels) == (2, ())
    assert stale.type == "rejected.stale_content"
    assert approved.status is Status.APPROVED
    assert ports.audit.fact(handle.id, "RequestAmended").data["changed"] == "title"


async def test_no_one_decides_while_changes_are_requested(harness: Harness) -> None:
    handle = await harness.open_request(BOTH)
    await harness.send(handle, updates.request_changes("UBORIS"))

    refusal = await refused(harness.decide(handle, "UCLARA"))

    assert refusal.type == "rejected.changes_requested"
    assert refusal.details[0] == {"person": "UBORIS"}


async def test_amendments_are_bounded(harness: Harness) -> None:
    handle = await harness.open_request(BOTH, max_amendments=1)
    await harness.send(handle, updates.amend())
    await harness.until_idle(handle)

    refusal = await refused(harness.send(handle, updates.amend(title="A chair", revision=2)))

    assert refusal.type == "rejected.amendments_used_up"
    assert refusal.details[0] == {"limit": "1"}


async def test_a_parents_signal_withdraws_a_request_with_requested_changes(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request()
    await harness.send(handle, updates.request_changes("UBORIS"))

    await handle.signal("withdraw", Withdrawal(actor=ANA, reason="by the parent"))
    outcome = await handle.result()

    assert outcome.face.status is Status.WITHDRAWN
    assert ports.audit.kinds(handle.id)[-1] == "RequestWithdrawn"


async def test_a_delegate_decides_for_the_approver(harness: Harness, ports: FakePorts) -> None:
    handle = await harness.open_request(BOTH)
    await harness.send(handle, updates.delegate("UBORIS", "UDORA"))
    await harness.until_idle(handle)

    await harness.decide(handle, "UDORA")
    refusal = await refused(harness.decide(handle, "UBORIS"))

    assert refusal.type == "rejected.seat_taken"
    assert refusal.details[0] == {"person": "UDORA", "seat": "UBORIS"}
    await harness.until_idle(handle)
    assert ports.audit.fact(handle.id, "DecisionRecorded").data["on_behalf_of"] == "UBORIS"


EXAMPLES: dict[Verb, Callable[[str], Update]] = {
    Verb.APPROVE: updates.approve,
    Verb.REJECT: updates.reject,
    Verb.REQUEST_CHANGES: updates.request_changes,
    Verb.COMMENT: updates.comment,
    Verb.AMEND: updates.amend,
    Verb.DELEGATE: lambda person: updates.delegate(person, "UDORA"),
    Verb.WITHDRAW: updates.withdraw,
    Verb.REASSIGN: lambda person: updates.reassign("UDORA", "UEMIL", person=person),
    Verb.REFRESH: updates.refresh,
    Verb.CLOSE: updates.close,
}
"""An example of each verb, by the person who sends it."""


PEOPLE = ("UANA", "UBORIS", "UCLARA", "UGUS", "UEVE")
"""The requester, the two approvers, an admin and a stranger."""


@pytest.mark.parametrize(
    "decide", [updates.approve, updates.request_changes], ids=["approved", "changes"]
)
async def test_the_menu_offers_exactly_the_accepted_verbs(
    harness: Harness, decide: Callable[[str], Update]
) -> None:
    """Every verb that a menu lacks is refused; each offered verb is accepted from one person.

    tests/rules prove the second half for everyone.
    """
    handle = await harness.open_request(BOTH)
    await harness.send(handle, decide("UBORIS"))

    menus = {person: await handle.query(ApprovalWorkflow.menu, person) for person in PEOPLE}

    for person, menu in menus.items():
        for verb in set(Verb) - set(menu.verbs):
            refusal = await refused(harness.send(handle, EXAMPLES[verb](person)))
            assert str(refusal.type).startswith("rejected."), verb

    async def accept(verb: Verb, person: str) -> None:
        same = await harness.open_request(BOTH)
        await harness.send(same, decide("UBORIS"))
        await harness.send(same, EXAMPLES[verb](person))

    offered = {verb: person for person, menu in menus.items() for verb in menu.verbs}
    await asyncio.gather(*(accept(verb, person) for verb, person in offered.items()))
    assert {person for person, menu in menus.items() if not menu.verbs} == {"UEVE"}
