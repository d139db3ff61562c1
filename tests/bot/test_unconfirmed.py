"""Unconfirmed clicks: the person is notified, the click is retried, and it counts once."""

from typing import TypeVar

import pytest
from slack_bolt.async_app import AsyncApp
from temporalio.testing import WorkflowEnvironment

from bot.temporal.calls import (
    Accepted,
    NotAccepted,
    TemporalUnavailableError,
    Unconfirmed,
    WorkflowEnded,
)
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient, text_of
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    BORIS,
    GUS,
    OrderDriver,
    RunningWorker,
    listeners_finished,
    shows,
)
from tests.bot.signed_clicks import SignedHttp, click_payload
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.request import Verdict
from workflows.rules.messages import Menu

T = TypeVar("T")


class LosesFirstAnswers(WorkflowClient):
    """Loses the first answer to every click and answers the retry with WorkflowEnded."""

    async def update(
        self, workflow_id: str, click_id: str, name: str, command: object, result: type[T]
    ) -> Accepted[T] | NotAccepted:
        answer = await super().update(workflow_id, click_id, name, command, result)
        seen, self.clicks_seen = self.clicks_seen, {*self.clicks_seen, click_id}
        if click_id in seen:
            # This answer is true only after the end, when every fact is recorded.
            await self._client.get_workflow_handle(workflow_id).result()
            return WorkflowEnded()
        assert isinstance(answer, Accepted)
        return Unconfirmed()

    clicks_seen: set[str] = set()  # noqa: RUF012 - replaced, never mutated


class LosesAQuery(WorkflowClient):
    """Does not answer the first menu query."""

    async def menu(self, request_id: str, person: str) -> Menu | None:
        if not self.lost:
            self.lost = True
            raise TemporalUnavailableError("menu")
        return await super().menu(request_id, person)

    lost = False


@pytest.fixture
def workflows(
    temporal: WorkflowEnvironment, queue: str, request: pytest.FixtureRequest
) -> WorkflowClient:
    kind: type[WorkflowClient] = getattr(request, "param", WorkflowClient)
    return kind(temporal.client, queue, wait=1)


async def test_a_click_without_a_worker_is_confirmed_later_and_counts_once(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver, worker: RunningWorker
) -> None:
    card = await order_driver.waiting_order(quorum=2)
    await worker.stop()

    await slack.click(BORIS, APPROVALS, card.message, "approve")
    await order_driver.private_message(BORIS, notices.unconfirmed(ENGLISH))
    await worker.start()
    await order_driver.private_message(BORIS, notices.confirmed(Verdict.APPROVE, ENGLISH))

    assert await order_driver.updates(card.approval_id, "decide") == 1
    assert await order_driver.refusals_of(card.approval_id) == []


async def test_an_unconfirmed_click_that_closed_the_request_is_confirmed(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver, worker: RunningWorker
) -> None:
    card = await order_driver.waiting_order()
    await worker.stop()

    await slack.click(BORIS, APPROVALS, card.message, "approve")
    await order_driver.private_message(BORIS, notices.unconfirmed(ENGLISH))
    await worker.start()
    await order_driver.private_message(BORIS, notices.confirmed(Verdict.APPROVE, ENGLISH))
    await order_driver.direct_message(ANA, card.order_id)
    await order_driver.skip_to_end(card.order_id)

    await order_driver.card(card.order_id, shows("Completed"))
    assert await order_driver.refusals_of(card.approval_id) == []


async def test_an_unconfirmed_click_that_was_refused_is_reported(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver, worker: RunningWorker
) -> None:
    card = await order_driver.waiting_order()
    await worker.stop()

    await slack.click(GUS, APPROVALS, card.message, "approve")
    await order_driver.private_message(GUS, notices.unconfirmed(ENGLISH))
    await worker.start()

    await order_driver.private_message(GUS, notices.refusal("not_an_approver", {}, ENGLISH))
    assert await order_driver.refusals_of(card.approval_id) == [(GUS, "not_an_approver")]


async def test_an_unconfirmed_rejection_is_reported_in_its_modal(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver, worker: RunningWorker
) -> None:
    card = await order_driver.waiting_order()
    await slack.click(BORIS, APPROVALS, card.message, "reject")
    modal = await slack.wait_for_modal(BORIS)
    await worker.stop()

    await slack.submit(BORIS, modal, {"reason": "No"})
    await slack.wait_for_modal(BORIS, lambda v: notices.unconfirmed(ENGLISH) in text_of(v))
    await worker.start()

    await slack.wait_for_modal(
        BORIS, lambda v: notices.confirmed(Verdict.REJECT, ENGLISH) in text_of(v)
    )
    assert await order_driver.updates(card.approval_id, "decide") == 1


@pytest.mark.parametrize("workflows", [LosesFirstAnswers], indirect=True)
async def test_an_unconfirmed_click_that_an_ended_request_recorded_is_not_a_refusal(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "approve")

    await http.interact(payload)

    await order_driver.private_message(BORIS, notices.confirmed(Verdict.APPROVE, ENGLISH))
    await listeners_finished()
    assert await order_driver.refusals_of(card.approval_id) == []


@pytest.mark.parametrize("workflows", [LosesAQuery], indirect=True)
async def test_an_unanswered_menu_query_is_retried(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()

    await slack.click(BORIS, APPROVALS, card.message, "more")

    menu = await slack.wait_for_modal(
        BORIS, lambda v: "verb-comment" in [block["block_id"] for block in v["blocks"]]
    )
    assert notices.unavailable(ENGLISH) not in text_of(menu)
