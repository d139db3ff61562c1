"""Signed payloads of each kind: our kinds are parsed, and all others are rejected as unhandled.

The payloads are built from ``payload_facts.py``. If the folder of public recordings is next to the checkout, the
recorded payloads are tested, too.
"""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import pytest
import structlog

from emulator.client import StandInClient
from tests.bot.order_driver import listeners_finished
from tests.bot.signed_clicks import SignedHttp
from tests.emulator.outside_files import beside_checkout
from tests.emulator.payload_facts import FACTS, example
from views import card_click, order_modal, verb_modal
from views.card_click import ButtonValue
from views.order_inputs import OrderContext
from views.payload import to_json

RECORDINGS = beside_checkout("slack_payloads")
needs_recordings = pytest.mark.skipif(
    RECORDINGS is None, reason="the folder slack_payloads is not next to the checkout"
)
Json = dict[str, Any]


def examples() -> dict[str, Json | str]:
    """Return an example of each kind of request, by kind; Socket Mode frames are not requests."""
    return {
        kind: example(kind) for kind in FACTS if kind != "hello" and not kind.endswith("envelope")
    }


def recorded() -> dict[str, Json | str]:
    """Return each recorded request by file name: JSON, or the form of a slash command."""
    found: dict[str, Json | str] = {}
    for path in sorted(RECORDINGS.rglob("*")) if RECORDINGS else ():
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if path.suffix == ".txt":
            found[path.name] = text.strip()
        elif path.suffix == ".json" and not path.name.startswith("api."):
            body = json.loads(text)
            body = body.get("payload", body) if "envelope_id" in body else body
            if body.get("type") != "hello":
                found[path.name] = body
    return found


EXAMPLES = examples()
REQUESTS = EXAMPLES | recorded()
MESSAGES = ["message event", "socket_envelope.recorded.3.events_api.message.json"]
"""Messages in a channel: the bot receives them for card threads, and ignores those in no thread."""
MENTIONS = ["app_mention event", "event.app_mention.json"]
HANDLED = {*MESSAGES, *MENTIONS, "app_home_opened event"}


def requests(names: Iterable[str]) -> list[Any]:
    """Return test parameters for requests; the recorded requests need the recordings."""
    return [
        name if name in EXAMPLES else pytest.param(name, marks=needs_recordings) for name in names
    ]


def with_ids(body: Json | str) -> Json:
    """Return a payload with ids in place of those that the recording left empty."""
    assert isinstance(body, dict)
    filled = {**body, "user": {**body["user"], "id": body["user"]["id"] or "W0USER"}}
    if "view" in body:
        filled["view"] = {**body["view"], "id": body["view"]["id"] or "V1"}
    return filled


def of_type(kind: str) -> list[str]:
    return [
        name
        for name, body in REQUESTS.items()
        if isinstance(body, dict) and body.get("type") == kind
    ]


async def send(http: SignedHttp, body: Json | str) -> int:
    if isinstance(body, str):
        return (await http.send(body)).status
    if "command" in body:
        return (await http.send(urlencode(body))).status
    if "event" in body or "challenge" in body:
        return (await http.send(json.dumps(body), kind="application/json")).status
    return (await http.interact(body)).status


@pytest.mark.parametrize("name", requests(MESSAGES))
async def test_a_message_in_no_thread_is_received_and_ignored(
    http: SignedHttp, slack: StandInClient, name: str
) -> None:
    mark = await slack.journal_mark()

    status = await send(http, REQUESTS[name])
    await listeners_finished()

    assert status == 200
    calls = [call["method"] for call in await slack.journal(mark, kind="api")]
    assert [method for method in calls if method != "auth.test"] == []


@pytest.mark.parametrize("name", requests(MENTIONS))
async def test_a_mention_is_answered_privately(
    http: SignedHttp, slack: StandInClient, name: str
) -> None:
    mark = await slack.journal_mark()
    body = REQUESTS[name]
    assert isinstance(body, dict)
    event = {**body["event"], "user": "W0USER"}

    status = await send(http, {**body, "event": event})
    await listeners_finished()

    assert status == 200
    calls = await slack.journal(mark, kind="api")
    (answer,) = [call["arguments"] for call in calls if call["method"] == "chat.postEphemeral"]
    assert (answer["user"], answer["channel"]) == ("W0USER", event["channel"])


@pytest.mark.parametrize("name", requests(sorted({*REQUESTS} - HANDLED)))
async def test_a_request_of_another_app_is_rejected_as_unhandled(
    http: SignedHttp, name: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        status = await send(http, REQUESTS[name])
        await listeners_finished()

    assert status == 404
    assert [entry["event"] for entry in logs] == ["unhandled_request"]


@pytest.mark.parametrize("name", requests(of_type("block_actions")))
def test_a_click_with_our_button_is_parsed(name: str) -> None:
    body = with_ids(REQUESTS[name])
    value = ButtonValue(
        request_id="R",
        content_revision=1,
        level=1,
        card_version=2,
        reason_required=True,
        currency="",
        subject="",
    )
    ours = {"action_id": "approve", "value": to_json(value)}
    action = body["actions"][0] | {"action_ts": "1548426417.840180"} | ours

    click = card_click.parse_click({**body, "actions": [action]})

    assert click.person == body["user"]["id"]
    assert click.request_id == "R"
    assert click.channel == body.get("channel", {}).get("id", "")


@pytest.mark.parametrize("name", requests(of_type("view_submission")))
def test_a_submission_of_our_modal_is_parsed(name: str) -> None:
    body = with_ids(REQUESTS[name])
    context = {
        "request_id": "R",
        "content_revision": 1,
        "level": 1,
        "card_version": 2,
        "currency": "",
        "subject": "",
        "reply_level": 0,
        "reply_revision": 0,
        "channel": "",
        "message_ts": "",
        "thread_ts": "",
        "response_url": "",
        "verb": "reject",
        "reason_required": True,
        "hr_type": "",
    }
    order = to_json(OrderContext(order_id="ORD-1", lines="0", next=1, currency="USD"))

    rejection = verb_modal.parse_submission(
        {**body, "view": body["view"] | {"private_metadata": json.dumps(context)}}
    )
    order_form = order_modal.parse(body["view"] | {"private_metadata": order})

    assert rejection.person == body["user"]["id"]
    assert rejection.view_id == body["view"]["id"]
    assert order_form.order_id == "ORD-1"
