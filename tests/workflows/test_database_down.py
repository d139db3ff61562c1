"""The audit comes first: with the database down it is tried until it is written, in order."""

from datetime import timedelta

from tests.workflows import acts
from tests.workflows.fakes import World
from tests.workflows.history import scheduled
from tests.workflows.office import BOTH, EXPIRE, Office
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.request import Status
from workflows.rules.orders.order import OrderStatus


async def test_nothing_is_lost_or_out_of_order(office: Office, world: World) -> None:
    handle = await office.open_request(BOTH)
    world.audit.down = True
    before = world.audit.tries
    await office.decide(handle, "UBORIS")
    await world.until(lambda: world.audit.tries >= before + 2)
    await office.decide(handle, "UCLARA")
    world.audit.down = False

    await office.end(handle)

    assert [fact.sequence for fact in world.audit.of(handle.id)] == [1, 2, 3, 4, 5, 6]
    assert world.audit.kinds(handle.id)[2:] == [
        "DecisionRecorded",
        "DecisionRecorded",
        "LevelPassed",
        "RequestApproved",
    ]


async def test_people_are_answered_while_the_database_is_down(office: Office, world: World) -> None:
    handle = await office.open_request()
    world.audit.down = True

    answer = await office.decide(handle, "UBORIS")

    assert answer.status is Status.APPROVED


async def test_the_card_shows_nothing_that_is_not_written_down(
    office: Office, world: World
) -> None:
    handle = await office.open_request()
    world.audit.down = True
    before = world.audit.tries

    await office.decide(handle, "UBORIS")
    await world.until(lambda: world.audit.tries >= before + 2)

    assert world.cards.versions == [1]
    world.audit.down = False
    await office.pass_time(handle, timedelta(minutes=1))
    outcome = await handle.result()
    assert world.cards.versions == [1, outcome.card.version]


async def test_time_goes_on_while_the_database_is_down(office: Office, world: World) -> None:
    """A request expires at its instant all the same, and the fact says that instant."""
    handle = await office.open_request()
    due = (await handle.query(ApprovalWorkflow.state)).levels[0].expires_at
    world.audit.down = True
    await office.do(handle, acts.comment("UBORIS", "Soon"))
    await office.pass_time(handle, EXPIRE)

    snapshot = await handle.query(ApprovalWorkflow.state)
    world.audit.down = False
    await office.end(handle)

    assert snapshot.status is Status.EXPIRED
    assert snapshot.closed_at == due
    assert world.audit.fact(handle.id, "RequestExpired").at == due


async def test_facts_are_never_written_before_their_workflow_task_is_over(
    office: Office, world: World
) -> None:
    """As a local activity would: such a task may be done again, at another instant.

    Found by a crash test: a worker that died in between left a fact that had never happened, and
    the next append, of the same number at another instant, was a conflict.
    """
    handle = await office.open_request()
    await office.decide(handle, "UBORIS")
    await office.end(handle)

    events = await office.history(handle)

    appended = scheduled(events, "append")
    assert world.audit.kinds(handle.id) == [
        "RequestSubmitted",
        "LevelOpened",
        "DecisionRecorded",
        "LevelPassed",
        "RequestApproved",
    ]
    assert world.audit.tries == len(appended) == 2


async def test_an_append_that_fails_for_good_is_begun_again(office: Office, world: World) -> None:
    """As where an operator ends the activity: the facts are owed all the same, in order."""
    handle = await office.open_request()
    world.audit.failures = 2

    await office.decide(handle, "UBORIS")
    outcome = await office.end(handle)

    assert outcome.face.status is Status.APPROVED
    assert [fact.sequence for fact in world.audit.of(handle.id)] == [1, 2, 3, 4, 5]


async def test_a_decision_whose_append_fails_for_good_still_leads_to_its_effects(
    office: Office, world: World
) -> None:
    """An approval that failed here would take its order with it."""
    order, approval = await office.awaiting_order()
    world.audit.failures = 2

    await office.decide(approval, "UBORIS")
    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.COMPLETED
