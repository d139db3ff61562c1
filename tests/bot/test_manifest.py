"""The manifest is valid and requests only the scopes that are used.

It is always checked against ``manifest_facts.py``. If Slack's manifest schema is next to the checkout, the
manifest and the facts are also checked against the schema.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.listeners.commands import ALIASES
from bot.runtime.settings import COMMAND
from tests.bot.manifest_facts import FACTS, Fact
from tests.emulator.outside_files import beside_checkout

ROOT = Path(__file__).parents[2]
SCHEMA = beside_checkout("manifest_schema/v2.json")
needs_schema = pytest.mark.skipif(
    SCHEMA is None, reason="manifest_schema/v2.json is not next to the checkout"
)
TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer"}
NEEDED = {
    # scope: a Web API method that we call and that requires it
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


def values(place: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and value of each key; ``*`` means any item of an array."""
    if isinstance(place, list):
        children = [("*", item) for item in place]
    elif isinstance(place, dict):
        children = list(place.items())
    else:
        return
    for name, child in children:
        below = f"{path}/{name}" if path else name
        yield below, child
        yield from values(child, below)


def problem(fact: Fact | None, value: Any) -> str:
    """Describe the rule that a value breaks, or return an empty string."""
    if fact is None:
        return "no fact for this key"
    if TYPES[type(value)] != fact.type:
        return f"not of type {fact.type}"
    if fact.choices and value not in fact.choices:
        return f"not one of {fact.choices}"
    if fact.type in ("string", "array"):
        if len(value) < fact.shortest:
            return f"shorter than {fact.shortest}"
        if fact.longest is not None and len(value) > fact.longest:
            return f"longer than {fact.longest}"
    return ""


def problems(manifest: dict[str, Any]) -> list[str]:
    """List the keys that break a fact, and the required keys that an object lacks."""
    found = [
        f"{path}: {text}"
        for path, value in values(manifest)
        if (text := problem(FACTS.get(path), value))
    ]
    for path, place in [("", manifest), *values(manifest)]:
        if isinstance(place, dict):
            prefix = f"{path}/" if path else ""
            required = [
                key.removeprefix(prefix)
                for key, fact in FACTS.items()
                if fact.required and key.rpartition("/")[0] == path
            ]
            found += [f"{prefix}{name}: missing" for name in required if name not in place]
    return found


def test_the_manifest_agrees_with_the_facts(manifest: dict[str, Any]) -> None:
    assert problems(manifest) == []


def test_the_facts_find_each_kind_of_mistake(manifest: dict[str, Any]) -> None:
    features = manifest["features"]
    broken = {
        **manifest,
        "display_information": {"description": "d" * 141},
        "settings": {**manifest["settings"], "socket_mode_enabled": "yes", "surprise": 1},
        "features": {**features, "shortcuts": [{**features["shortcuts"][0], "type": "local"}]},
    }

    assert problems(broken) == [
        "display_information/description: longer than 140",
        "features/shortcuts/*/type: not one of ('global', 'message')",
        "settings/socket_mode_enabled: not of type boolean",
        "settings/surprise: no fact for this key",
        "display_information/name: missing",
    ]


def schema() -> dict[str, Any]:
    assert SCHEMA is not None
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


def resolved(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target = root
        for name in node["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        node = target
    return node


@needs_schema
def test_the_manifest_is_valid_by_slacks_schema(manifest: dict[str, Any]) -> None:
    jsonschema.validate(manifest, schema())


@needs_schema
@pytest.mark.parametrize("path", FACTS)
def test_a_fact_agrees_with_slacks_schema(path: str) -> None:
    root = schema()
    *parents, name = path.split("/")
    parent = root
    for step in parents:
        child = parent["items"] if step == "*" else parent["properties"][step]
        parent = resolved(child, root)
    node = resolved(parent["items"] if name == "*" else parent["properties"][name], root)
    items = node["type"] == "array"

    assert FACTS[path] == Fact(
        type=node["type"],
        required=name in parent.get("required", ()),
        shortest=node.get("minItems" if items else "minLength", 0),
        longest=node.get("maxItems" if items else "maxLength"),
        choices=tuple(sorted(node.get("enum", ()))),
    )


def test_the_manifest_names_the_app_and_needs_no_public_address(manifest: dict[str, Any]) -> None:
    assert manifest["display_information"]["name"] == "Countersign"
    assert manifest["features"]["bot_user"]["display_name"] == "countersign"
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    events = manifest["settings"]["event_subscriptions"]
    assert sorted(events) == ["bot_events"]  # no request URL either


def test_the_manifest_declares_exactly_our_commands(manifest: dict[str, Any]) -> None:
    commands = manifest["features"]["slash_commands"]

    assert [command["command"] for command in commands] == [
        "/countersign",
        "/order",
        "/order-status",
        "/request",
    ]
    assert all(command["description"] for command in commands)


def test_the_optional_commands_are_valid_once_they_are_uncommented() -> None:
    text = (ROOT / "manifest.yml").read_text(encoding="utf-8")
    with_aliases = yaml.safe_load(re.sub(r"(?m)^    # (?=- command|  \w+:)", "    ", text))

    commands = with_aliases["features"]["slash_commands"]
    assert problems(with_aliases) == []
    assert [command["command"] for command in commands[-2:]] == list(ALIASES)
    assert commands[0]["command"] == COMMAND


def test_the_manifest_requests_no_unused_scope(manifest: dict[str, Any]) -> None:
    scopes = manifest["oauth_config"]["scopes"]["bot"]
    calls = "".join(
        path.read_text(encoding="utf-8")
        for room in ("activities", "bot", "slack_api")
        for path in sorted((ROOT / room).rglob("*.py"))
    )

    assert sorted(scopes) == sorted([*NEEDED, "app_mentions:read", "commands"])
    assert [method for method in NEEDED.values() if method not in calls] == []


def test_every_scope_has_a_comment() -> None:
    text = (ROOT / "manifest.yml").read_text(encoding="utf-8")
    lines = text.partition("\nsettings:")[0].splitlines()  # event names look alike
    scopes = [line for line in lines if re.match(r"\s+- [a-z._]+(:[a-z.]+)?\s*(#|$)", line)]

    assert len(scopes) == len(NEEDED) + 2
    assert all("# " in line for line in scopes)
