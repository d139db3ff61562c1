"""Every verb is an update: done at once, a fact, seen on the card; refused without a trace."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.workflows import acts
from tests.workflows.acts import Act
from tests.workflows.fakes import World
from tests.workflows.history import kinds
from tests.workflows.office import ANA, BOTH, Office, refused
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.request import Status, Withdrawal
from workflows.rules.approvals.verbs import Verb


@dataclass(frozen=True, kw_only=True)
class Done:
    """A verb that is let through on a request for UBORIS and UCLARA, both of them."""

    act: Act
    fact: str
    status: Status = Status.PENDING


DONE = {
    "comment": Done(act=acts.comment("UBORIS"), fact="CommentAdded"),
    "amend": Done(act=acts.amend(), fact="RequestAmended"),
    "delegate": Done(act=acts.delegate("UBORIS", "UDORA"), fact="SeatDelegated"),
    "withdraw": Done(act=acts.withdraw(), fact="RequestWithdrawn", status=Status.WITHDRAWN),
    "reassign": Done(act=acts.reassign("UDORA", "UEMIL"), fact="LevelReassigned"),
    "refresh": Done(act=acts.refresh(), fact="RefreshAsked"),
    "close": Done(act=acts.close(), fact="RequestClosedByAdmin", status=Status.ADMIN_CLOSED),
    "approve": Done(act=acts.approve("UBORIS"), fact="DecisionRecorded"),
    "reject": Done(act=acts.reject("UBORIS"), fact="DecisionRecorded", status=Status.REJECTED),
    "request_changes": Done(
        act=acts.request_changes("UBORIS"),
        fact="DecisionRecorded",
        status=Status.CHANGES_REQUESTED,
    ),
}

every_verb = pytest.mark.parametrize("done", DONE.values(), ids=DONE)


def test_no_verb_is_left_out() -> None:
    assert set(DONE) == {verb.value for verb in Verb}


@every_verb
async def test_a_click_sent_four_times_is_one_fact_and_one_answer(
    office: Office, world: World, done: Done
) -> None:
    handle = await office.open_request(BOTH)

    answers = await asyncio.gather(*(office.do(handle, done.act, click="one") for _ in range(3)))
    late = await office.do(handle, done.act, click="one")

    events = await office.until_idle(handle)
    assert late.status is done.status
    assert [*answers, late] == [answers[0]] * 4
    assert kinds(events).count("WORKFLOW_EXECUTION_UPDATE_ACCEPTED") == 1
    assert world.audit.fact(handle.id, done.fact).actor == done.act.message.actor
    assert world.cards.published[-1].face.card_version >= late.card_version > 1


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A verb that is refused on a request that UBORIS has approved and UCLARA has not."""

    act: Act
    code: str
    data: dict[str, str] = field(default_factory=dict)


REFUSED = {
    "a stranger's comment": Refused(act=acts.comment("UEVE"), code="not_involved"),
    "an empty comment": Refused(act=acts.comment("UBORIS", " "), code="reason_required"),
    "a comment that is too long": Refused(
        act=acts.comment("UBORIS", "x" * 3001), code="reason_too_long", data={"length": "3001"}
    ),
    "an amendment by an approver": Refused(act=acts.amend("UBORIS"), code="not_the_requester"),
    "an amendment of another content": Refused(act=acts.amend(revision=2), code="stale_content"),
    "an amendment that changes nothing": Refused(
        act=acts.amend(title="A new desk"), code="nothing_changed"
    ),
    "an amendment without a title": Refused(act=acts.amend(title=" "), code="text_missing"),
    "a stranger's delegation": Refused(act=acts.delegate("UEVE", "UDORA"), code="not_an_approver"),
    "a delegation after the decision": Refused(
        act=acts.delegate("UBORIS", "UDORA"), code="already_decided", data={"verdict": "approve"}
    ),
    "a delegation to oneself": Refused(
        act=acts.delegate("UCLARA", "UCLARA"), code="delegate_yourself"
    ),
    "a delegation to the requester": Refused(
        act=acts.delegate("UCLARA", "UANA"), code="delegate_is_requester"
    ),
    "an approver's withdrawal": Refused(act=acts.withdraw("UBORIS"), code="not_the_requester"),
    "an approver's reassignment": Refused(
        act=acts.reassign("UDORA", person="UCLARA"), code="not_an_admin"
    ),
    "a reassignment to nobody": Refused(act=acts.reassign(), code="nobody_named"),
    "an approver's refresh": Refused(act=acts.refresh("UCLARA"), code="not_an_admin"),
    "the requester's closing": Refused(act=acts.close("UANA"), code="not_an_admin"),
}


async def test_a_refused_verb_says_why_and_leaves_no_history(office: Office) -> None:
    handle = await office.open_request(BOTH)
    snapshot = await office.decide(handle, "UBORIS")
    before = await office.until_idle(handle)

    refusals = {given: await refused(office.do(handle, c.act)) for given, c in REFUSED.items()}

    for given, case in REFUSED.items():
        assert refusals[given].type == f"rejected.{case.code}", given
        assert list(refusals[given].details) == [case.data, snapshot.card_version], given
    assert list(await office.history(handle)) == list(before)


async def test_a_request_that_waits_for_changes_is_amended_and_decided_anew(
    office: Office, world: World
) -> None:
    handle = await office.open_request(BOTH)
    await office.decide(handle, "UCLARA")
    await office.do(handle, acts.request_changes("UBORIS"))

    amended = await office.do(handle, acts.amend())
    await office.until_idle(handle)
    stale = await refused(office.decide(handle, "UBORIS"))
    await office.decide(handle, "UBORIS", revision=2)
    approved = await office.decide(handle, "UCLARA", revision=2)

    assert (amended.status, amended.content_revision) == (Status.PENDING, 2)
    assert (amended.voided, amended.levels) == (2, ())
    assert stale.type == "rejected.stale_content"
    assert approved.status is Status.APPROVED
    assert world.audit.fact(handle.id, "RequestAmended").data["changed"] == "title"


async def test_nobody_decides_while_changes_are_waited_for(office: Office) -> None:
    handle = await office.open_request(BOTH)
    await office.do(handle, acts.request_changes("UBORIS"))

    refusal = await refused(office.decide(handle, "UCLARA"))

    assert refusal.type == "rejected.changes_requested"
    assert refusal.details[0] == {"person": "UBORIS"}


async def test_amendments_are_bounded(office: Office) -> None:
    handle = await office.open_request(BOTH, max_amendments=1)
    await office.do(handle, acts.amend())
    await office.until_idle(handle)

    refusal = await refused(office.do(handle, acts.amend(title="A chair", revision=2)))

    assert refusal.type == "rejected.amendments_used_up"
    assert refusal.details[0] == {"limit": "1"}


async def test_a_parents_signal_takes_back_what_waits_for_changes(
    office: Office, world: World
) -> None:
    handle = await office.open_request()
    await office.do(handle, acts.request_changes("UBORIS"))

    await handle.signal("withdraw", Withdrawal(actor=ANA, reason="by the parent"))
    outcome = await handle.result()

    assert outcome.face.status is Status.WITHDRAWN
    assert world.audit.kinds(handle.id)[-1] == "RequestWithdrawn"


async def test_a_stand_in_decides_for_whom_they_stand(office: Office, world: World) -> None:
    handle = await office.open_request(BOTH)
    await office.do(handle, acts.delegate("UBORIS", "UDORA"))
    await office.until_idle(handle)

    await office.decide(handle, "UDORA")
    refusal = await refused(office.decide(handle, "UBORIS"))

    assert refusal.type == "rejected.seat_taken"
    assert refusal.details[0] == {"person": "UDORA", "seat": "UBORIS"}
    await office.until_idle(handle)
    assert world.audit.fact(handle.id, "DecisionRecorded").data["on_behalf_of"] == "UBORIS"


EXAMPLES: dict[Verb, Callable[[str], Act]] = {
    Verb.APPROVE: acts.approve,
    Verb.REJECT: acts.reject,
    Verb.REQUEST_CHANGES: acts.request_changes,
    Verb.COMMENT: acts.comment,
    Verb.AMEND: acts.amend,
    Verb.DELEGATE: lambda person: acts.delegate(person, "UDORA"),
    Verb.WITHDRAW: acts.withdraw,
    Verb.REASSIGN: lambda person: acts.reassign("UDORA", "UEMIL", person=person),
    Verb.REFRESH: acts.refresh,
    Verb.CLOSE: acts.close,
}
"""What somebody might send for each verb."""


@pytest.mark.parametrize("said", [acts.approve, acts.request_changes], ids=["yes", "changes"])
@pytest.mark.parametrize("person", ["UANA", "UBORIS", "UCLARA", "UGUS", "UEVE"])
async def test_the_menu_offers_exactly_what_is_then_taken(
    office: Office, person: str, said: Callable[[str], Act]
) -> None:
    handle = await office.open_request(BOTH)
    await office.do(handle, said("UBORIS"))

    menu = await handle.query(ApprovalWorkflow.menu, person)

    for verb in set(Verb) - set(menu.verbs):
        refusal = await refused(office.do(handle, EXAMPLES[verb](person)))
        assert str(refusal.type).startswith("rejected."), verb

    async def take(verb: Verb) -> None:
        same = await office.open_request(BOTH)
        await office.do(same, said("UBORIS"))
        await office.do(same, EXAMPLES[verb](person))

    await asyncio.gather(*map(take, menu.verbs))
    assert bool(menu.verbs) is (person != "UEVE")
