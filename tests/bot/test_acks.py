"""No listener calls Slack before it acknowledges: a Slack that never answers delays no ack."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, cast
from unittest.mock import Mock
from urllib.parse import urlencode

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import create_app
from bot.listeners import register_listeners
from bot.listeners.hr import hr_offer
from bot.listeners.requests import form_choices
from bot.listeners.services import Services
from bot.runtime.settings import COMMAND
from emulator.client import StandInClient
from records.cards import CardMessage
from tests.bot import order_form, test_approval_form, test_away, test_hr_form
from tests.bot.order_driver import ANA, APPROVALS, BORIS, Json
from tests.bot.signed_clicks import SECRET, SignedHttp
from tests.bot.test_home import ticked
from tests.bot.test_listeners import Register
from tests.views import examples, inboxes
from views import (
    approval_modal,
    away_modal,
    bulk_modal,
    card_click,
    hr_modal,
    order_modal,
    verb_modal,
)
from views.card_click import context_of, parse_click
from views.ids import CallbackId, ShortcutId
from views.translator import ENGLISH
from workflows.rules.approvals.verbs import Verb

EVER = 1_000_000
ACK_WITHIN = 3.0
"""Seconds that Slack, and Bolt, wait for an ack."""
BOT = "U0LOCALBOT"
US = {"user_id": BOT, "team_id": "T0LOCAL", "is_bot": True}
CARD, OLD_CARD = "1999999999.000100", "1999999999.000200"
PENDING = examples.pending()
WHO = {"user": {"id": BORIS}, "team": {"id": "T0LOCAL"}, "api_app_id": "A0LOCAL"}
EVENTS: Mapping[str, list[Json]] = {
    "channel_archive": [{"channel": "C0OLD"}],
    "channel_created": [{"channel": {"id": "C0NEW", "name": "approvals"}}],
    "channel_deleted": [{"channel": "C0OLD"}],
    "channel_rename": [{"channel": {"id": "C0NEW", "name": "approvals"}}],
    "group_archive": [{"channel": "C0OLD"}],
    "group_deleted": [{"channel": "C0OLD"}],
    "group_rename": [{"channel": {"id": "C0NEW", "name": "approvals"}}],
    "app_home_opened": [{"user": ANA, "tab": "home"}],
    "app_mention": [{"user": ANA, "text": "<@U0LOCALBOT>", "channel": APPROVALS}],
    "message": [
        {"user": BORIS, "text": "Why?", "channel": APPROVALS, "ts": "2.1", "thread_ts": CARD},
        {"user": BORIS, "text": "Why?", "channel": APPROVALS, "ts": "2.1", "thread_ts": OLD_CARD}
        | {"parent_user_id": BOT},
        {"user": BORIS, "text": "hello", "channel": "D0BORIS", "channel_type": "im", "ts": "2.1"},
    ],
    "subteam_created": [{"subteam": {"id": "S0SALES", "handle": "sales-leads"}}],
    "subteam_members_changed": [{"subteam_id": "S0SALES", "removed_users": [BORIS]}],
    "subteam_updated": [{"subteam": {"id": "S0SALES", "handle": "sales-leads"}}],
    "user_change": [{"user": {"id": BORIS, "deleted": True}}],
}


def registered() -> Counter[tuple[str, str]]:
    """Return the kind and name of every listener; two may listen to the same event."""
    register = Register()
    register_listeners(cast("Any", register), cast("Services", Mock(command=COMMAND)))
    del register.registered["error", ""]
    return register.registered


def click(action_id: str) -> Json:
    value = card_click.button_value(PENDING, ENGLISH)
    action = {"action_id": action_id, "block_id": "actions:1", "type": "button", "value": value}
    block = {"type": "actions", "block_id": "actions:1", "elements": [action]}
    return {
        "type": "block_actions",
        **WHO,
        "trigger_id": "1.2.3",
        "response_url": "http://127.0.0.1:9/",
        "channel": {"id": APPROVALS},
        "container": {"type": "message", "message_ts": CARD, "channel_id": APPROVALS},
        "message": {"ts": CARD, "user": BOT, "bot_id": "B0LOCAL", "blocks": [block]},
        "actions": [action | {"action_ts": str(time.time())}],
    }


def submissions(services: Services) -> Iterator[tuple[str, Json]]:
    """Yield each form, filled in so that it is valid."""
    state: Any
    choices = form_choices(services)
    form: Any = approval_modal.build("REQ-7K2M4QXA", choices, ENGLISH)
    policy = test_approval_form.policy_with_levels(services)
    state = {name: {name: {"value": typed}} for name, typed in test_approval_form.TYPED.items()}
    state["amount"]["amount"]["value"] = ""
    state["policy"] = {"policy": test_approval_form.choose(form, policy)}
    yield CallbackId.APPROVAL, submission(form, state)
    form = order_modal.build("ORD-7K2M4QXA", services.products.entries, ENGLISH)
    yield CallbackId.ORDER, submission(form, order_form.state_of(form, order_form.TYPED))
    form = hr_modal.new_form("HR-7K2M4QXA", hr_offer(services), ENGLISH, wanted="time_off")
    typed = test_hr_form.TYPED | {"type": "time_off"}
    yield CallbackId.HR, submission(form, test_hr_form.state_of(form, typed))
    form = away_modal.build(ENGLISH)
    state = {name: {name: value} for name, value in test_away.typed(services, ANA).items()}
    yield CallbackId.AWAY, submission(form, state)
    form = bulk_modal.form(inboxes.to_decide().to_decide, ENGLISH)
    yield CallbackId.BULK, submission(form, {"chosen": {"chosen": ticked(form)}})
    context = context_of(parse_click(click("more")))
    form = verb_modal.form(context, Verb.REJECT, PENDING, ENGLISH)
    yield CallbackId.VERB, submission(form, {"reason": {"reason": {"value": "Too dear"}}})


def submission(form: Json, state: Json) -> Json:
    view = {**form, "id": "V1", "hash": "1", "type": "modal", "state": {"values": state}}
    return {"type": "view_submission", **WHO, "view": view}


def shortcut(name: str) -> Json:
    body: Json = {"callback_id": name, "trigger_id": "1.2.3", **WHO}
    if name == ShortcutId.REQUEST:
        return body | {"type": "shortcut"}
    message = {"ts": CARD, "text": "A desk, please", "user": ANA, "type": "message"}
    return body | {
        "type": "message_action",
        "channel": {"id": APPROVALS, "name": "approvals"},
        "message": message,
        "message_ts": CARD,
        "response_url": "http://127.0.0.1:9/",
    }


def payloads(services: Services) -> Iterator[tuple[str, str, str, str]]:
    """Yield the kind and name of a listener, a body for it, and the body's content type."""
    form, in_json = "application/x-www-form-urlencoded", "application/json"
    forms = dict(submissions(services))
    for kind, name in registered():
        match kind:
            case "command":
                words = ("new", "inbox", "away", "help", "nonsense") if name == COMMAND else ("",)
                for word in words:
                    body = {"command": name, "text": word, "user_id": BORIS, "trigger_id": "1.2.3"}
                    place = {"channel_id": APPROVALS, "response_url": "http://127.0.0.1:9/"}
                    yield kind, f"{name} {word}", urlencode(body | place), form
            case "action":
                yield kind, name, urlencode({"payload": json.dumps(click(name))}), form
            case "view":
                yield kind, name, urlencode({"payload": json.dumps(forms[name])}), form
            case "shortcut":
                yield kind, name, urlencode({"payload": json.dumps(shortcut(name))}), form
            case _:
                for number, event in enumerate(EVENTS[name]):
                    body = {"type": "event_callback", "event_id": f"Ev{name}{number}"}
                    whole = body | {"event": {"type": name, **event}, "authorizations": [US]}
                    yield kind, f"{name} {number}", json.dumps(whole), in_json


@pytest.fixture
async def http_to_silence(
    slack: StandInClient, web: AsyncWebClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SignedHttp]:
    """A bot that has just started, and whose Slack never answers from now on."""
    monkeypatch.setattr("emulator.api_call.HANG_SECONDS", 2 * ACK_WITHIN)
    await slack.faults({"target": "*", "effect": "hang", "times": EVER})
    yield SignedHttp(create_app(web, SECRET, services))
    waiting = [task for task in asyncio.all_tasks() if "run_ack_function" in repr(task)]
    for task in waiting:  # the listeners, which wait for Slack
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_slack_that_never_answers_delays_no_ack(
    services: Services, http_to_silence: SignedHttp
) -> None:
    """Bolt waits 3 s for an ack, as Slack does, and answers 404 without one."""
    await services.cards.record([CardMessage(channel=APPROVALS, ts=CARD, request_id="REQ-1")])
    found = list(payloads(services))

    answers = await asyncio.gather(
        *(http_to_silence.send(body, kind=content) for _, _, body, content in found)
    )

    late = [
        (kind, name, answer.status)
        for (kind, name, *_), answer in zip(found, answers, strict=True)
        if answer.status != 200
    ]
    assert late == []
    forms = [
        (name, json.loads(answer.body).get("response_action"))
        for (kind, name, *_), answer in zip(found, answers, strict=True)
        if kind == "view"
    ]
    assert [name for name, action in forms if action != "update"] == []  # each form was valid
