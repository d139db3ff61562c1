"""The stand-in's payloads and responses have the keys and JSON types in ``payload_facts.py``.

The facts are always checked against the stand-in. They are also checked against the public recordings
they were derived from, if the folder of recordings is next to the checkout.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from emulator.delivery import Envelope
from emulator.http_delivery import encode
from emulator.server import RunningStandIn
from tests.emulator.block_kit import actions, button, home, modal, plain, section, text_input
from tests.emulator.outside_files import beside_checkout
from tests.emulator.payload_facts import FACTS, OMITTED, RESPONSES, Facts, Recording, example
from tests.emulator.raw_socket import RawSocket, open_socket

Json = dict[str, Any]
RECORDINGS = beside_checkout("slack_payloads")
needs_recordings = pytest.mark.skipif(
    RECORDINGS is None, reason="the folder slack_payloads is not next to the checkout"
)
ALL_FACTS = FACTS | {f"{method} response": facts for method, facts in RESPONSES.items()}


def json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "array", str: "string", int: "number", float: "number"}
    return names.get(type(value), "null")


def values_at(value: Any, segments: list[str]) -> list[Any]:
    """Return the value at a path, or nothing if it is missing; ``*`` is the first key of an object.

    A null on the way is returned instead, because null is allowed for every type.
    """
    if value is None or not segments:
        return [value]
    first, *rest = segments
    if isinstance(value, list):
        return values_at(value[0], rest) if value and first == "0" else []
    if not isinstance(value, dict):
        return []
    if first == "*":
        first = next(iter(value), "*")
    return values_at(value[first], rest) if first in value else []


def differences(facts: Facts, payload: Any) -> list[str]:
    """List the facts that a payload contradicts: missing keys and other types (null is allowed)."""
    found = []
    for path, expected in facts.types().items():
        values = values_at(payload, path.split("/"))
        if not values:
            found.append(f"{path}: missing")
        elif expected != "any" and json_type(values[0]) not in (expected, "null"):
            found.append(f"{path}: {expected} expected, {json_type(values[0])} found")
    for path, value in facts.values.items():
        if values_at(payload, path.split("/")) != [value]:
            found.append(f"{path}: {value!r} expected")
    return sorted(found)


def assert_conforms(kind: str, payload: Any) -> None:
    assert differences(ALL_FACTS[kind], payload) == []


@pytest.fixture
async def socket(running: RunningStandIn) -> AsyncIterator[RawSocket]:
    async with open_socket(running) as opened:
        yield opened


async def _next(socket: RawSocket, slack: StandInClient, user: str, **act: Any) -> Json:
    """Perform a user action, acknowledge its envelope and return it."""
    pending = asyncio.ensure_future(slack.act(user, **act))
    await socket.ack(frame := await socket.frame())
    while frame["type"] == "events_api":  # events of earlier messages
        await socket.ack(frame := await socket.frame())
    await pending
    return frame


async def _card(web: AsyncWebClient) -> Json:
    blocks = [actions(button("a", "underlying"), block_id="b"), section("x")]
    posted = await web.chat_postMessage(channel="C0APPROVALS", text="card", blocks=blocks)
    message: Json = posted["message"]
    return message


async def _click(socket: RawSocket, slack: StandInClient, web: AsyncWebClient) -> Json:
    place = {"channel": "C0APPROVALS", "ts": (await _card(web))["ts"]}
    return await _next(socket, slack, "U0ANA", kind="block_action", block_id="b", action_id="a",
                       element_state={}, **place)  # fmt: skip


async def _open_modal(socket: RawSocket, slack: StandInClient, web: AsyncWebClient) -> Json:
    command = await _next(
        socket, slack, "U0ANA", kind="message", channel="C0GENERAL", text="/order"
    )
    blocks = [
        text_input("what", "b"),
        {
            "type": "input",
            "label": plain("where"),
            "element": {
                "type": "conversations_select",
                "action_id": "where",
                "response_url_enabled": True,
                "initial_conversation": "C0GENERAL",
            },
        },
    ]
    opened = await web.views_open(
        trigger_id=command["payload"]["trigger_id"],
        view=modal(*blocks, notify_on_close=True, close=plain("Cancel")),
    )
    view: Json = opened["view"]
    return view


async def test_hello_conforms(socket: RawSocket) -> None:
    assert_conforms("hello", socket.hello)


async def test_a_click_on_a_message_conforms(
    socket: RawSocket, slack: StandInClient, web: AsyncWebClient
) -> None:
    frame = await _click(socket, slack, web)

    assert_conforms("interactive envelope", frame)
    assert_conforms("block_actions in a message", frame["payload"])


async def test_a_click_in_a_thread_has_the_thread_ts(
    socket: RawSocket, slack: StandInClient, web: AsyncWebClient
) -> None:
    root = await _card(web)
    reply = await web.chat_postMessage(
        channel="C0APPROVALS",
        text="r",
        thread_ts=root["ts"],
        blocks=[actions(button("a"), block_id="b")],
    )
    frame = await _next(socket, slack, "U0ANA", kind="block_action", block_id="b", action_id="a",
                        channel="C0APPROVALS", ts=reply["ts"], element_state={})  # fmt: skip

    assert frame["payload"]["container"]["thread_ts"] == root["ts"]


async def test_a_click_in_the_app_home_conforms(
    socket: RawSocket, slack: StandInClient, web: AsyncWebClient
) -> None:
    blocks = [section("x"), actions(button("home_button_1", style="primary"), block_id="h")]
    view = (await web.views_publish(user_id="U0ANA", view=home(*blocks)))["view"]
    frame = await _next(socket, slack, "U0ANA", kind="block_action", view_id=view["id"], block_id="h",
                        action_id="home_button_1", element_state={})  # fmt: skip

    assert_conforms("block_actions in the App Home", frame["payload"])


async def test_a_submission_conforms(
    socket: RawSocket, slack: StandInClient, web: AsyncWebClient
) -> None:
    view = await _open_modal(socket, slack, web)
    state = {"b": {"what": {"value": "test"}}}
    frame = await _next(socket, slack, "U0ANA", kind="view_submit", view_id=view["id"], state=state)

    assert frame["accepts_response_payload"] is True
    assert_conforms("view_submission", frame["payload"])
    assert frame["payload"]["response_urls"][0]["channel_id"] == "C0GENERAL"


async def test_a_closed_view_conforms(
    socket: RawSocket, slack: StandInClient, web: AsyncWebClient
) -> None:
    view = await _open_modal(socket, slack, web)
    frame = await _next(socket, slack, "U0ANA", kind="view_close", view_id=view["id"])

    assert_conforms("view_closed", frame["payload"])


async def test_shortcuts_conform(socket: RawSocket, slack: StandInClient) -> None:
    ts = await _post_message(socket, slack)
    global_shortcut = await _next(
        socket, slack, "U0ANA", kind="global_shortcut", callback_id="new_order"
    )
    on_message = await _next(socket, slack, "U0ANA", kind="message_shortcut", ts=ts,
                             callback_id="approve_it", channel="C0GENERAL")  # fmt: skip

    assert_conforms("global shortcut", global_shortcut["payload"])
    assert_conforms("message shortcut", on_message["payload"])


async def _post_message(socket: RawSocket, slack: StandInClient) -> str:
    """Send a message that the app receives, acknowledge its event and return the ts."""
    ts: str = (await slack.say("U0ANA", "C0GENERAL", "<@W0HANA> test"))["ts"]
    await socket.ack(await socket.frame())
    return ts


async def test_a_slash_command_conforms_over_both_transports(
    socket: RawSocket, slack: StandInClient
) -> None:
    frame = await _next(
        socket, slack, "U0ANA", kind="message", channel="C0GENERAL", text="/order 1"
    )
    body, _ = encode(Envelope(kind="slash_commands", payload=frame["payload"]))
    form = dict(parse_qsl(body, keep_blank_values=True))

    assert_conforms("slash command envelope", frame)
    assert_conforms("slash command", frame["payload"])
    assert_conforms("slash command", form)
    assert frame["payload"]["is_enterprise_install"] == "false"


async def test_a_message_event_and_a_mention_conform(
    socket: RawSocket, slack: StandInClient
) -> None:
    await slack.say("U0ANA", "C0GENERAL", "<@U0LOCALBOT> hi")
    frames = [await socket.frame(), await socket.frame()]
    by_type = {frame["payload"]["event"]["type"]: frame for frame in frames}

    assert_conforms("event envelope", by_type["message"])
    assert_conforms("message event", by_type["message"]["payload"])
    assert_conforms("app_mention event", by_type["app_mention"]["payload"])


async def test_a_new_member_conforms(socket: RawSocket, slack: StandInClient) -> None:
    user = {"id": "U0NEW", "name": "nia", "real_name": "Nia New", "email": "nia@example.com"}
    await slack.people("team_join", user=user)
    frame = await socket.frame()

    assert_conforms("team_join event", frame["payload"])


async def test_an_opened_home_conforms(
    socket: RawSocket, slack: StandInClient, web: AsyncWebClient
) -> None:
    await web.views_publish(user_id="U0ANA", view=home())
    await slack.act("U0ANA", "open_home")

    frame = await socket.frame()

    assert_conforms("app_home_opened event", frame["payload"])


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("auth.test", {}),
        ("chat.postEphemeral", {"channel": "C0GENERAL", "user": "U0ANA", "text": "x"}),
        ("dnd.info", {"user": "U0ANA"}),
        ("usergroups.users.list", {"usergroup": "S0SALES"}),
        ("users.info", {"user": "U0ANA"}),
        ("users.lookupByEmail", {"email": "ana@example.com"}),
    ],
)
async def test_a_response_conforms(web: AsyncWebClient, method: str, arguments: Json) -> None:
    response = await web.api_call(method, params=arguments)

    assert_conforms(f"{method} response", response.data)


def recorded(recording: Recording) -> Json:
    assert RECORDINGS is not None
    text = (RECORDINGS / recording.file).read_text(encoding="utf-8")
    found: Json = dict(parse_qsl(text)) if recording.file.endswith(".txt") else json.loads(text)
    return found[recording.part] if recording.part else found


def recorded_types(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and JSON type of each key; only the first item of an array counts."""
    if isinstance(value, list):
        children: dict[str, Any] = {"0": value[0]} if value else {}
    elif isinstance(value, dict):
        children = value
        if path.endswith(("/values", "/values/*")):  # the app's own block and action ids
            children = {"*": next(iter(value.values()))} if value else {}
    else:
        return
    for name, child in children.items():
        below = f"{path}/{name}" if path else name
        yield below, json_type(child)
        yield from recorded_types(child, below)


def is_covered(path: str, facts: Facts) -> bool:
    """Return whether a path is listed, or is an item whose keys are listed."""
    return path in facts.types() or any(key.startswith(f"{path}/") for key in facts.types())


def is_exempt(path: str, recording: Recording) -> bool:
    """Return whether a path is skipped for this recording or omitted in general."""
    skipped = any(path == skip or path.startswith(f"{skip}/") for skip in recording.skip)
    return skipped or bool(set(path.split("/")) & frozenset().union(*OMITTED.values()))


@needs_recordings
@pytest.mark.parametrize("kind", ALL_FACTS)
def test_the_facts_agree_with_the_recordings(kind: str) -> None:
    facts = ALL_FACTS[kind]
    unlisted, contradicted, seen = [], [], set()
    for recording in facts.recordings:
        for path, found in recorded_types(recorded(recording)):
            if is_exempt(path, recording):
                continue
            seen.add(path)
            expected = facts.types().get(path, "object")
            if not is_covered(path, facts):
                unlisted.append(f"{recording.file}: {path}")
            elif found not in ("null", expected):
                contradicted.append(f"{recording.file}: {path} is {found}, not {expected}")

    assert (unlisted, contradicted) == ([], [])
    assert facts.types().keys() - seen == set()


@pytest.mark.parametrize("kind", FACTS)
def test_an_example_conforms_to_its_facts(kind: str) -> None:
    assert differences(FACTS[kind], example(kind)) == []


def test_every_kind_that_the_stand_in_sends_is_checked() -> None:
    source = Path(__file__).read_text(encoding="utf-8")

    unchecked = {
        kind for kind, facts in FACTS.items() if facts.emitted and f'"{kind}"' not in source
    }
    assert unchecked == set()


def test_the_comparison_finds_missing_keys_and_other_types() -> None:
    facts = Facts(
        recordings=(),
        keys={"": "number: a; object: b; array: d; any: n", "b": "string: c", "d/0": "boolean: e"},
        values={"b/c": "x"},
    )

    assert differences(facts, {"b": {"c": 5}, "d": [{}], "n": {}}) == [
        "a: missing",
        "b/c: 'x' expected",
        "b/c: string expected, number found",
        "d/0/e: missing",
    ]
