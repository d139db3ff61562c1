"""Every button, modal and command has a listener, and `bot/` treats the stand-in like Slack."""

import ast
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast
from unittest.mock import Mock

import pytest
import yaml
from slack_bolt.async_app import AsyncApp

from bot.listeners import register_listeners
from bot.listeners.commands import ALIASES
from bot.listeners.services import Services
from tests.bot.conftest import ROOT
from views.ids import ActionId, CallbackId

Listener = TypeVar("Listener", bound=Callable[..., Any])
SOURCES = [path for path in sorted((ROOT / "bot").rglob("*.py")) if path.name != "demo.py"]
LOCAL = re.compile(
    r"emulator|stand[-_]in(?![a-z])|standin(?![a-z])|localhost|127\.0\.0\.1|fake|xoxb"
)
NOT_ABOUT_SLACK = {
    "settings.py": "startswith",  # it checks the kind of a token
    "proxies.py": "localhost",  # no proxy is used for this machine, whatever runs there
}


class Register:
    """Replaces the app and records the listeners that are registered."""

    def __init__(self) -> None:
        self.registered: Counter[tuple[str, str]] = Counter()

    def __getattr__(self, kind: str) -> Callable[..., Callable[[Listener], Listener]]:
        def on(name: str, **_: object) -> Callable[[Listener], Listener]:
            self.registered[kind, name] += 1
            return lambda listener: listener

        return on

    def error(self, listener: Listener) -> Listener:
        self.registered["error", ""] += 1
        return listener


def test_each_button_modal_and_command_has_exactly_one_listener() -> None:
    register = Register()

    register_listeners(cast(AsyncApp, register), cast(Services, Mock(command="/countersign")))

    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    commands = [command["command"] for command in manifest["features"]["slash_commands"]]
    subscribed = manifest["settings"]["event_subscriptions"]["bot_events"]
    # message.channels and message.groups are the same type of event, with one listener; the other is
    # for direct messages
    events = {event.partition(".")[0] for event in subscribed if event != "message.im"}
    assert "message.im" in subscribed
    shortcuts = [shortcut["callback_id"] for shortcut in manifest["features"].get("shortcuts", [])]
    assert register.registered == Counter(
        [("error", "")]
        + [("action", action_id.value) for action_id in ActionId]
        + [("view", callback_id.value) for callback_id in CallbackId]
        + [("command", command) for command in [*commands, *ALIASES]]
        + [("event", event) for event in [*events, "message"]]
        + [("shortcut", shortcut) for shortcut in shortcuts]
    )


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_code_in_the_bot_depends_on_whether_slack_is_real(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            pending = ast.unparse(node.test).lower()
        elif isinstance(node, ast.Compare | ast.match_case):
            pending = ast.unparse(node).lower()
        elif isinstance(node, ast.Import | ast.ImportFrom | ast.Name | ast.Attribute):
            pending = ast.unparse(node).lower()
            assert "emulator" not in pending
            continue
        else:
            continue
        allowed = NOT_ABOUT_SLACK.get(path.name)
        if allowed is None or allowed not in pending:
            assert not LOCAL.search(pending), pending
