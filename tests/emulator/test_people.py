"""Users, groups and channels, and the events for their changes."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient, StandInClientError
from emulator.config import Config
from emulator.server import start
from tests.emulator.conftest import MANIFEST

Json = dict[str, Any]


async def _user(web: AsyncWebClient, user: str) -> Json:
    found: Json = (await web.users_info(user=user, include_locale=True))["user"]
    return found


async def test_the_default_workspace_has_every_kind_of_user(web: AsyncWebClient) -> None:
    assert (await _user(web, "U0IVAN"))["deleted"] is True
    assert (await _user(web, "U0JUNE"))["is_restricted"] is True
    assert (await _user(web, "U0JUNE"))["is_ultra_restricted"] is False
    assert (await _user(web, "U0LOCALBOT"))["is_bot"] is True
    assert (await _user(web, "W0HANA"))["id"] == "W0HANA"
    kai = await _user(web, "U0KAI")
    assert (kai["is_stranger"], kai["team_id"]) == (True, "T0OTHER")
    assert (await _user(web, "U0FAY"))["is_admin"] is True


async def test_a_user_has_a_time_zone_and_a_locale(web: AsyncWebClient) -> None:
    hana = await _user(web, "W0HANA")

    assert (hana["tz"], hana["tz_offset"], hana["locale"]) == ("Asia/Tokyo", 9 * 3600, "ja-JP")


async def test_the_manager_is_a_profile_field(web: AsyncWebClient) -> None:
    profile = (await web.users_profile_get(user="U0ANA", include_labels=True))["profile"]
    without_manager = (await web.users_profile_get(user="U0CLARA"))["profile"]

    (field,) = profile["fields"].values()
    assert field == {"value": "U0FAY", "alt": "", "label": "Manager"}
    assert without_manager["fields"] == {}


async def test_the_profile_has_one_custom_field(web: AsyncWebClient) -> None:
    (field,) = (await web.team_profile_get())["profile"]["fields"]
    profile = (await web.users_profile_get(user="U0ANA"))["profile"]

    assert (field["label"], field["type"]) == ("Manager", "user")
    assert profile["fields"][field["id"]]["value"] == "U0FAY"
    assert (await web.team_profile_get(visibility="hidden"))["profile"]["fields"] == []
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await web.team_profile_get(visibility="some")


async def test_lookup_by_email_finds_only_active_users(web: AsyncWebClient) -> None:
    found = await web.users_lookupByEmail(email="ANA@example.com")
    with pytest.raises(SlackApiError, match="users_not_found"):
        await web.users_lookupByEmail(email="ivan@example.com")

    assert found["user"]["id"] == "U0ANA"


async def test_users_are_listed_in_pages(web: AsyncWebClient) -> None:
    seen: list[str] = []
    async for page in await web.users_list(limit=5):
        seen += [user["id"] for user in page["members"]]

    assert len(seen) == len(set(seen)) == 13
    for cursor in ("x", "bm90aGluZw==", "YXQ6LTE="):
        with pytest.raises(SlackApiError, match="invalid_cursor"):
            await web.users_list(cursor=cursor)


async def test_groups_list_their_members(web: AsyncWebClient) -> None:
    groups = (await web.usergroups_list(include_users=True))["usergroups"]
    members = (await web.usergroups_users_list(usergroup="S0SALES"))["users"]

    assert {g["handle"] for g in groups} == {"sales-leads", "hr-team", "approval-admins", "finance"}
    assert members == ["U0BORIS", "U0CLARA"]
    with pytest.raises(SlackApiError, match="no_such_subteam"):
        await web.usergroups_users_list(usergroup="S0NOBODY")


async def test_a_group_can_return_a_configured_error(tmp_path: Any) -> None:
    people = tmp_path / "people.yml"
    people.write_text(
        "team: {id: T1, name: Tiny}\n"
        "users: [{id: U1, name: one, real_name: One}]\n"
        "groups: [{id: S1, handle: all, name: All, error: plan_upgrade_required}]\n",
        encoding="utf-8",
    )
    async with start(Config(manifest=MANIFEST, people=people)) as running:
        web = AsyncWebClient(token="xoxb-local", base_url=running.api_url)
        with pytest.raises(SlackApiError, match="plan_upgrade_required"):
            await web.usergroups_users_list(usergroup="S1")


async def test_do_not_disturb_comes_from_the_user(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    dnd = {"next_start": 1_800_000_000, "next_end": 1_800_030_000}
    await slack.people("user_change", user={"id": "U0ANA", "dnd": dnd})

    ana, boris = await web.dnd_info(user="U0ANA"), await web.dnd_info(user="U0BORIS")

    assert (ana["dnd_enabled"], ana["next_dnd_end_ts"]) == (True, 1_800_030_000)
    assert (boris["dnd_enabled"], boris["next_dnd_start_ts"]) == (False, 1)


async def test_the_workspace_and_the_bot_describe_themselves(web: AsyncWebClient) -> None:
    assert (await web.team_info())["team"]["id"] == "T0LOCAL"
    assert (await web.bots_info(bot="B0LOCAL"))["bot"]["user_id"] == "U0LOCALBOT"
    with pytest.raises(SlackApiError, match="bot_not_found"):
        await web.bots_info(bot="B0OTHER")
    with pytest.raises(SlackApiError, match="user_not_found"):
        await web.users_info(user="U0NOBODY")


@pytest.mark.parametrize(
    ("users", "error"),
    [
        ("U0IVAN", "user_disabled"),
        ("U0LOCALBOT", "cannot_dm_bot"),
        ("U0NOBODY", "user_not_found"),
        ("", "users_list_not_supplied"),
        ("U0ANA,U0BORIS", "method_not_supported_for_channel_type"),
    ],
)
async def test_a_direct_message_opens_only_with_one_active_user(
    web: AsyncWebClient, users: str, error: str
) -> None:
    with pytest.raises(SlackApiError) as raised:
        await web.conversations_open(users=users)

    assert raised.value.response["error"] == error


async def test_a_direct_message_has_its_own_id(web: AsyncWebClient) -> None:
    opened = await web.conversations_open(users="W0HANA", return_im=True)

    assert opened["channel"]["id"] == "DW0HANA"
    assert opened["channel"]["is_im"] is True
    assert (await web.conversations_open(channel="DW0HANA"))["channel"]["id"] == "DW0HANA"


async def test_channels_are_listed_by_type_and_described(web: AsyncWebClient) -> None:
    public = (await web.conversations_list())["channels"]
    private = (await web.conversations_list(types="private_channel,im"))["channels"]
    info = await web.conversations_info(channel="C0RANDOM", include_num_members=True)

    assert {c["id"] for c in public} == {"C0GENERAL", "C0APPROVALS", "C0HR", "C0ADMIN", "C0RANDOM"}
    assert "G0HR" in {c["id"] for c in private}
    assert info["channel"]["is_member"] is False
    assert info["channel"]["num_members"] == 10
    assert (await web.conversations_info(channel="C0GENERAL"))["channel"]["is_ext_shared"] is True
    with pytest.raises(SlackApiError, match="invalid_types"):
        await web.conversations_list(types="secret")


async def test_members_are_listed_in_pages(web: AsyncWebClient) -> None:
    first = await web.conversations_members(channel="C0GENERAL", limit=3)
    second = await web.conversations_members(
        channel="C0GENERAL", limit=100, cursor=first["response_metadata"]["next_cursor"]
    )

    assert len(first["members"]) == 3
    assert "U0LOCALBOT" in second["members"]


async def test_history_is_newest_first_and_can_be_limited_by_time(web: AsyncWebClient) -> None:
    stamps = [
        (await web.chat_postMessage(channel="C0GENERAL", text=str(n)))["ts"] for n in range(4)
    ]
    reply = await web.chat_postMessage(channel="C0GENERAL", text="r", thread_ts=stamps[0])

    async def texts(**bounds: Any) -> list[str]:
        history = await web.conversations_history(channel="C0GENERAL", **bounds)
        return [m["text"] for m in history["messages"]]

    assert await texts() == ["3", "2", "1", "0"]
    assert await texts(oldest=stamps[1]) == ["3", "2"]
    assert await texts(oldest=stamps[1], latest=stamps[2], inclusive=True) == ["2", "1"]
    page = await web.conversations_history(channel="C0GENERAL", limit=1)
    assert page["has_more"] is True
    thread = await web.conversations_replies(channel="C0GENERAL", ts=stamps[0])
    assert [m["ts"] for m in thread["messages"]] == [stamps[0], reply["ts"]]
    with pytest.raises(SlackApiError, match="thread_not_found"):
        await web.conversations_replies(channel="C0GENERAL", ts="1.2")
    with pytest.raises(SlackApiError, match="not_in_channel"):
        await web.conversations_history(channel="C0RANDOM")


async def test_each_change_to_people_sends_an_event(app: AsyncApp, slack: StandInClient) -> None:
    events: list[Json] = []

    async def received(event: Json) -> None:
        events.append(event)

    kinds = (
        "team_join",
        "user_change",
        "subteam_created",
        "subteam_updated",
        "subteam_members_changed",
    )
    for kind in kinds:
        app.event(kind)(received)
    new = {"id": "U0NEW", "name": "nia", "real_name": "Nia New", "locale": "de-DE"}
    await slack.people("team_join", user=new)
    await slack.people("user_change", user={"id": "U0NEW", "deleted": True})
    board = {"id": "S0BOARD", "handle": "board", "name": "Board", "users": ["U0FAY"]}
    await slack.people("subteam_created", group=board)
    await slack.people("subteam_updated", group={"id": "S0HR", "name": "People"})
    await slack.people("subteam_members_changed", group={"id": "S0HR", "users": ["U0FAY"]})
    for kind in kinds:
        await slack.wait_for_journal(kind="ack", what=kind)

    by_kind = {event["type"]: event for event in events}
    assert by_kind["team_join"]["user"]["locale"] == "de-DE"
    assert by_kind["user_change"]["user"]["deleted"] is True
    assert by_kind["subteam_created"]["subteam"]["handle"] == "board"
    assert "users" not in by_kind["subteam_created"]["subteam"]
    assert by_kind["subteam_updated"]["subteam"]["name"] == "People"
    assert by_kind["subteam_members_changed"]["added_users"] == ["U0FAY"]
    assert by_kind["subteam_members_changed"]["removed_users"] == ["U0DINA", "W0HANA"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("dance", {}),
        ("team_join", {}),
        ("team_join", {"user": {"id": "U1", "nose": "long"}}),
        ("user_change", {"user": {"id": "U0ANA", "nose": "long"}}),
        ("user_change", {"user": {"id": "U0ANA", "tz": ["Europe/Berlin"]}}),
        ("user_change", {"user": {"id": "U0NOBODY"}}),
        ("subteam_created", {"group": {"id": "S0HR", "handle": "hr", "name": "HR"}}),
        ("subteam_created", {"group": {"id": "S0NEW"}}),
        ("subteam_updated", {"group": {"id": "S0HR", "users": "U0ANA"}}),
        ("subteam_members_changed", {"group": {"id": "S0NOBODY", "users": []}}),
    ],
)
async def test_an_invalid_change_is_rejected(slack: StandInClient, kind: str, fields: Json) -> None:
    with pytest.raises(StandInClientError):
        await slack.people(kind, **fields)


async def test_a_deactivated_user_leaves_all_channels_and_cannot_act(slack: StandInClient) -> None:
    await slack.people("user_change", user={"id": "U0ANA", "deleted": True})

    answer = await slack.say("U0ANA", "C0GENERAL", "hello")

    assert answer["error"] == "user_cannot_act"
    general = next(c for c in (await slack.state())["channels"] if c["id"] == "C0GENERAL")
    assert "U0ANA" not in general["members"]
