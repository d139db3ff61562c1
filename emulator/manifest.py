"""The app manifest, which decides what the app receives and may do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from emulator.errors import Json
from emulator.reserved_commands import RESERVED

# Subscription -> scopes, one of which is required (docs: reference/events).
# Subscriptions that are not listed require none.
EVENT_SCOPES: dict[str, tuple[str, ...]] = {
    "app_mention": ("app_mentions:read",),
    "channel_archive": ("channels:read",),
    "channel_created": ("channels:read",),
    "channel_deleted": ("channels:read",),
    "channel_rename": ("channels:read",),
    "channel_unarchive": ("channels:read",),
    "group_archive": ("groups:read",),
    "group_deleted": ("groups:read",),
    "group_rename": ("groups:read",),
    "group_unarchive": ("groups:read",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "member_left_channel": ("channels:read", "groups:read"),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "reaction_added": ("reactions:read",),
    "subteam_created": ("usergroups:read",),
    "subteam_members_changed": ("usergroups:read",),
    "subteam_updated": ("usergroups:read",),
    "team_join": ("users:read",),
    "user_change": ("users:read",),
}


class ManifestError(Exception):
    """The manifest cannot be used; the message gives the reason."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A declared slash command; only HTTP delivery uses ``url``."""

    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """A declared shortcut; ``type`` is ``global`` or ``message``."""

    name: str
    type: str
    callback_id: str
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The parts of an app manifest that affect what Slack delivers and allows."""

    name: str
    bot_name: str
    commands: tuple[Command, ...]
    shortcuts: tuple[Shortcut, ...]
    scopes: tuple[str, ...]
    events: frozenset[str]
    events_url: str | None
    interactivity: bool
    interactivity_url: str | None
    socket_mode: bool
    home_tab: bool
    messages_tab: bool
    messages_read_only: bool

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a manifest in YAML or JSON; ``ManifestError`` describes what is wrong with it."""
        try:
            raw = load_yaml(path)
        except OSError as error:
            message = f"Cannot read the manifest {path}: {error.strerror}."
            raise ManifestError(message) from error
        except yaml.YAMLError as error:
            raise ManifestError(f"The manifest {path} is not valid YAML: {error}") from error
        if not isinstance(raw, dict):
            raise ManifestError(f"The manifest {path} must be a mapping at its top level.")
        try:
            manifest = cls.parse(raw)
        except (AttributeError, KeyError, TypeError) as error:
            raise ManifestError(
                f"The manifest {path} has a missing or invalid key: {error}."
            ) from error
        reserved = [item.command for item in manifest.commands if item.command in RESERVED]
        if reserved:  # Slack refuses the whole manifest
            names = ", ".join(reserved)
            raise ManifestError(
                f"The manifest {path} declares a built-in command of Slack: {names}."
            )
        return manifest

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Parse a manifest mapping (schema: docs.slack.dev, app manifests)."""
        features = _mapping(raw, "features")
        settings = _mapping(raw, "settings")
        home = _mapping(features, "app_home")
        interactivity = _mapping(settings, "interactivity")
        events = _mapping(settings, "event_subscriptions")
        name = str(raw["display_information"]["name"])
        return cls(
            name=name,
            bot_name=str(_mapping(features, "bot_user").get("display_name", name)),
            commands=tuple(
                Command(
                    command=item["command"],
                    description=item.get("description", ""),
                    usage_hint=item.get("usage_hint", ""),
                    should_escape=bool(item.get("should_escape", False)),
                    url=item.get("url"),
                )
                for item in features.get("slash_commands") or ()
            ),
            shortcuts=tuple(
                Shortcut(
                    name=item["name"],
                    type=item["type"],
                    callback_id=item["callback_id"],
                    description=item.get("description", ""),
                )
                for item in features.get("shortcuts") or ()
            ),
            scopes=tuple(_mapping(_mapping(raw, "oauth_config"), "scopes").get("bot") or ()),
            events=frozenset(events.get("bot_events") or ()),
            events_url=events.get("request_url"),
            interactivity=bool(interactivity.get("is_enabled", False)),
            interactivity_url=interactivity.get("request_url"),
            socket_mode=bool(settings.get("socket_mode_enabled", False)),
            home_tab=bool(home.get("home_tab_enabled", False)),
            messages_tab=bool(home.get("messages_tab_enabled", False)),
            messages_read_only=bool(home.get("messages_tab_read_only_enabled", False)),
        )

    def receives(self, subscription: str) -> bool:
        """Return whether the app subscribes to these events and has a scope they require."""
        needed = EVENT_SCOPES.get(subscription, ())
        return subscription in self.events and (not needed or bool({*needed} & {*self.scopes}))

    def command(self, name: str) -> Command | None:
        """Find a declared slash command by its name, including the slash."""
        return next((item for item in self.commands if item.command == name), None)

    def shortcut(self, kind: str, callback_id: str) -> Shortcut | None:
        """Find a declared shortcut of this kind."""
        key = (kind, callback_id)
        return next((s for s in self.shortcuts if (s.type, s.callback_id) == key), None)


def load_yaml(path: Path) -> Any:
    """Read a YAML (or JSON) file, with the faster libyaml loader if it is available."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - both are safe loaders


def _mapping(raw: Json, key: str) -> dict[str, Any]:
    value = raw.get(key) or {}
    if not isinstance(value, dict):
        raise TypeError(f"{key!r} must be a mapping")
    return value
