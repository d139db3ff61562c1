"""The audit comes first: while the database is down, appends are retried, in order."""

from datetime import timedelta

from tests.time_skipping import ANY
from tests.workflows import updates
from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import BOTH, EXPIRE, Harness
from tests.workflows.history import scheduled
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.request import Status
from workflows.rules.orders.order import OrderStatus


async def test_facts_are_neither_lost_nor_reordered(
    harness: Harness, ports: FakePorts, quick_retries: None
) -> None:
    handle = await harness.open_request(BOTH)
    ports.audit.down = True
    before = ports.audit.tries
    await harness.decide(handle, "UBORIS")
    await ports.until(lambda: ports.audit.tries >= before + 2)
    await harness.decide(handle, "UCLARA")
    ports.audit.down = False

    await harness.run_to_end(handle)

    assert [fact.sequence for fact in ports.audit.of(handle.id)] == [1, 2, 3, 4, 5, 6]
    assert ports.audit.kinds(handle.id)[2:] == [
        "DecisionRecorded",
        "DecisionRecorded",
        "LevelPassed",
        "RequestApproved",
    ]


async def test_updates_return_while_the_database_is_down(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request()
    ports.audit.down = True

    answer = await harness.decide(handle, "UBORIS")

    assert answer.status is Status.APPROVED


async def test_the_card_shows_nothing_that_is_not_audited(
    harness: Harness, ports: FakePorts, quick_retries: None
) -> None:
    handle = await harness.open_request()
    ports.audit.down = True
    before = ports.audit.tries

    await harness.decide(handle, "UBORIS")
    await ports.until(lambda: ports.audit.tries >= before + 2)

    assert ports.cards.versions == [1]
    ports.audit.down = False
    await harness.fast_forward(handle, timedelta(minutes=1), timers=ANY)
    outcome = await handle.result()
    assert ports.cards.versions == [1, outcome.card.version]


async def test_deadlines_pass_while_the_database_is_down(
    harness: Harness, ports: FakePorts
) -> None:
    """The request still expires at its instant, and the fact has that instant."""
    handle = await harness.open_request()
    due = (await handle.query(ApprovalWorkflow.state)).levels[0].expires_at
    ports.audit.down = True
    await harness.send(handle, updates.comment("UBORIS", "Soon"))
    await harness.fast_forward(handle, EXPIRE, timers=ANY)

    snapshot = await handle.query(ApprovalWorkflow.state)
    ports.audit.down = False
    await harness.run_to_end(handle)

    assert snapshot.status is Status.EXPIRED
    assert snapshot.closed_at == due
    assert ports.audit.fact(handle.id, "RequestExpired").at == due


async def test_facts_are_never_appended_before_their_workflow_task_completes(
    harness: Harness, ports: FakePorts
) -> None:
    """A local activity would do that, and its task may be replayed at another instant.

    Found by a crash test: a worker that died in between left a fact that had never happened. The
    next append, with the same sequence and another instant, was a conflict.
    """
    handle = await harness.open_request()
    await harness.decide(handle, "UBORIS")
    await harness.run_to_end(handle)

    events = await harness.history(handle)

    appended = scheduled(events, "append")
    assert ports.audit.kinds(handle.id) == [
        "RequestSubmitted",
        "LevelOpened",
        "DecisionRecorded",
        "LevelPassed",
        "RequestApproved",
    ]
    assert ports.audit.tries == len(appended) == 2


async def test_a_permanently_failed_append_is_started_again(
    harness: Harness, ports: FakePorts
) -> None:
    """As if an operator ended the activity: the facts stay queued, in order."""
    handle = await harness.open_request()
    ports.audit.failures = 2

    await harness.decide(handle, "UBORIS")
    outcome = await harness.run_to_end(handle)

    assert outcome.face.status is Status.APPROVED
    assert [fact.sequence for fact in ports.audit.of(handle.id)] == [1, 2, 3, 4, 5]


async def test_a_decision_takes_effect_although_its_append_fails_permanently(
    harness: Harness, ports: FakePorts
) -> None:
    """An approval that failed here would fail its order too."""
    order, approval = await harness.order_awaiting_approval()
    ports.audit.failures = 2

    await harness.decide(approval, "UBORIS")
    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.COMPLETED
