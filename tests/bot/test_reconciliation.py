"""Requests whose workflow was ended in Temporal by hand are settled: card, records, people, parent."""

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.testing import WorkflowEnvironment

from activities import reconciliation
from bot.actions.audit_verification import Compared, check
from emulator.client import StandInClient, text_of
from records.audit import AuditTrail
from records.database import Database
from records.inbox import Inbox
from records.requests import Requests
from tests.bot.cli_driver import CliDriver
from tests.bot.commands import send
from tests.bot.operator import Operator
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    BORIS,
    FAY,
    Json,
    OrderDriver,
    RunningWorker,
    has_approve_button,
)
from tests.bot.request_driver import RequestDriver
from workflows.rules.approvals.policy import Notify
from workflows.rules.approvals.request import Comment
from workflows.rules.ended_outside import RunEnd
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.audit import Fact

ADMINS = "C0ADMIN"
WORDS = "Ended outside Countersign"
BY_HAND = (RunEnd.TERMINATED, RunEnd.CANCELLED, RunEnd.DELETED, RunEnd.RESET)


@pytest.fixture
def operator(temporal: WorkflowEnvironment, queue: str, worker: RunningWorker) -> Operator:
    return Operator(env=temporal, queue=queue)


async def _facts(database: Database, request_id: str) -> list[Fact]:
    return [fact.kind for fact in await AuditTrail(database).facts(request_id)]


async def _status(database: Database, request_id: str) -> str:
    record = await Requests(database).get(request_id)
    assert record is not None
    return record.status


async def _until_shown(slack: StandInClient, channel: str, message: Json, words: str) -> None:
    """Wait until a message shows these words and no longer has buttons."""
    await slack.wait_for_message(
        channel,
        BORIS,
        lambda m: m["ts"] == message["ts"] and words in text_of(m) and not has_approve_button(m),
    )


@pytest.mark.parametrize("how", BY_HAND)
async def test_a_request_ended_by_hand_is_settled_once(
    database: Database, request_driver: RequestDriver, operator: Operator, how: RunEnd
) -> None:
    slack = request_driver.slack
    request = await request_driver.create(notify=Notify.DM)
    private = await slack.wait_for_message(f"D{BORIS}", BORIS, has_approve_button)
    assert (await operator.reconcile()).gone == ()

    await operator.end(request.request_id, how)
    report = await operator.reconcile_until_gone()
    again = await operator.reconcile()

    assert (report.gone, again.gone) == ((request.request_id,), ())
    await _until_shown(slack, APPROVALS, request.message, WORDS)
    await _until_shown(slack, f"D{BORIS}", private, WORDS)
    facts = await _facts(database, request.request_id)
    assert facts.count(Fact.ENDED_OUTSIDE) == 1
    assert facts[-1] is Fact.ENDED_OUTSIDE
    inbox = Inbox(database)
    record = await Requests(database).get(request.request_id)
    assert record is not None
    assert (await inbox.to_decide(BORIS, record.changed_at)).rows == ()
    assert [m for m in await slack.messages(f"D{ANA}", ANA) if "by an operator" in text_of(m)]
    ended = f"“A desk for {request.request_id}” was ended outside Countersign"
    assert len([m for m in await slack.messages(ADMINS, FAY) if ended in text_of(m)]) == 1
    verified = await check(AuditTrail(database), operator.env.client, request.request_id)
    assert verified.is_whole
    has_history = how in (RunEnd.TERMINATED, RunEnd.CANCELLED)
    assert verified.compared is (Compared.AGREES if has_history else Compared.FORGOTTEN)


@pytest.mark.parametrize("how", BY_HAND)
async def test_an_order_whose_approval_is_ended_by_hand_fails(
    database: Database, order_driver: OrderDriver, operator: Operator, how: RunEnd
) -> None:
    card = await order_driver.waiting_order()

    await operator.end(card.approval_id, how)
    await operator.reconcile_until_gone()
    await order_driver.skip_to_end(card.order_id)

    # A reset approval starts again, which the audit trail refuses: to its order, that is a withdrawal.
    status = "cancelled" if how is RunEnd.RESET else "failed"
    assert await _status(database, card.order_id) == status
    assert (await _facts(database, card.order_id))[-1] is Fact.ORDER_ENDED
    assert (await _facts(database, card.approval_id))[-1] is Fact.ENDED_OUTSIDE
    await _until_shown(order_driver.slack, APPROVALS, card.message, "")
    assert await order_driver.direct_message(ANA, card.order_id)
    assert (await operator.reconcile()).gone == ()


@pytest.mark.parametrize("how", BY_HAND)
async def test_an_order_ended_by_hand_ends_its_approval_too(
    database: Database, order_driver: OrderDriver, operator: Operator, how: RunEnd
) -> None:
    card = await order_driver.waiting_order()

    await operator.end(card.order_id, how)
    first = await operator.reconcile_until_gone()
    second = await operator.reconcile_until_gone()

    assert (first.gone, second.gone) == ((card.order_id,), (card.approval_id,))
    assert await _status(database, card.order_id) == "failed"
    assert (await _facts(database, card.order_id))[-1] is Fact.ENDED_OUTSIDE
    assert (await _facts(database, card.approval_id))[-1] is Fact.ENDED_OUTSIDE
    await _until_shown(order_driver.slack, APPROVALS, card.message, "ended outside Countersign")
    assert await order_driver.direct_message(ANA, "Completed steps weren't undone")
    assert (await operator.reconcile()).gone == ()


async def test_a_reset_behind_a_recorded_fact_is_settled(
    database: Database,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
    operator: Operator,
) -> None:
    """The workflow would record the comment at another time, which the audit trail refuses forever."""
    request = await request_driver.create()
    await order_driver.until_idle(request.request_id)
    tasks = len(await operator.completed_tasks(request.request_id))
    comment = Comment(actor=Actor(person=BORIS, origin=Origin.CLI), text="Which room?")
    await send(request_driver.workflows, request.request_id, "comment", comment)
    await order_driver.until_idle(request.request_id)
    before = await _facts(database, request.request_id)

    await operator.reset(request.request_id, tasks - 1)
    report = await operator.reconcile_until_gone()

    assert report.gone == (request.request_id,)
    assert await _facts(database, request.request_id) == [*before, Fact.ENDED_OUTSIDE]
    verified = await check(AuditTrail(database), operator.env.client, request.request_id)
    assert (verified.is_whole, verified.compared) == (True, Compared.WAS_RESET)


async def test_a_reset_that_loses_no_fact_changes_nothing(
    database: Database, request_driver: RequestDriver, operator: Operator
) -> None:
    """Operators reset a workflow to its last task after a bad deployment."""
    request = await request_driver.create()
    before = await _facts(database, request.request_id)

    await operator.reset(request.request_id, -1)
    report = await operator.reconcile()

    assert report.gone == ()
    assert await _facts(database, request.request_id) == before


async def test_a_temporal_that_knows_none_of_many_requests_ends_none(
    database: Database,
    request_driver: RequestDriver,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is another Temporal: a wrong address or namespace, or a server that lost its data."""
    monkeypatch.setattr(reconciliation, "SUSPICIOUS", 2)
    requests = [(await request_driver.create()).request_id for _ in range(2)]
    for request_id in requests:
        await operator.end(request_id, RunEnd.DELETED)

    with pytest.raises(WorkflowFailureError):
        await operator.reconcile()

    assert [await _status(database, request_id) for request_id in requests] == ["pending"] * 2


@pytest.mark.parametrize("how", [RunEnd.TERMINATED, RunEnd.CANCELLED, RunEnd.DELETED])
async def test_every_door_shows_how_a_request_ended(
    cli: CliDriver, operator: Operator, how: RunEnd
) -> None:
    """Temporal still answers queries about a terminated workflow, with the state before its end."""
    request = await cli.create_request()
    await operator.end(request, how)
    await operator.reconcile_until_gone()

    shown = await cli.run("request", "show", request)
    closed = await cli.run("request", "close", request, "--as", FAY, "--reason", "gone")

    assert "An operator ended the request in Temporal" in shown.out
    assert "This request was closed without a decision." in closed.err
