"""Errors in listeners: the person and the log get the same id, and no internals are shown."""

import json
import re

import pytest
import structlog
from slack_bolt.async_app import AsyncApp

from bot.listeners.errors import FORMS_AGAIN
from bot.listeners.services import Services
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient, text_of
from tests.bot.order_driver import ANA, APPROVALS, BORIS, GUS, Json, OrderDriver, listeners_finished
from tests.bot.order_form import fill_in, open_form, order_id_of
from tests.bot.signed_clicks import SECRET, SignedHttp, click_payload, with_button_value
from views import notices
from views.ids import CallbackId
from views.translator import ENGLISH

SORRY = notices.internal_error("", ENGLISH).strip()
SECRETS = "the password is hunter2"


async def break_down(*_: object) -> None:
    raise RuntimeError(SECRETS)


def id_in(message: Json) -> str:
    found = re.search(r"[0-9a-f]{8}", text_of(message).partition(SORRY)[2])
    assert found, text_of(message)
    return found[0]


async def test_a_failed_listener_reports_the_same_id_to_the_person_and_the_log(
    slack: StandInClient,
    bot: AsyncApp,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services.orders, "latest_of", break_down)

    with structlog.testing.capture_logs() as logs:
        await slack.say(GUS, APPROVALS, "/order-status")
        message = await slack.wait_for_message(APPROVALS, GUS, lambda m: SORRY in text_of(m))

    (entry,) = (entry for entry in logs if entry["event"] == "listener_failed")
    assert entry["error_id"] == id_in(message)
    assert SECRETS not in text_of(message)
    assert message["is_ephemeral"]


async def test_a_form_whose_listener_fails_is_shown_again_with_its_input_and_the_id(
    workflows: WorkflowClient,
    slack: StandInClient,
    bot: AsyncApp,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workflows, "start", break_down)
    form = await open_form(slack)

    with structlog.testing.capture_logs() as logs:
        await fill_in(slack, form, customer="Acme & Sons")
        again = await slack.wait_for_modal(ANA, lambda v: SORRY in text_of(v))

    (entry,) = (entry for entry in logs if entry["event"] == "listener_failed")
    typed = next(b["element"] for b in again["blocks"] if b["block_id"] == "customer")
    assert entry["error_id"] == id_in(again)
    assert typed["initial_value"] == "Acme & Sons"
    assert order_id_of(again) == order_id_of(form)


async def test_a_rejection_whose_listener_fails_is_shown_again_with_its_reason(
    slack: StandInClient,
    bot: AsyncApp,
    order_driver: OrderDriver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    card = await order_driver.waiting_order()
    await slack.click(BORIS, APPROVALS, card.message, "reject")
    modal = await slack.wait_for_modal(BORIS)
    monkeypatch.setattr(order_driver.workflows, "update", break_down)

    await slack.submit(BORIS, modal, {"reason": "Much too dear"})

    again = await slack.wait_for_modal(BORIS, lambda v: SORRY in text_of(v))
    (typed,) = (b["element"] for b in again["blocks"] if b["block_id"] == "reason")
    assert typed["initial_value"] == "Much too dear"


@pytest.mark.parametrize(
    "value",
    [{"request_id": 7}, {"level": "1"}, {"card_version": -1}],
    ids=lambda value: next(iter(value)),
)
async def test_an_unreadable_button_is_acknowledged_and_explained_and_its_card_written_again(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver, value: Json
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "approve")
    mark = await slack.journal_mark()

    answer = await http.interact(with_button_value(payload, **value))

    assert answer.status == 200
    await order_driver.private_message(BORIS, notices.unreadable(ENGLISH))
    await slack.wait_for_journal(after=mark, kind="api", method="chat.update")
    assert await order_driver.updates(card.approval_id, "decide") == 0


@pytest.mark.parametrize("user", [{}, {"id": None}, {"id": ""}, {"id": "B0T"}, {"id": ["U0BORIS"]}])
async def test_a_click_without_a_user_is_ignored(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver, user: Json
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "approve")

    with structlog.testing.capture_logs() as logs:
        answer = await http.interact({**payload, "user": user})
        await listeners_finished()

    assert answer.status == 200
    assert [entry["event"] for entry in logs if entry["event"] == "unreadable_payload"]
    assert await order_driver.updates(card.approval_id, "decide") == 0


def test_every_form_but_that_of_several_decisions_is_shown_again() -> None:
    assert set(FORMS_AGAIN) == set(CallbackId) - {CallbackId.BULK}


@pytest.mark.parametrize("callback_id", FORMS_AGAIN)
async def test_an_unreadable_form_is_answered_in_its_modal(
    slack: StandInClient, http: SignedHttp, callback_id: str
) -> None:
    view = {"id": "V0", "type": "modal", "callback_id": callback_id, "hash": "1"}
    kept = {"private_metadata": "[" * 5000, "state": {"values": {}}}

    answer = await http.interact(
        {"type": "view_submission", "user": {"id": BORIS}, "view": {**view, **kept}}
    )

    result = json.loads(answer.body)
    assert (answer.status, result["response_action"]) == (200, "update")
    assert notices.unreadable(ENGLISH) in text_of(result["view"])


async def test_an_unknown_action_is_logged_once_and_not_handled(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "approve")
    payload["actions"][0]["action_id"] = "foreign"

    with structlog.testing.capture_logs() as logs:
        answer = await http.interact(payload)

    assert answer.status == 404
    assert [entry["event"] for entry in logs] == ["unhandled_request"]


@pytest.mark.parametrize(
    ("age", "secret", "status"),
    [(0, "somebody else's", 401), (301, SECRET, 401), (-301, SECRET, 401), (200, SECRET, 404)],
)
async def test_requests_with_an_invalid_or_old_signature_are_rejected(
    http: SignedHttp, age: float, secret: str, status: int
) -> None:
    answer = await http.send('{"type": "x"}', kind="application/json", age=age, secret=secret)

    assert answer.status == status
