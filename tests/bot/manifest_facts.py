"""Facts about Slack's app manifest: the keys our manifest uses, with their types and limits.

Source: docs.slack.dev, reference "App manifest reference" (manifest version 2), and the JSON schema that
Slack publishes for it. A key that the manifest starts to use needs a fact here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fact:
    """The rule for one key. Lengths count characters of strings or items of arrays."""

    type: str
    required: bool = False
    shortest: int = 0
    longest: int | None = None
    choices: tuple[str, ...] = ()


_OBJECT = Fact(type="object")
_FLAG = Fact(type="boolean")
_NUMBER = Fact(type="integer")

FACTS: dict[str, Fact] = {
    "_metadata": _OBJECT,
    "_metadata/major_version": _NUMBER,
    "_metadata/minor_version": _NUMBER,
    "display_information": Fact(type="object", required=True),
    "display_information/name": Fact(type="string", required=True, shortest=1, longest=35),
    "display_information/description": Fact(type="string", shortest=1, longest=140),
    "display_information/background_color": Fact(type="string", shortest=4, longest=7),
    "features": _OBJECT,
    "features/app_home": _OBJECT,
    "features/app_home/home_tab_enabled": _FLAG,
    "features/app_home/messages_tab_enabled": _FLAG,
    "features/app_home/messages_tab_read_only_enabled": _FLAG,
    "features/bot_user": _OBJECT,
    "features/bot_user/display_name": Fact(type="string", required=True, shortest=1, longest=80),
    "features/bot_user/always_online": _FLAG,
    "features/slash_commands": Fact(type="array", shortest=1, longest=50),
    "features/slash_commands/*": _OBJECT,
    "features/slash_commands/*/command": Fact(type="string", required=True, shortest=2, longest=32),
    "features/slash_commands/*/description": Fact(
        type="string", required=True, shortest=1, longest=2000
    ),
    "features/slash_commands/*/usage_hint": Fact(type="string", shortest=1, longest=1000),
    "features/slash_commands/*/should_escape": _FLAG,
    "features/shortcuts": Fact(type="array", shortest=1, longest=10),
    "features/shortcuts/*": _OBJECT,
    "features/shortcuts/*/name": Fact(type="string", required=True, shortest=1, longest=24),
    "features/shortcuts/*/type": Fact(type="string", required=True, choices=("global", "message")),
    "features/shortcuts/*/callback_id": Fact(type="string", required=True, shortest=1, longest=255),
    "features/shortcuts/*/description": Fact(type="string", required=True, shortest=1, longest=150),
    "oauth_config": _OBJECT,
    "oauth_config/scopes": _OBJECT,
    "oauth_config/scopes/bot": Fact(type="array", longest=255),
    "oauth_config/scopes/bot/*": Fact(type="string", longest=50),
    "settings": _OBJECT,
    "settings/interactivity": _OBJECT,
    "settings/interactivity/is_enabled": Fact(type="boolean", required=True),
    "settings/event_subscriptions": _OBJECT,
    "settings/event_subscriptions/bot_events": Fact(type="array", longest=100),
    "settings/event_subscriptions/bot_events/*": Fact(type="string", longest=50),
    "settings/org_deploy_enabled": _FLAG,
    "settings/socket_mode_enabled": _FLAG,
    "settings/token_rotation_enabled": _FLAG,
}
