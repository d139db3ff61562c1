"""A start is its caller's word: policy and route are checked before a request has any effect."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import (
    Client,
    WorkflowContinuedAsNewError,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.common import RetryPolicy
from temporalio.testing import WorkflowEnvironment

from activities.audit import KnownPolicies
from bot.policies.book import PolicyBook
from bot.policies.file import Policies
from bot.runtime.ids import new_id
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient, text_of
from records.audit import AuditTrail
from records.database import Database
from records.refusals import Refusals
from tests.bot.cli_driver import ANA, FAY, CliDriver, cli_actor
from tests.bot.order_driver import OrderDriver, make_order
from tests.records.balance import Balance
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.approval import submit
from workflows.rules.approvals.policy import Policy, route
from workflows.rules.approvals.request import ApprovalRequest, Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.messages import ApprovalInput, ApprovalOutcome, CarriedApproval, OrderInput
from workflows.rules.people.actors import ManagedBy
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.card import CardState
from workflows.rules.shared.content import Content
from workflows.rules.shared.ids import approval_id
from workflows.rules.shared.money import Money

pytestmark = pytest.mark.usefixtures("worker")

CANNOT = 2
POLICIES = Path(__file__).parents[2] / "policies.toml"


@pytest.fixture
def known_policies() -> KnownPolicies:
    """The repository's policy file, without the minute in which it may still change."""
    return PolicyBook(POLICIES, lambda: datetime.now(UTC), attempts=1)


def asked(policies: Policies, policy: Policy) -> ApprovalRequest:
    """Return Ana's request for 20,000 EUR under this policy."""
    content = Content(title="A car", amount=Money(amount=Decimal("20000.00"), currency="EUR"))
    return ApprovalRequest(
        request_id=new_id("REQ"),
        requester=cli_actor(ANA),
        content=content,
        policy=policy,
        route=route(policy, content.amount),
        managers=policies.chain_of(ANA),
    )


def without_levels(genuine: ApprovalRequest) -> ApprovalRequest:
    return replace(genuine, route=replace(genuine.route, levels=()))


def with_other_approvers(genuine: ApprovalRequest) -> ApprovalRequest:
    levels = tuple(
        replace(level, approvers=(replace(level.approvers[0], value="U0GUS"),))
        for level in genuine.route.levels
    )
    return replace(genuine, route=replace(genuine.route, levels=levels))


def under_a_lax_policy(genuine: ApprovalRequest) -> ApprovalRequest:
    """Return the request under a policy without levels that claims to be the real version."""
    lax = replace(genuine.policy, tiers=(replace(genuine.policy.tiers[-1], levels=()),))
    return replace(genuine, policy=lax, route=route(lax, genuine.content.amount))


def under_an_invented_policy(genuine: ApprovalRequest) -> ApprovalRequest:
    invented = replace(genuine.policy, name="invented")
    return replace(genuine, policy=invented, route=route(invented, genuine.content.amount))


def with_another_manager(genuine: ApprovalRequest) -> ApprovalRequest:
    return replace(genuine, managers=(ManagedBy(person=ANA, manager="U0GUS"),))


async def outcome_of(temporal: WorkflowEnvironment, request_id: str) -> ApprovalOutcome:
    handle = temporal.client.get_workflow_handle(request_id, result_type=ApprovalOutcome)
    outcome: ApprovalOutcome = await handle.result()
    return outcome


@pytest.mark.parametrize(
    ("forge", "code"),
    [
        (without_levels, "route_differs"),
        (with_other_approvers, "route_differs"),
        (under_a_lax_policy, "policy_differs"),
        (under_an_invented_policy, "policy_differs"),
        (with_another_manager, "policy_differs"),
    ],
)
async def test_a_forged_start_is_refused_before_it_has_any_effect(  # noqa: PLR0913, PLR0917 - its fixtures
    forge: Callable[[ApprovalRequest], ApprovalRequest],
    code: str,
    temporal: WorkflowEnvironment,
    workflows: WorkflowClient,
    policies: Policies,
    database: Database,
    slack: StandInClient,
) -> None:
    forged = forge(asked(policies, policies.policy("budget")))

    assert await workflows.start(forged)
    outcome = await outcome_of(temporal, forged.request_id)

    assert outcome.face.status is Status.ADMIN_CLOSED
    assert outcome.face.closing_rule == code
    assert await AuditTrail(database).facts(forged.request_id) == ()
    (refusal,) = await Refusals(database).of(forged.request_id)
    assert (refusal.actor, refusal.verb, refusal.code) == (forged.requester, "start", code)
    for channel, reader in (("C0ADMIN", FAY), (f"D{ANA}", ANA)):
        await slack.wait_for_message(channel, reader, lambda m: forged.request_id in text_of(m))
    assert await slack.messages("C0APPROVALS", ANA) == []


async def test_a_start_cannot_take_the_number_of_another_workflow(
    temporal: WorkflowEnvironment, policies: Policies, database: Database, queue: str
) -> None:
    genuine = asked(policies, policies.policy("budget"))
    outcome = await temporal.client.execute_workflow(
        ApprovalWorkflow.run,
        ApprovalInput(request=genuine),
        id=new_id("REQ"),
        task_queue=queue,
    )

    assert outcome.face.closing_rule == "id_differs"
    assert await AuditTrail(database).facts(genuine.request_id) == ()


async def test_a_genuine_start_opens_its_first_level(
    workflows: WorkflowClient, policies: Policies, cli: CliDriver
) -> None:
    genuine = asked(policies, policies.policy("budget"))

    assert await workflows.start(genuine)

    await cli.fact(genuine.request_id, Fact.LEVEL_OPENED)


async def test_an_order_under_a_forged_policy_has_no_effect(
    temporal: WorkflowEnvironment,
    order_driver: OrderDriver,
    policies: Policies,
    database: Database,
) -> None:
    real = policies.policy("order")
    lax = replace(real, tiers=(replace(real.tiers[-1], levels=()),))
    order = make_order("20000.00")
    forged = OrderInput(
        order=order, requester=cli_actor(ANA), policy=lax, managers=policies.chain_of(ANA)
    )
    before = await Balance(database).of_order(order.order_id)

    assert await order_driver.workflows.start(forged)
    outcome = await temporal.client.get_workflow_handle(order.order_id).result()

    assert outcome["status"] == "failed"
    assert "policy_differs" in outcome["failure"]
    assert await Balance(database).of_order(order.order_id) == before
    assert await AuditTrail(database).facts(order.order_id) == ()


async def test_the_approval_of_a_forged_order_ends_with_it(
    temporal: WorkflowEnvironment, order_driver: OrderDriver, policies: Policies
) -> None:
    forged = replace(policies.policy("order"), channel="#random")
    order = make_order("20000.00")

    assert await order_driver.workflows.start(
        OrderInput(order=order, requester=cli_actor(ANA), policy=forged)
    )
    async with asyncio.timeout(20):
        await temporal.client.get_workflow_handle(order.order_id).result()
        approval = await outcome_of(temporal, approval_id(order.order_id))

    assert approval.face.status in {Status.ADMIN_CLOSED, Status.WITHDRAWN}


async def test_a_state_that_a_start_brings_along_is_ignored(
    temporal: WorkflowEnvironment, workflows: WorkflowClient, policies: Policies, queue: str
) -> None:
    """Only an earlier run of the same workflow carries a state over."""
    genuine = asked(policies, policies.policy("budget"))
    approved = submit(without_levels(genuine), datetime.now(UTC)).state
    carried = CarriedApproval(state=approved, card=CardState(copies=()), clicks=())

    await temporal.client.start_workflow(
        ApprovalWorkflow.run,
        ApprovalInput(request=genuine, carried=carried),
        id=genuine.request_id,
        task_queue=queue,
    )
    menu = await workflows.menu(genuine.request_id, ANA)

    assert menu is not None
    assert menu.face.status is Status.PENDING


@pytest.mark.parametrize(
    "again",
    [{"cron_schedule": "@every 1s"}, {"retry_policy": RetryPolicy()}],
    ids=["cron", "retry"],
)
async def test_a_state_is_ignored_if_temporal_starts_the_workflow_again(
    temporal: WorkflowEnvironment, policies: Policies, queue: str, again: dict[str, Any]
) -> None:
    """A second run has a predecessor too, but its input is that of the start."""
    genuine = asked(policies, policies.policy("budget"))
    approved = submit(without_levels(genuine), datetime.now(UTC)).state
    carried = CarriedApproval(state=approved, card=CardState(copies=()), clicks=())

    first = await temporal.client.start_workflow(
        ApprovalWorkflow.run,
        ApprovalInput(request=genuine, carried=carried),
        id=genuine.request_id,
        task_queue=queue,
        run_timeout=timedelta(seconds=1),
        **again,
    )
    async with asyncio.timeout(20):
        second = await run_after(temporal.client, first)
        snapshot = await second.query("state", result_type=ApprovalSnapshot)

    assert snapshot.status is not Status.APPROVED
    await temporal.client.get_workflow_handle(genuine.request_id).terminate()


async def run_after(client: Client, first: WorkflowHandle[Any, Any]) -> WorkflowHandle[Any, Any]:
    """Return the run that Temporal starts when the first one has ended."""
    with pytest.raises((WorkflowContinuedAsNewError, WorkflowFailureError)):
        await first.result(follow_runs=False)
    ended = client.get_workflow_handle(first.id, run_id=first.result_run_id)
    last = (await ended.fetch_history()).events[-1]
    outcome = getattr(last, str(last.WhichOneof("attributes")))
    return client.get_workflow_handle(first.id, run_id=outcome.new_execution_run_id)


async def test_a_wait_ends_with_the_reason_of_a_refused_start(cli: CliDriver) -> None:
    """The command line reads another policy file than the worker."""
    result = await cli.request(
        *("create", "--policy", "general", "--title", "Pens", "--as", ANA, "--wait")
    )

    assert result.code == CANNOT
    assert "was not started. Its policy is not the one in the worker's policy file." in result.err
