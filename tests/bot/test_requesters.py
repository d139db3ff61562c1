"""Who may send a request: the same answer through every door."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import text
from temporalio.testing import WorkflowEnvironment

from bot.actions.requesters import Requesters, RequesterUncheckedError
from bot.listeners.services import Services
from bot.policies.file import Policies
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient, text_of
from records.database import Database
from slack_api.directory import SlackDirectory
from slack_api.workspace import Workspace
from tests.bot.cli_driver import CliDriver
from tests.bot.http_client import ORDER, HttpClient, http_server
from tests.bot.order_driver import ANA
from tests.bot.order_form import order_id_of, submission
from tests.bot.signed_clicks import SignedHttp
from tests.bot.test_api import ORDERS
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.policy import Policy
from workflows.rules.approvals.policy import Requesters as Allowed
from workflows.rules.people.actors import Standing
from workflows.rules.shared.errors import RequesterNotAllowedError

GUEST, STRANGER, DEACTIVATED, BOT, NOBODY = "U0JUNE", "U0KAI", "U0IVAN", "U0LOCALBOT", "U0NOBODY"
REFUSED, CANNOT = 6, 2
REFUSALS = [
    (GUEST, Standing.GUEST),
    (STRANGER, Standing.STRANGER),
    (NOBODY, Standing.UNKNOWN),
]


def sentence(standing: Standing) -> str:
    return notices.refusal("requester_not_allowed", {"standing": standing}, ENGLISH)


@pytest.fixture
async def http_client(
    services: Services, database: Database, temporal: WorkflowEnvironment, queue: str
) -> AsyncIterator[HttpClient]:
    async with http_server(services, database, temporal.client, queue) as http_client:
        yield http_client


@pytest.fixture(autouse=True)
def _ask_slack_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot has listed everyone when it started, and these tests send it no events."""
    monkeypatch.setattr("slack_api.directory.CURRENT_FOR", timedelta(0))


@pytest.fixture
def directory(web: AsyncWebClient, database: Database) -> SlackDirectory:
    return Workspace.of(web, database, lambda: datetime.now(UTC)).directory


@pytest.fixture
def order_policy(policies: Policies) -> Policy:
    return policies.policy("order")


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        (Allowed.MEMBERS, {GUEST, STRANGER, DEACTIVATED, BOT, NOBODY}),
        (Allowed.GUESTS, {STRANGER, DEACTIVATED, BOT, NOBODY}),
        (Allowed.ANYONE, {DEACTIVATED, BOT, NOBODY}),
    ],
)
async def test_the_policy_says_who_may_send_a_request(
    directory: SlackDirectory, order_policy: Policy, allowed: Allowed, refused: set[str]
) -> None:
    requesters, policy = Requesters(directory), replace(order_policy, requesters=allowed)
    found = set()

    for person in (ANA, GUEST, STRANGER, DEACTIVATED, BOT, NOBODY):
        try:
            await requesters.require(person, policy)
        except RequesterNotAllowedError:
            found.add(person)

    assert found == refused


async def test_without_slack_only_people_who_were_checked_before_may_send_requests(
    slack: StandInClient,
    directory: SlackDirectory,
    order_policy: Policy,
) -> None:
    requesters = Requesters(directory)
    await requesters.require(ANA, order_policy)
    with pytest.raises(RequesterNotAllowedError):
        await requesters.require(GUEST, order_policy)
    await slack.faults(
        {"target": "users.info", "effect": "error", "error": "fatal_error", "times": 9}
    )

    await requesters.require(ANA, order_policy)
    with pytest.raises(RequesterNotAllowedError):
        await requesters.require(GUEST, order_policy)
    with pytest.raises(RequesterUncheckedError):
        await requesters.require(NOBODY, order_policy)


async def test_without_the_database_people_who_were_checked_before_may_send_requests(
    directory: SlackDirectory, database: Database, order_policy: Policy
) -> None:
    requesters = Requesters(directory)
    await requesters.require(ANA, order_policy)
    async with database.writing("") as connection:
        await connection.execute(text("DROP TABLE directory_people"))

    await requesters.require(ANA, order_policy)
    with pytest.raises(RequesterUncheckedError):
        await requesters.require(GUEST, order_policy)


async def test_a_guest_is_refused_in_the_form_and_keeps_the_input(
    slack: StandInClient, http: SignedHttp, workflows: WorkflowClient
) -> None:
    """The payload is signed: it says who pressed, and Slack says that they became a guest."""
    form, payload = await submission(slack, http)
    await slack.people("user_change", user={"id": ANA, "guest": "multi"})

    await http.interact(payload)

    again = await slack.wait_for_modal(ANA, lambda v: sentence(Standing.GUEST) in text_of(v))
    assert again["callback_id"] == "order"
    assert "Acme GmbH" in json.dumps(again["blocks"])
    assert await workflows.order_details(order_id_of(form)) is None


async def test_a_request_can_be_sent_again_when_slack_did_not_answer(
    slack: StandInClient, http: SignedHttp
) -> None:
    _, payload = await submission(slack, http)
    fault = {"target": "users.info", "effect": "error", "error": "fatal_error"}
    await slack.faults(fault)

    await http.interact(payload)

    again = await slack.wait_for_modal(ANA, lambda v: notices.unchecked(ENGLISH) in text_of(v))
    assert again["callback_id"] == "order"


@pytest.mark.parametrize(("person", "standing"), REFUSALS)
async def test_the_http_api_refuses_other_requesters(
    http_client: HttpClient, person: str, standing: Standing
) -> None:
    body = {**ORDER, "requester": person}

    reply = await http_client.call("POST", ORDERS, body, Idempotency_Key=f"key-{person}")

    assert (reply.status, reply.problem) == (403, "requester-not-allowed")
    assert reply.body["detail"] == sentence(standing)


async def test_the_http_api_asks_for_a_repetition_if_slack_does_not_answer(
    slack: StandInClient, http_client: HttpClient
) -> None:
    await slack.faults({"target": "users.info", "effect": "error", "error": "fatal_error"})

    refused = await http_client.call("POST", ORDERS, ORDER, Idempotency_Key="key-repeated")
    created = await http_client.call("POST", ORDERS, ORDER, Idempotency_Key="key-repeated")

    assert (refused.status, refused.problem) == (503, "slack-unavailable")
    assert created.status == 201


@pytest.mark.parametrize(("person", "standing"), REFUSALS)
async def test_the_command_line_refuses_other_requesters(
    cli: CliDriver, person: str, standing: Standing
) -> None:
    what = ("create", "--policy", "general", "--title", "Desk", "--amount", "5 USD")

    result = await cli.request(*what, "--as", person)

    assert (result.code, result.err.strip()) == (REFUSED, sentence(standing))


async def test_the_command_line_cannot_check_anyone_without_a_token(
    cli: CliDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN")

    result = await cli.request("create", "--policy", "general", "--title", "Desk", "--as", ANA)

    assert result.code == CANNOT
    assert "Set SLACK_BOT_TOKEN as for the bot" in result.err
