"""The bot's Temporal client: a typed answer for every outcome, within a time limit."""

import asyncio
from dataclasses import replace

from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from bot.actions.execute import confirmed
from bot.temporal.calls import (
    Accepted,
    Refused,
    Unconfirmed,
    WorkflowEnded,
    WorkflowUnknown,
)
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient
from tests.bot.commands import send
from tests.bot.order_driver import (
    ANA,
    BORIS,
    CLARA,
    TIMEOUT,
    OrderDriver,
    RunningWorker,
    make_order,
)
from tests.bot.signed_clicks import approval_by
from workflows.rules.approvals.policy import Policy, Quorum
from workflows.rules.approvals.request import Status
from workflows.rules.messages import OrderInput
from workflows.rules.people.actors import Actor, ApproverSource, Origin, SourceKind

REQUESTER = Actor(person=ANA, origin=Origin.CLI)


async def test_an_accepted_decision_returns_the_new_state(order_driver: OrderDriver) -> None:
    card = await order_driver.waiting_order()

    answer = await send(order_driver.workflows, card.approval_id, "click", approval_by(BORIS))

    assert isinstance(answer, Accepted)
    assert answer.snapshot.status is Status.APPROVED
    assert answer.snapshot.closed_by == approval_by(BORIS).actor


async def test_a_refusal_returns_its_code_data_and_card_version(
    order_driver: OrderDriver,
) -> None:
    card = await order_driver.waiting_order(quorum=2)
    first = await send(order_driver.workflows, card.approval_id, "first", approval_by(BORIS))

    answer = await send(order_driver.workflows, card.approval_id, "second", approval_by(BORIS))

    assert isinstance(first, Accepted)
    assert answer == Refused(
        code="already_decided",
        data={"verdict": "approve"},
        card_version=first.snapshot.card_version,
    )


async def test_a_new_click_on_an_ended_request_returns_ended(order_driver: OrderDriver) -> None:
    card = await order_driver.waiting_order()
    await send(order_driver.workflows, card.approval_id, "first", approval_by(BORIS))
    await order_driver.env.client.get_workflow_handle(card.approval_id).result()

    answer = await send(order_driver.workflows, card.approval_id, "second", approval_by(CLARA))

    assert answer == WorkflowEnded()


async def test_a_request_that_never_existed_is_unknown(order_driver: OrderDriver) -> None:
    answer = await send(
        order_driver.workflows, "ORD-NEVERWAS.approval", "click", approval_by(BORIS)
    )

    assert answer == WorkflowUnknown()


async def test_a_timeout_is_unconfirmed_and_the_click_can_be_retried(
    order_driver: OrderDriver, worker: RunningWorker, temporal: WorkflowEnvironment, queue: str
) -> None:
    card = await order_driver.waiting_order(quorum=2)
    hasty = WorkflowClient(temporal.client, queue, wait=0.2)
    await worker.stop()

    answer = await send(hasty, card.approval_id, "click", approval_by(BORIS))
    await worker.start()
    again = await send(order_driver.workflows, card.approval_id, "click", approval_by(BORIS))

    assert answer == Unconfirmed()
    assert isinstance(again, Accepted)
    assert await order_driver.updates(card.approval_id, "decide") == 1


async def test_a_payload_that_the_worker_cannot_read_is_unconfirmed(
    order_driver: OrderDriver,
) -> None:
    """No rule has refused it: a worker that can read it may be starting."""
    card = await order_driver.waiting_order(quorum=2)
    handle = order_driver.env.client.get_workflow_handle(card.approval_id)
    rules = approval_by(BORIS)

    unreadable = replace(rules, level="one")  # type: ignore[arg-type]
    answer = await send(order_driver.workflows, card.approval_id, "click", unreadable)
    again = await send(order_driver.workflows, card.approval_id, "click", rules)

    assert answer == Unconfirmed()
    assert isinstance(again, Accepted)
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_retrying_ends_after_the_given_time() -> None:
    async def update() -> Unconfirmed:
        return Unconfirmed()

    assert await confirmed(update, 0) == Unconfirmed()


async def test_five_concurrent_deliveries_of_a_click_are_one_decision(
    order_driver: OrderDriver,
) -> None:
    card = await order_driver.waiting_order(quorum=2)

    answers = await asyncio.gather(
        *(
            send(order_driver.workflows, card.approval_id, "click", approval_by(BORIS))
            for _ in range(5)
        )
    )

    assert all(isinstance(answer, Accepted) for answer in answers)
    assert await order_driver.updates(card.approval_id, "decide") == 1


async def test_sixty_concurrent_clicks_on_a_request_all_get_an_answer(
    slack: StandInClient, order_driver: OrderDriver, queue: str
) -> None:
    """Every click gets an answer; how fast does not matter on a busy machine."""
    patient = WorkflowClient(order_driver.env.client, queue, wait=TIMEOUT)
    crowd = [f"U0P{number:02}" for number in range(60)]
    for person in crowd:
        user = {"id": person, "name": person.lower(), "real_name": person}
        await slack.people("team_join", user=user)
    order_id = await order_driver.order(policy=policy_with_approvers(order_driver.policy, crowd))
    await order_driver.card(order_id, lambda m: crowd[0] in str(m["blocks"]))

    answers = await asyncio.gather(
        *(send(patient, f"{order_id}.approval", person, approval_by(person)) for person in crowd)
    )

    assert all(isinstance(answer, Accepted) for answer in answers), answers
    snapshots = [answer.snapshot for answer in answers if isinstance(answer, Accepted)]
    assert sum(snapshot.status is Status.APPROVED for snapshot in snapshots) == 1
    assert max(len(snapshot.levels[0].decisions) for snapshot in snapshots) == len(crowd)


def policy_with_approvers(policy: Policy, people: list[str]) -> Policy:
    """Return the policy with these people as approvers; all must approve."""
    sources = tuple(ApproverSource(kind=SourceKind.USER, value=person) for person in people)
    (level,) = policy.levels
    return replace(
        policy, levels=(replace(level, approvers=sources, quorum=Quorum(count=len(people))),)
    )


async def test_an_order_is_started_only_once(order_driver: OrderDriver) -> None:
    order_input = OrderInput(order=make_order(), requester=REQUESTER, policy=order_driver.policy)

    assert await order_driver.workflows.start(order_input) is True
    assert await order_driver.workflows.start(order_input) is False


async def test_many_republish_calls_are_two_updates(
    order_driver: OrderDriver,
) -> None:
    """One update for the first call, and one for all calls that arrived while it ran."""
    card = await order_driver.waiting_order()

    calls = (order_driver.workflows.republish(card.approval_id, f"click {n}") for n in range(30))
    answers = await asyncio.gather(*calls)

    assert answers == [True] * 30
    assert 1 <= await order_driver.updates(card.approval_id, "republish") <= 2


async def test_republishing_returns_whether_the_owner_is_running(order_driver: OrderDriver) -> None:
    card = await order_driver.waiting_order()

    assert await order_driver.workflows.republish(card.approval_id, "click") is True
    assert await order_driver.workflows.republish("ORD-NEVERWAS", "click") is False
