"""An id is unique for as long as the records know it, through every door.

Deleting a closed workflow in Temporal simulates the end of its retention.
"""

from dataclasses import replace

import pytest
from slack_bolt.async_app import AsyncApp
from temporalio.testing import WorkflowEnvironment

from bot.listeners.services import Services
from bot.runtime.ids import new_id
from emulator.client import StandInClient, text_of
from records.database import Database
from tests.bot.cli_driver import ANA, BORIS, FAY, GUS, CliDriver, cli_actor
from tests.bot.commands import send
from tests.bot.forgetting import forget, is_forgotten
from tests.bot.http_client import LINE, ORDER, http_server
from tests.bot.order_cli import OrderCli
from tests.bot.order_driver import Json, OrderDriver, make_order
from tests.bot.request_driver import RequestDriver
from tests.bot.test_approval_form import TYPED, choose, open_form, policy_with_levels, request_id_of
from tests.records.balance import Balance
from workflows.rules.approvals.policy import route
from workflows.rules.approvals.request import (
    Amendment,
    ApprovalRequest,
    Decision,
    Status,
    Verdict,
    Withdrawal,
)
from workflows.rules.messages import OrderInput
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.content import Content
from workflows.rules.shared.ids import approval_id

pytestmark = pytest.mark.usefixtures("worker")

CANNOT = 2
APPROVE = Decision(
    actor=cli_actor(BORIS), verdict=Verdict.APPROVE, content_revision=1, level=1, reason="Fine"
)


async def approved(cli: CliDriver, request: str, decision: Decision = APPROVE) -> None:
    """Have Boris approve a request, and wait until Temporal has forgotten it."""
    await send(cli.workflows, request, "click", decision)
    await cli.fact(request, Fact.REQUEST_APPROVED)


def script(request: str, title: str) -> tuple[str, ...]:
    """Return the command of the script in docs/command-line.md."""
    what = ("--policy", "general", "--title", title, "--amount", "1500.00 USD")
    return ("create", "--id", request, *what, "--as", ANA, "--wait")


async def test_a_wait_never_returns_the_outcome_of_an_older_request_with_the_same_id(
    cli: CliDriver, temporal: WorkflowEnvironment
) -> None:
    request = await cli.create_request("general")
    await approved(cli, request)
    await forget(temporal.client, request)

    other = await cli.request(*script(request, "Another offsite"))
    same = await cli.request(*script(request, "Team offsite"))
    verified = await cli.run("audit", "verify", request)

    assert (other.code, other.out) == (CANNOT, "")
    assert other.err.startswith(f"{request} already exists with different content")
    assert same.code == 0
    assert f"{request} already exists, so nothing was created." in same.err
    assert "Status: approved" in same.out
    assert verified.code == 0, verified
    assert await is_forgotten(temporal.client, request)  # nothing was started


@pytest.mark.parametrize("forgotten", [True, False], ids=["forgotten", "retained"])
async def test_an_amended_request_is_compared_as_it_was_submitted(
    cli: CliDriver, temporal: WorkflowEnvironment, *, forgotten: bool
) -> None:
    request = await cli.create_request("general")
    content = Content(title="Third offsite", text="Amended")
    amendment = Amendment(actor=cli_actor(ANA), content=content, content_revision=1)
    await send(cli.workflows, request, "amend", amendment)
    await cli.fact(request, Fact.REQUEST_AMENDED)
    await cli.until_decidable(request)
    await approved(cli, request, replace(APPROVE, content_revision=2))
    if forgotten:
        await forget(temporal.client, request)

    same = await cli.request(*script(request, "Team offsite"))
    other = await cli.request(*script(request, "Another offsite"))

    assert same.code == 0, same
    assert other.code == CANNOT, other


async def test_an_order_id_is_taken_for_as_long_as_the_records_have_it(
    order_cli: OrderCli, temporal: WorkflowEnvironment
) -> None:
    first = ("--total", "500")
    done = await order_cli.run_to_end(*first)
    order_id = done.out.split()[0]
    await forget(temporal.client, order_id)

    other = await order_cli.run(
        *("start", "--customer", "Other", "--total", "20000", "--id", order_id, "--wait")
    )
    same = await order_cli.start_again(order_id, *first)

    assert (other.code, other.out) == (CANNOT, "")
    assert other.err.startswith(f"{order_id} already exists with different content")
    assert (same.code, same.out) == (0, done.out)


async def test_an_idempotency_key_is_one_order_for_as_long_as_the_records_have_it(
    services: Services,
    database: Database,
    order_driver: OrderDriver,
    temporal: WorkflowEnvironment,
    queue: str,
) -> None:
    key = new_id("KEY")
    async with http_server(services, database, temporal.client, queue) as http_client:

        async def create(quantity: int) -> tuple[int, str]:
            body = {**ORDER, "lines": [{**LINE, "quantity": quantity}]}
            got = await http_client.call("POST", "/api/v1/orders", body, Idempotency_Key=key)
            return got.status, str(got.body["order_id"])

        _, order_id = await create(1)
        await order_driver.skip_to_end(order_id)
        await forget(temporal.client, order_id)

        assert await create(1) == (200, order_id)
        assert await create(2) == (409, order_id)


async def test_a_form_sent_again_after_the_retention_period_starts_nothing(  # noqa: PLR0913, PLR0917 - its fixtures
    slack: StandInClient,
    bot: AsyncApp,
    cli: CliDriver,
    services: Services,
    request_driver: RequestDriver,
    temporal: WorkflowEnvironment,
) -> None:
    form = await open_form(slack)
    policy = choose(form, policy_with_levels(services))
    typed: Json = {**TYPED, "amount": "1,200.00 USD", "policy": policy}
    request = request_id_of(form)
    await slack.submit(ANA, form, typed)
    await request_driver.snapshot(request, lambda snapshot: bool(snapshot.levels))
    await send(request_driver.workflows, request, "click", Withdrawal(actor=cli_actor(ANA)))
    await forget(temporal.client, request)

    await slack.submit(ANA, form, {**typed, "title": "Something else"})

    await slack.wait_for_modal(ANA, lambda v: not v["callback_id"] and request in text_of(v))
    assert await is_forgotten(temporal.client, request)


async def test_a_workflow_with_a_taken_id_ends_with_a_notice_and_leaves_the_trail_alone(
    cli: CliDriver,
    slack: StandInClient,
    request_driver: RequestDriver,
    temporal: WorkflowEnvironment,
) -> None:
    """A start that could not read the records, or that comes from a foreign program."""
    request = await cli.create_request("general")
    await approved(cli, request)
    await forget(temporal.client, request)
    policy = request_driver.policy()
    stranger = ApprovalRequest(
        request_id=request,
        requester=Actor(person=GUS, origin=Origin.CLI),
        content=Content(title="A yacht"),
        policy=policy,
        route=route(policy, None),
    )

    assert await request_driver.workflows.start(stranger)
    outcome = await temporal.client.get_workflow_handle(request).result()

    assert outcome["face"]["status"] == Status.ADMIN_CLOSED
    assert outcome["face"]["closing_rule"] == "id_taken"
    why = "Another request already has this number"
    await slack.wait_for_message("C0ADMIN", FAY, lambda m: why in text_of(m))
    await slack.wait_for_message(f"D{GUS}", GUS, lambda m: why in text_of(m))
    assert await request_driver.workflows.start_refusal(request) == "id_taken"
    assert (stranger.requester, "start", "id_taken") in await cli.refusals_of(request)
    verified = await cli.run("audit", "verify", request)
    assert verified.code == 0, verified
    first = await cli.trail.first(request)
    assert first is not None
    assert first.actor.person == ANA


async def test_an_order_with_a_taken_id_has_no_effect_and_withdraws_its_approval(
    cli: CliDriver,
    order_driver: OrderDriver,
    database: Database,
    temporal: WorkflowEnvironment,
) -> None:
    order_id = await order_driver.order("500.00")
    await order_driver.skip_to_end(order_id)
    await forget(temporal.client, order_id)
    before = await Balance(database).of_order(order_id)
    costly = replace(make_order("20000.00"), order_id=order_id)
    asked = OrderInput(order=costly, requester=cli_actor(GUS), policy=order_driver.policy)

    assert await order_driver.workflows.start(asked)
    outcome = await temporal.client.get_workflow_handle(order_id).result()
    approval = await temporal.client.get_workflow_handle(approval_id(order_id)).result()

    assert outcome["status"] == "failed"
    assert approval["face"]["status"] == Status.WITHDRAWN
    assert await Balance(database).of_order(order_id) == before
    verified = await cli.run("audit", "verify", order_id)
    assert verified.code == 0, verified
