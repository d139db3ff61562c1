"""response_url: five uses within thirty minutes, to replace, delete or post messages."""

from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from tests.emulator.block_kit import actions, button, home, section

Json = dict[str, Any]
CARD = {"event_type": "card", "event_payload": {"key": "k"}}


@pytest.fixture
def clicked(app: AsyncApp) -> list[Json]:
    """Collect block_actions bodies of the button "go"."""
    bodies: list[Json] = []

    async def on_click(ack: Any, body: Json) -> None:
        bodies.append(body)
        await ack()

    app.action("go")(on_click)
    return bodies


@pytest.fixture
async def card(web: AsyncWebClient) -> Json:
    posted = await web.chat_postMessage(
        channel="C0APPROVALS", text="card", blocks=[actions(button("go"))], metadata=CARD
    )
    message: Json = posted["message"]
    return message


async def _use(url: str, **payload: Any) -> tuple[int, Json]:
    async with aiohttp.ClientSession() as http, http.post(url, json=payload) as answer:
        return answer.status, await answer.json()


async def _response_url(slack: StandInClient, clicked: list[Json], card: Json) -> str:
    await slack.click("U0BORIS", "C0APPROVALS", card, "go")
    url: str = clicked[-1]["response_url"]
    return url


async def test_replacing_keeps_ts_and_metadata(
    slack: StandInClient, clicked: list[Json], card: Json, web: AsyncWebClient
) -> None:
    url = await _response_url(slack, clicked, card)

    await _use(url, replace_original=True, text="done", blocks=[section("done")])

    history = await web.conversations_history(channel="C0APPROVALS", include_all_metadata=True)
    (only,) = history["messages"]
    assert (only["ts"], only["text"], only["metadata"]) == (card["ts"], "done", CARD)


async def test_the_default_response_is_an_ephemeral(
    slack: StandInClient, clicked: list[Json], card: Json
) -> None:
    await _use(await _response_url(slack, clicked, card), text="psst")

    assert [m["text"] for m in await slack.messages("C0APPROVALS", "U0BORIS")] == ["card", "psst"]
    assert [m["text"] for m in await slack.messages("C0APPROVALS", "U0ANA")] == ["card"]


async def test_an_ephemeral_response_can_be_in_a_thread(
    slack: StandInClient, clicked: list[Json], card: Json
) -> None:
    await _use(await _response_url(slack, clicked, card), text="psst", thread_ts=card["ts"])

    thread = await slack.messages("C0APPROVALS", "U0BORIS", thread_ts=card["ts"])
    assert [m["text"] for m in thread] == ["card", "psst"]


async def test_in_channel_is_visible_to_all_and_delete_original_deletes(
    slack: StandInClient, clicked: list[Json], card: Json
) -> None:
    url = await _response_url(slack, clicked, card)

    await _use(url, text="loud", response_type="in_channel")
    await _use(url, delete_original=True)

    assert [m["text"] for m in await slack.messages("C0APPROVALS", "U0ANA")] == ["loud"]


async def test_an_ephemeral_can_be_replaced_and_deleted_by_its_response_url(
    slack: StandInClient, clicked: list[Json], web: AsyncWebClient
) -> None:
    await web.chat_postEphemeral(
        channel="C0APPROVALS", user="U0BORIS", text="secret", blocks=[actions(button("go"))]
    )
    (secret,) = await slack.messages("C0APPROVALS", "U0BORIS")
    url = await _response_url(slack, clicked, secret)

    await _use(url, replace_original=True, text="new secret", blocks=[section("n")])
    (changed,) = await slack.messages("C0APPROVALS", "U0BORIS")
    await _use(url, delete_original=True)

    assert changed["text"] == "new secret"
    assert "message" not in clicked[0]
    assert clicked[0]["container"]["is_ephemeral"] is True
    assert await slack.messages("C0APPROVALS", "U0BORIS") == []


async def test_a_response_url_has_five_uses(
    slack: StandInClient, clicked: list[Json], card: Json
) -> None:
    url = await _response_url(slack, clicked, card)
    statuses = [(await _use(url, text=str(n)))[0] for n in range(5)]

    assert statuses == [200] * 5
    assert await _use(url, text="6") == (404, {"ok": False, "error": "used_url"})


async def test_a_response_url_expires_after_thirty_minutes(
    slack: StandInClient, clicked: list[Json], card: Json
) -> None:
    url = await _response_url(slack, clicked, card)
    await slack.advance(1799)
    assert (await _use(url, text="just in time"))[0] == 200

    await slack.advance(2)

    assert await _use(url, text="late") == (404, {"ok": False, "error": "expired_url"})


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({}, "no_text"),
        ({"text": 7}, "invalid_payload"),
        ({"text": "x", "blocks": [{"type": "sparkles"}]}, "invalid_blocks"),
        ({"replace_original": True, "text": "x" * 4001}, "msg_too_long"),
    ],
)
async def test_an_invalid_payload_is_rejected_and_not_counted(
    slack: StandInClient, clicked: list[Json], card: Json, payload: Json, error: str
) -> None:
    url = await _response_url(slack, clicked, card)
    for _ in range(6):
        status, body = await _use(url, **payload)
        assert (status, body["error"]) == (400, error)

    assert (await _use(url, text="fine"))[0] == 200


async def test_a_deleted_message_cannot_be_replaced(
    slack: StandInClient, clicked: list[Json], card: Json
) -> None:
    url = await _response_url(slack, clicked, card)
    await slack.delete_message("C0APPROVALS", card["ts"])

    status, body = await _use(url, replace_original=True, text="x")

    assert (status, body["error"]) == (404, "message_not_found")


async def test_a_click_on_a_replaced_message_has_the_version_the_user_saw(
    slack: StandInClient, clicked: list[Json], card: Json, web: AsyncWebClient
) -> None:
    await web.chat_update(channel="C0APPROVALS", ts=card["ts"], text="done", blocks=[section("d")])

    answer = await slack.click("U0BORIS", "C0APPROVALS", card, "go")

    assert answer["acked"]
    assert clicked[0]["message"]["text"] == "card"
    assert clicked[0]["actions"][0]["value"] == "v"


async def test_an_unknown_button_cannot_be_clicked(slack: StandInClient, card: Json) -> None:
    unknown = {**card, "blocks": [actions(button("ghost"), block_id="x")]}

    answer = await slack.click("U0BORIS", "C0APPROVALS", unknown, "ghost")

    assert answer["error"] == "element_not_found"


async def test_a_buttons_value_cannot_be_forged_by_the_page(
    slack: StandInClient, clicked: list[Json], card: Json
) -> None:
    await slack.click("U0BORIS", "C0APPROVALS", card, "go", value="forged", style="danger")

    assert clicked[0]["actions"][0]["value"] == "v"
    assert "style" not in clicked[0]["actions"][0]


async def test_a_user_outside_the_channel_cannot_click(
    slack: StandInClient, clicked: list[Json], card: Json
) -> None:
    answer = await slack.click("U0KAI", "C0APPROVALS", card, "go")

    assert answer["error"] == "not_in_channel"
    assert clicked == []


async def test_a_click_includes_the_state_of_the_messages_inputs(
    slack: StandInClient, clicked: list[Json], web: AsyncWebClient, app: AsyncApp
) -> None:
    async def chosen(ack: Any) -> None:
        await ack()

    app.action("date")(chosen)
    blocks = [actions({"type": "datepicker", "action_id": "date"}, button("go"), block_id="B")]
    posted = await web.chat_postMessage(channel="C0APPROVALS", text="when?", blocks=blocks)
    for action_id, state in (("date", {"selected_date": "2026-11-21"}), ("go", {})):
        await slack.click("U0BORIS", "C0APPROVALS", posted["message"], action_id, **state)

    assert clicked[0]["state"]["values"]["B"]["date"]["selected_date"] == "2026-11-21"


async def test_views_have_no_response_url(
    slack: StandInClient, clicked: list[Json], web: AsyncWebClient
) -> None:
    view = (await web.views_publish(user_id="U0ANA", view=home(actions(button("go")))))["view"]

    await slack.click_in_view("U0ANA", view, "go")

    assert "response_url" not in clicked[0]
