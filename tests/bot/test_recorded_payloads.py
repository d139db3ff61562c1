"""What others recorded, signed: a kind of ours parses into our types, the rest is cleanly unhandled."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import structlog

from emulator.client import StandInClient
from tests.bot.order_driver import listeners_finished
from tests.bot.signed_clicks import SignedHttp
from views import card_click, order_modal, verb_modal
from views.card_click import ButtonValue
from views.order_inputs import OrderContext
from views.payload import to_json

RECORDED = Path(__file__).parents[3] / "shared" / "slack_payloads"
pytestmark = pytest.mark.skipif(
    not RECORDED.is_dir(), reason=f"the recorded payloads are not there: {RECORDED}"
)
Json = dict[str, Any]


def recorded() -> dict[str, Json | str]:
    """Return every recorded request by its file's name: JSON, or the form of a slash command."""
    found: dict[str, Json | str] = {}
    for path in sorted(RECORDED.rglob("*")):
        written = path.read_text(encoding="utf-8") if path.is_file() else ""
        if path.suffix == ".txt":
            found[path.name] = written.strip()
        elif path.suffix == ".json" and not path.name.startswith("api."):
            body = json.loads(written)
            body = body.get("payload", body) if "envelope_id" in body else body
            if body.get("type") != "hello":
                found[path.name] = body
    return found


REQUESTS = recorded()


def with_blanks_filled(body: Json | str) -> Json:
    """Return a payload whose ids, where the recording has blanked them, stand for somebody."""
    assert isinstance(body, dict)
    filled = {**body, "user": {**body["user"], "id": body["user"]["id"] or "W0SOMEBODY"}}
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


HEARD = "socket_envelope.recorded.3.events_api.message.json"
"""A message in a channel: we hear those, for the threads of cards, and leave this one alone."""


async def test_a_recorded_message_in_no_thread_is_heard_and_left_alone(
    http: SignedHttp, slack: StandInClient
) -> None:
    mark = await slack.journal_mark()

    status = await send(http, REQUESTS[HEARD])
    await listeners_finished()

    assert status == 200
    calls = [call["method"] for call in await slack.journal(mark, kind="api")]
    assert [one for one in calls if one != "auth.test"] == []


@pytest.mark.parametrize("name", sorted({*REQUESTS} - {HEARD}))
async def test_a_recorded_request_that_is_not_for_us_is_cleanly_unhandled(
    http: SignedHttp, name: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        status = await send(http, REQUESTS[name])
        await listeners_finished()

    assert status == 404
    assert [one["event"] for one in logs] == ["unhandled_request"]


@pytest.mark.parametrize("name", of_type("block_actions"))
def test_a_recorded_press_with_our_button_in_it_is_a_click(name: str) -> None:
    body = with_blanks_filled(REQUESTS[name])
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
    stamped = body["actions"][0] | {"action_ts": "1548426417.840180"} | ours

    click = card_click.parse_click({**body, "actions": [stamped]})

    assert click.person == body["user"]["id"]
    assert click.request_id == "R"
    assert click.channel == body.get("channel", {}).get("id", "")


@pytest.mark.parametrize("name", of_type("view_submission"))
def test_a_recorded_submission_with_our_modal_in_it_is_ours(name: str) -> None:
    body = with_blanks_filled(REQUESTS[name])
    about = {
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
        {**body, "view": body["view"] | {"private_metadata": json.dumps(about)}}
    )
    written = order_modal.parse(body["view"] | {"private_metadata": order})

    assert rejection.person == body["user"]["id"]
    assert rejection.view_id == body["view"]["id"]
    assert written.order_id == "ORD-1"
