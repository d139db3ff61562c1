"""`/countersign new`: the form, errors at their fields, and one request per form."""

import json

import pytest
from slack_bolt.async_app import AsyncApp
from temporalio.testing import WorkflowEnvironment

from bot.listeners.services import Services
from emulator.client import StandInClient, text_of
from tests.bot.order_driver import ANA, APPROVALS, Json, exists
from tests.bot.request_driver import RequestDriver, offers
from workflows.rules.approvals.policy import route
from workflows.rules.approvals.request import ApprovalRequest
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.content import Content

TYPED = {"title": "A laptop for Dina", "text": "The old one is broken", "amount": "1,200.00"}


async def open_form(slack: StandInClient, text: str = "") -> Json:
    await slack.say(ANA, APPROVALS, f"/countersign new {text}".strip())
    return await slack.wait_for_modal(ANA, lambda v: v["callback_id"] == "approval")


def choose(form: Json, policy: str) -> Json:
    """Return the state of the policy select with this choice."""
    (block,) = (block for block in form["blocks"] if block["block_id"] == "policy")
    (option,) = (option for option in block["element"]["options"] if option["value"] == policy)
    return {"selected_option": option}


def request_id_of(form: Json) -> str:
    return str(json.loads(form["private_metadata"])["request_id"])


def policy_with_levels(services: Services) -> str:
    """Return a shipped policy in which every amount needs an approval."""
    return next(
        name
        for name, policy in services.policies.by_name.items()
        if name != "order" and all(tier.levels for tier in policy.tiers) and not policy.currency
    )


async def test_the_form_creates_a_request(
    slack: StandInClient, bot: AsyncApp, services: Services, request_driver: RequestDriver
) -> None:
    form = await open_form(slack)
    policy = policy_with_levels(services)
    amount = {"amount": "1,200.00 USD"}

    await slack.submit(ANA, form, {**TYPED, **amount, "policy": choose(form, policy)})

    request_id = request_id_of(form)
    await slack.wait_for_modal(ANA, lambda v: request_id in text_of(v) and not v["callback_id"])
    snapshot = await request_driver.snapshot(request_id, lambda snapshot: bool(snapshot.levels))
    assert snapshot.policy == policy
    assert snapshot.requester.person == ANA
    assert snapshot.content.title == TYPED["title"]


async def test_the_command_accepts_a_policy(
    slack: StandInClient, bot: AsyncApp, services: Services
) -> None:
    policy = policy_with_levels(services)

    form = await open_form(slack, policy)

    assert f'"value": "{policy}"' in json.dumps(
        next(block for block in form["blocks"] if block["block_id"] == "policy")["element"][
            "initial_option"
        ]
    )


async def test_orders_have_their_own_form(slack: StandInClient, bot: AsyncApp) -> None:
    form = await open_form(slack)

    (block,) = (block for block in form["blocks"] if block["block_id"] == "policy")
    assert "order" not in [option["value"] for option in block["element"]["options"]]


async def test_every_mistake_is_shown_at_its_field_and_nothing_is_started(
    slack: StandInClient,
    bot: AsyncApp,
    services: Services,
    request_driver: RequestDriver,
    temporal: WorkflowEnvironment,
) -> None:
    form = await open_form(slack)
    wrong = {
        "title": "A laptop",
        "amount": "a lot",
        "links": "ftp://example.test/x",
        "answer_within": "soon",
        "policy": choose(form, policy_with_levels(services)),
    }

    answer = await slack.submit(ANA, form, wrong)

    errors = answer["errors"] if "errors" in answer else answer["response"]["errors"]
    assert sorted(errors) == ["amount", "answer_within", "links"]
    assert not await exists(temporal, request_id_of(form))


async def test_submitting_the_same_form_twice_creates_one_request(
    slack: StandInClient, bot: AsyncApp, services: Services, request_driver: RequestDriver
) -> None:
    form = await open_form(slack)
    await slack.deliveries(duplicate=1)
    title = {**TYPED, "amount": "", "title": f"Chairs {request_id_of(form)}"}

    await slack.submit(ANA, form, {**title, "policy": choose(form, policy_with_levels(services))})

    snapshot = await request_driver.snapshot(
        request_id_of(form), lambda snapshot: bool(snapshot.levels)
    )
    await slack.wait_for_message(
        APPROVALS, ANA, lambda m: request_id_of(form) in text_of(m) and offers("more")(m)
    )
    seen = await slack.messages(APPROVALS, ANA)
    assert len([m for m in seen if request_id_of(form) in text_of(m)]) == 1
    assert snapshot.content.title == title["title"]


SENT_AGAIN: list[tuple[dict[str, str], str]] = [
    ({}, "was sent*"),
    ({"title": "Chairs, and a table"}, "was already sent"),
]


@pytest.mark.parametrize(("changed", "words"), SENT_AGAIN)
async def test_resubmitting_an_edited_form_reports_that_the_first_submission_counts(  # noqa: PLR0913, PLR0917 - the parts that a form uses
    slack: StandInClient,
    bot: AsyncApp,
    services: Services,
    request_driver: RequestDriver,
    changed: dict[str, str],
    words: str,
) -> None:
    form = await open_form(slack)
    request_id, name = request_id_of(form), policy_with_levels(services)
    policy = services.policies.policy(name)
    pending = ApprovalRequest(
        request_id=request_id,
        requester=Actor(person=ANA, origin=Origin.SLACK),
        content=Content(title="Chairs", text="Six of them"),
        policy=policy,
        route=route(policy, None),
    )
    assert await request_driver.workflows.start(
        pending
    )  # an earlier submission that was not confirmed
    again = {"title": "Chairs", "text": "Six of them", **changed, "policy": choose(form, name)}

    await slack.submit(ANA, form, again)

    await slack.wait_for_modal(ANA, lambda v: words in text_of(v))
    snapshot = await request_driver.snapshot(request_id, lambda snapshot: bool(snapshot.levels))
    assert snapshot.content.title == "Chairs"
