"""Clicks on a card: all shapes that Slack sends, and the payloads that are refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.views import examples, states
from tests.views.payloads import RECORDED, block_actions, recorded
from views.card_click import ButtonValue, Click, parse_click, value_of
from views.ids import ActionId
from views.payload import UnreadablePayloadError, to_json
from workflows.rules.approvals.request import Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot


def test_a_click_is_read_with_all_its_context() -> None:
    assert parse_click(block_actions(examples.pending())) == Click(
        request_id="ORD-7K2M4QXA-approval",
        content_revision=1,
        level=1,
        card_version=1,
        reason_required=False,
        currency="USD",
        subject="ORD-7K2M4QXA · Acme GmbH",
        action_id=ActionId.APPROVE,
        person="U0BORIS",
        channel="C0APPROVALS",
        message_ts="1732185000.000100",
        thread_ts="",
        action_ts="1732185010.000200",
        response_url="https://hooks.slack.com/actions/T0LOCAL/1/xyz",
        trigger_id="1.2.abc",
        interactivity_pointer="",
    )


@pytest.mark.parametrize(
    ("action_id", "verdict"), [("approve", Verdict.APPROVE), ("reject", Verdict.REJECT)]
)
def test_a_button_has_its_verdict(action_id: str, verdict: Verdict) -> None:
    assert parse_click(block_actions(examples.pending(), action_id)).verdict is verdict


def test_more_has_no_verdict() -> None:
    pressed = parse_click(block_actions(states.between_levels(), "more"))

    assert (pressed.action_id, pressed.level) == (ActionId.MORE, 0)
    with pytest.raises(KeyError):
        assert pressed.verdict


@pytest.mark.parametrize(
    ("make", "action_id", "required"),
    [
        (examples.pending, "approve", False),
        (examples.pending, "reject", True),
        (states.reason_required, "approve", True),
        (states.reason_required, "more", False),
    ],
)
def test_a_button_knows_whether_its_verdict_needs_a_reason(
    make: Callable[[], ApprovalSnapshot],
    action_id: str,
    required: bool,  # noqa: FBT001 - a column of the table
) -> None:
    pressed = parse_click(block_actions(make(), action_id))

    assert pressed.reason_required is required


def _direct_message(body: dict[str, Any]) -> None:
    body["channel"] = {"id": "D0BORIS", "name": "directmessage"}
    body["container"] = {"type": "message", "message_ts": "1.2", "channel_id": "D0BORIS"}


def _thread(body: dict[str, Any]) -> None:
    body["container"]["thread_ts"] = "1732180000.000001"


def _custom_step(body: dict[str, Any]) -> None:
    del body["trigger_id"], body["response_url"]
    body["bot_access_token"] = "xwfp-secret"
    body["interactivity"] = {"interactivity_pointer": "9.8.7"}


def _whole_organisation(body: dict[str, Any]) -> None:
    body["team"] = None
    body["enterprise"] = {"id": "E1", "name": "org"}
    body["user"] = {"id": "W0HANA", "team_id": "T0HOME"}


def _home(body: dict[str, Any]) -> None:
    del body["channel"], body["message"], body["response_url"]
    body["container"] = {"type": "view", "view_id": "V1"}


SHAPES: list[tuple[Callable[[dict[str, Any]], None], dict[str, str]]] = [
    (_direct_message, {"channel": "D0BORIS", "message_ts": "1.2"}),
    (_thread, {"thread_ts": "1732180000.000001"}),
    (_custom_step, {"trigger_id": "", "response_url": "", "interactivity_pointer": "9.8.7"}),
    (_whole_organisation, {"person": "W0HANA"}),
    (_home, {"channel": "", "message_ts": "", "response_url": ""}),
]


@pytest.mark.parametrize(("change", "then"), SHAPES)
def test_the_shapes_of_a_click(
    change: Callable[[dict[str, Any]], None], then: dict[str, str]
) -> None:
    body = block_actions(examples.pending())
    change(body)
    click = parse_click(body)

    assert {name: getattr(click, name) for name in then} == then


def test_the_actor_is_the_user_and_not_the_author_of_the_message() -> None:
    body = block_actions(examples.pending())
    body["user"] = {"id": "U0GUS"}
    body["message"]["user"] = "U0BORIS"

    assert parse_click(body).person == "U0GUS"


def _value(**changes: object) -> str:
    good = json.loads(block_actions(examples.pending())["actions"][0]["value"])
    return json.dumps({**good, **changes})


BROKEN: list[tuple[str, object]] = [
    ("no actions", {"actions": []}),
    ("actions are no list", {"actions": {"action_id": "approve"}}),
    ("two actions", {"actions": [{}, {}]}),
    ("another button", {"actions": [{"action_id": "withdraw"}]}),
    ("no user", {"user": None}),
    ("a bot's id", {"user": {"id": "B0LOCAL"}}),
    ("an id with markup", {"user": {"id": "U1> <!channel"}}),
    ("no value", ""),
    ("a value that is no JSON", "click_me_123"),
    ("a value that is a list", "[1]"),
    ("a text for a number", _value(level="1")),
    ("a truth for a number", _value(level=True)),
    ("a number below zero", _value(card_version=-1)),
    ("a part too few", json.dumps({"request_id": "ORD-1"})),
]


RELEASES = {
    "0.1": (
        '{"request_id":"REQ-7K2M4QXA","content_revision":2,"level":1,"card_version":5,'
        '"reason_required":true,"currency":"EUR","subject":"A desk"}'
    ),
    "0.2": (
        '{"request_id":"REQ-7K2M4QXA","content_revision":2,"level":1,"card_version":5,'
        '"reason_required":true,"currency":"EUR","subject":"A desk","reply_level":0,"reply_revision":0}'
    ),
    "0.3": (
        '{"request_id":"REQ-7K2M4QXA","content_revision":2,"level":1,"card_version":5,'
        '"reason_required":true,"currency":"EUR","subject":"A desk","reply_level":0,"reply_revision":0,'
        '"version":1}'
    ),
    "newer": (
        '{"request_id":"REQ-7K2M4QXA","content_revision":2,"level":1,"card_version":5,'
        '"reason_required":true,"currency":"EUR","subject":"A desk","version":2,"new":["part"]}'
    ),
}
"""The value of the same button, as each release has written it. Never change one: such cards are in Slack."""


@pytest.mark.parametrize("release", RELEASES)
def test_the_buttons_of_every_release_are_read(release: str) -> None:
    value = value_of({"value": RELEASES[release]})

    assert value is not None
    assert replace(value, version=1) == ButtonValue(
        request_id="REQ-7K2M4QXA",
        content_revision=2,
        level=1,
        card_version=5,
        reason_required=True,
        currency="EUR",
        subject="A desk",
    )


def test_the_current_release_writes_the_newest_golden_value() -> None:
    value = value_of({"value": RELEASES["0.3"]})

    assert value is not None
    assert to_json(value) == RELEASES["0.3"]


@pytest.mark.parametrize(("what", "given"), BROKEN, ids=[what for what, _ in BROKEN])
def test_a_foreign_click_is_refused_with_the_name_of_the_part(what: str, given: object) -> None:
    body = block_actions(examples.pending())
    if isinstance(given, dict):
        body.update(given)
    else:
        body["actions"][0]["value"] = given

    with pytest.raises(UnreadablePayloadError):
        parse_click(body)
    assert what


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded payloads are not on this machine")
@pytest.mark.parametrize(
    "name",
    [
        "block_actions.docs_button.json",
        "block_actions.home_tab.real.json",
        "function_scoped.2.json",
        "function_scoped.json",
        "structures/block_actions.structure.json",
        "view_submission.bolt.json",
    ],
)
def test_recorded_clicks_on_other_buttons_are_refused_with_the_name_of_the_part(name: str) -> None:
    with pytest.raises(UnreadablePayloadError):
        parse_click(recorded(name))


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded payloads are not on this machine")
@pytest.mark.parametrize(
    ("name", "person", "channel"),
    [
        ("block_actions.docs_button.json", "UA8RXUSPL", "CBR2V3XEX"),
        ("block_actions.home_tab.real.json", "U123", ""),
        ("function_scoped.2.json", "U03E94MK0", "D065ZJQQQAE"),
    ],
)
def test_our_button_in_a_recorded_payload_is_read(name: str, person: str, channel: str) -> None:
    body = recorded(name)
    ours = block_actions(examples.pending())["actions"][0]
    body["actions"] = [{**ours, "action_ts": "1.5"}]
    click = parse_click(body)

    assert (click.person, click.channel, click.action_ts) == (person, channel, "1.5")


def _with_request(body: dict[str, Any], request_id: str) -> dict[str, Any]:
    (action,) = body["actions"]
    value = json.dumps(json.loads(action["value"]) | {"request_id": request_id})
    return body | {"actions": [action | {"value": value}]}


def test_a_button_of_another_request_is_refused() -> None:
    body = _with_request(block_actions(examples.pending()), "REQ-OF-ANOTHER")

    with pytest.raises(UnreadablePayloadError) as refused:
        parse_click(body)

    assert refused.value.what == "value.request_id"


@pytest.mark.parametrize("message", [{}, {"blocks": []}, {"blocks": [7, {"elements": [{}]}]}, None])
def test_a_click_is_accepted_if_slack_sends_no_buttons(message: object) -> None:
    body = _with_request(block_actions(examples.pending()), "REQ-OF-ANOTHER") | {"message": message}

    assert parse_click(body).request_id == "REQ-OF-ANOTHER"


def test_a_button_of_an_older_version_of_the_same_card_is_read() -> None:
    body = block_actions(examples.pending())
    (action,) = body["actions"]
    value = json.dumps(json.loads(action["value"]) | {"card_version": 0, "content_revision": 0})
    body = body | {"actions": [action | {"value": value}]}

    assert parse_click(body).card_version == 0


def test_deeply_nested_json_is_unreadable() -> None:
    body = block_actions(examples.pending())
    (action,) = body["actions"]

    with pytest.raises(UnreadablePayloadError):
        parse_click(body | {"actions": [action | {"value": "[" * 100_000}]})
