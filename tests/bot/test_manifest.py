"""The manifest: valid by Slack's own schema, and asking for nothing that is not used."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT.parent / "shared" / "manifest_schema" / "v2.json"  # beside the checkout, or skipped
NEEDED = {
    # scope: a Web API method that we call and that needs it
    "chat:write": "chat_postMessage",
    "im:write": "conversations_open",
    "im:history": "conversations_history",
    "channels:history": "conversations_history",
    "groups:history": "conversations_history",
    "channels:read": "conversations_list",
    "groups:read": "conversations_list",
    "users:read": "users_info",
    "users:read.email": "users_lookupByEmail",
    "users.profile:read": "users_profile_get",
    "usergroups:read": "usergroups_users_list",
}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return found


@pytest.mark.skipif(not SCHEMA.exists(), reason="Slack's manifest schema is not on this machine")
def test_it_is_valid_by_slacks_schema(manifest: dict[str, Any]) -> None:
    jsonschema.validate(manifest, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_it_says_who_it_is_and_that_it_needs_no_public_address(manifest: dict[str, Any]) -> None:
    assert manifest["display_information"]["name"] == "Countersign"
    assert manifest["features"]["bot_user"]["display_name"] == "countersign"
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    events = manifest["settings"]["event_subscriptions"]
    assert sorted(events) == ["bot_events"]  # no request URL either


def test_it_offers_exactly_our_commands(manifest: dict[str, Any]) -> None:
    commands = manifest["features"]["slash_commands"]

    assert [one["command"] for one in commands] == [
        "/order",
        "/order-status",
        "/approval",
        "/request",
        "/approvals",
        "/away",
    ]
    assert all(one["description"] for one in commands)


def test_it_asks_for_no_scope_without_a_use(manifest: dict[str, Any]) -> None:
    scopes = manifest["oauth_config"]["scopes"]["bot"]
    calls = "".join(
        path.read_text(encoding="utf-8")
        for room in ("activities", "bot", "slack_api")
        for path in sorted((ROOT / room).rglob("*.py"))
    )

    assert sorted(scopes) == sorted([*NEEDED, "commands"])
    assert [method for method in NEEDED.values() if method not in calls] == []


def test_every_scope_has_its_reason() -> None:
    written = (ROOT / "manifest.yml").read_text(encoding="utf-8")
    lines = written.partition("\nsettings:")[0].splitlines()  # events have names alike
    scopes = [line for line in lines if re.match(r"\s+- [a-z.]+(:[a-z.]+)?\s*(#|$)", line)]

    assert len(scopes) == len(NEEDED) + 1
    assert all("# " in line for line in scopes)
