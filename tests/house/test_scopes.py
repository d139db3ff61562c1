"""The manifest requests exactly the scopes that the code needs."""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.testing import ActivityEnvironment

from activities.directory import DirectoryActivities
from bot.policies.keys import read_source
from emulator.config import Config
from emulator.server import start
from records.absences import Absences
from records.database import Database
from slack_api.poster import Poster
from slack_api.workspace import Workspace
from views.blocks import Message
from workflows.rules.people.actors import DirectoryQuery

ROOT = Path(__file__).resolve().parent.parent.parent
MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text())
SCOPES = MANIFEST["oauth_config"]["scopes"]["bot"]
NO_CALL = {"commands", "app_mentions:read"}
"""Scopes that let Slack send us something: no call needs them."""
MESSAGE = Message(text="hello", blocks=[])
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

CALLED_METHODS = {
    "apps_connections_open",
    "auth_test",
    "chat_delete",
    "chat_getPermalink",
    "chat_postEphemeral",
    "chat_postMessage",
    "chat_update",
    "conversations_history",
    "conversations_list",
    "conversations_members",
    "conversations_open",
    "conversations_replies",
    "team_profile_get",
    "usergroups_list",
    "usergroups_users_list",
    "users_info",
    "users_list",
    "users_lookupByEmail",
    "users_profile_get",
    "views_open",
    "views_publish",
    "views_update",
}
"""Every method of Slack's client that bot and activities call. The methods `views_*` need no scope,
and `apps_connections_open` needs one of the app token."""


async def make_every_call(
    slack: AsyncWebClient, poster: Poster, directory: DirectoryActivities
) -> None:
    """Make every call that the product makes, in each kind of conversation."""
    direct = await poster.direct_channel("U0ANA")
    for conversation in ("#approvals", "#hr-private", direct):
        channel = await poster.channel_id(conversation)
        posted = await poster.post(channel, MESSAGE, f"key-{channel}")
        assert await poster.find(channel, f"key-{channel}", LONG_AGO) == [posted]
        reply = await poster.post(channel, MESSAGE, f"reply-{channel}", posted.ts)
        assert await poster.find(channel, f"reply-{channel}", LONG_AGO, posted.ts) == [reply]
        assert await poster.permalink(reply)
        await poster.edit(posted, MESSAGE)
        await poster.delete(reply)
        await poster.delete(posted)
    await slack.chat_postEphemeral(channel="C0APPROVALS", user="U0ANA", text="hello")
    await slack.conversations_members(channel="C0APPROVALS")
    await slack.usergroups_list()
    await slack.users_list(include_locale=True)
    for source in ("user:U0BORIS", "email:emil@example.com", "group:hr-team", "manager"):
        question = DirectoryQuery(
            request_id="APR-1", level=1, requester="U0ANA", sources=(read_source(source),)
        )
        reading = await ActivityEnvironment().run(directory.approvers, question)
        if reading.approvers.unreadable:  # the refused call raised nothing: call it directly
            await CALL_BY_SOURCE[source](slack)


CALL_BY_SOURCE = {
    "email:emil@example.com": lambda slack: slack.users_lookupByEmail(email="emil@example.com"),
    "group:hr-team": lambda slack: slack.usergroups_list(),
    "manager": lambda slack: slack.team_profile_get(),
}


async def call_with_scopes(scopes: list[str], tmp_path: Path) -> None:
    manifest = {**MANIFEST, "oauth_config": {"scopes": {"bot": scopes}}}
    path = tmp_path / "manifest.yml"
    path.write_text(yaml.safe_dump(manifest))
    async with (
        start(Config(manifest=path)) as running,
        Database(f"sqlite:///{tmp_path}/records.db") as database,
    ):
        await database.upgrade()
        slack = AsyncWebClient(token="xoxb-local", base_url=running.api_url)
        workspace = Workspace.of(slack, database, lambda: LONG_AGO)
        absences = Absences(database)
        directory = DirectoryActivities(workspace.directory, absences, lambda: LONG_AGO)
        await make_every_call(slack, Poster(slack, workspace.channels), directory)


async def test_no_scope_is_missing(tmp_path: Path) -> None:
    await call_with_scopes(SCOPES, tmp_path)


@pytest.mark.parametrize("scope", sorted(set(SCOPES) - NO_CALL))
async def test_each_scope_is_needed(scope: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="missing_scope") as refused:
        await call_with_scopes([other for other in SCOPES if other != scope], tmp_path)

    cause = refused.value if isinstance(refused.value, SlackApiError) else refused.value.__cause__
    assert isinstance(cause, SlackApiError)
    assert scope in str(cause.response["needed"])


def test_the_scope_of_mentions_is_requested_if_mentions_are_subscribed() -> None:
    events = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert ("app_mentions:read" in SCOPES) == ("app_mention" in events)


def test_the_commands_scope_is_requested_if_commands_are_declared() -> None:
    assert ("commands" in SCOPES) == bool(MANIFEST["features"]["slash_commands"])


def test_every_call_of_the_code_is_made_here() -> None:
    called = {
        node.func.attr
        for package in ("bot", "activities", "slack_api")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and hasattr(AsyncWebClient, node.func.attr)
        and "_" in node.func.attr.strip("_")
        and node.func.attr
        != "api_call"  # every call goes through it: slack_api/rate_limited_client.py
    }

    assert called == CALLED_METHODS


def test_events_and_their_listeners_match() -> None:
    listeners = "\n".join(path.read_text() for path in (ROOT / "bot/listeners").glob("*.py"))
    declared = MANIFEST["settings"]["event_subscriptions"]["bot_events"]

    kinds = {event.partition(".")[0] for event in declared}  # message.channels arrives as `message`
    assert kinds == set(re.findall(r'app\.event\("(\w+)"', listeners))
