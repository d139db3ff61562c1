"""The people of a workspace: users, user groups and the people file."""

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from emulator.errors import Json
from emulator.manifest import load_yaml

MANAGER_FIELD = "Xf0MANAGER"
_COLORS = ("9f69e7", "4bbe2e", "e7392d", "3c989f", "674b1b", "e96699", "43761b", "684b6c")


class PeopleError(Exception):
    """The people file cannot be used; the message gives the reason."""


@dataclass(kw_only=True)
class User:
    """A user or bot; ``guest`` is "", "multi" or "single"; only strangers have a ``team_id``."""

    id: str
    name: str
    real_name: str
    title: str = ""
    email: str = ""
    tz: str = "Europe/Berlin"
    locale: str = "en-US"
    manager: str = ""
    admin: bool = False
    bot: bool = False
    deleted: bool = False
    guest: str = ""
    stranger: bool = False
    team_id: str = ""
    status_text: str = ""
    dnd: dict[str, int] = field(default_factory=dict)
    updated: int = 1_700_000_000

    def can_act(self) -> bool:
        """Return whether this user can click and type: neither a bot nor deactivated."""
        return not (self.bot or self.deleted)

    def slack_object(
        self, team_id: str, *, email: bool = True, bot_id: str = "", app_id: str = ""
    ) -> Json:
        """Build the user object of users.info; ``email`` false omits the email address."""
        team = self.team_id or team_id
        color = _COLORS[sum(map(ord, self.id)) % len(_COLORS)]
        user: Json = {
            "id": self.id,
            "team_id": team,
            "name": self.name,
            "deleted": self.deleted,
            "color": color,
            "real_name": self.real_name,
            "tz": self.tz,
            "tz_label": self.tz.rpartition("/")[2].replace("_", " ") + " time",
            "tz_offset": self.tz_offset(),
            "profile": self._profile(team, email=email),
            "is_admin": self.admin,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": bool(self.guest),
            "is_ultra_restricted": self.guest == "single",
            "is_bot": self.bot,
            "is_app_user": False,
            "updated": self.updated,
            "is_email_confirmed": bool(self.email),
            "has_2fa": False,
            "who_can_share_contact_card": "EVERYONE",
        }
        if self.stranger:
            user["is_stranger"] = True
        if self.bot:
            user["is_workflow_bot"] = False
            user["profile"] |= {"bot_id": bot_id, "api_app_id": app_id, "always_active": True}
        return user

    def tz_offset(self) -> int:
        """Return today's offset from UTC in seconds; 0 if this machine does not know the time zone."""
        try:
            offset = datetime.now(UTC).astimezone(ZoneInfo(self.tz)).utcoffset()
        except (ZoneInfoNotFoundError, ValueError):
            return 0
        return int(offset.total_seconds()) if offset else 0

    def _profile(self, team: str, *, email: bool) -> Json:
        first, _, last = self.real_name.partition(" ")
        profile: Json = {
            "title": self.title,
            "phone": "",
            "skype": "",
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.name,
            "display_name_normalized": self.name,
            "status_text": self.status_text,
            "status_text_canonical": "",
            "status_emoji": "",
            "status_emoji_display_info": [],
            "status_expiration": 0,
            "avatar_hash": f"g{sum(map(ord, self.id)):08x}",
            "first_name": first,
            "last_name": last,
            "team": team,
        }
        for size in (24, 32, 48, 72, 192, 512):
            profile[f"image_{size}"] = f"https://avatars.invalid/{self.id}-{size}.png"
        if email and self.email:
            profile["email"] = self.email
        return profile


@dataclass(kw_only=True)
class Group:
    """A user group; ``error`` is returned by usergroups.users.list instead of the members."""

    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)
    error: str = ""
    disabled: bool = False

    def slack_object(self, team_id: str, *, include_users: bool) -> Json:
        """Build the object of usergroups.list."""
        group: Json = {
            "id": self.id,
            "team_id": team_id,
            "is_usergroup": True,
            "is_subteam": True,
            "name": self.name,
            "description": "",
            "handle": self.handle,
            "is_external": False,
            "date_create": 1_700_000_000,
            "date_update": 1_700_000_000,
            "date_delete": 1_700_000_000 if self.disabled else 0,
            "auto_type": None,
            "auto_provision": False,
            "enterprise_subteam_id": "",
            "created_by": "USLACKBOT",
            "updated_by": "USLACKBOT",
            "deleted_by": None,
            "prefs": {"channels": [], "groups": []},
            "user_count": len(self.users),
        }
        if include_users:
            group["users"] = list(self.users)
        return group


@dataclass(kw_only=True)
class Seed:
    """The content of a people file: the initial workspace."""

    team: dict[str, str]
    users: list[User]
    groups: list[Group]
    channels: list[dict[str, Any]]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a people file; ``PeopleError`` describes what is wrong with it."""
        try:
            raw = load_yaml(path)
            seed = cls(
                team={"domain": "local", **raw["team"]},
                users=[User(**check_fields(User, item)) for item in raw["users"]],
                groups=[Group(**check_fields(Group, item)) for item in raw.get("groups") or ()],
                channels=list(raw.get("channels") or ()),
            )
        except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
            raise PeopleError(f"Cannot use the people file {path}: {error}") from error
        known = {user.id for user in seed.users}
        referenced = {m for g in seed.groups for m in g.users} | {u.manager for u in seed.users} - {
            ""
        }
        if unknown := referenced - known:
            raise PeopleError(f"{path} refers to unknown users: {', '.join(sorted(unknown))}.")
        return seed


def check_fields(kind: type[User | Group], raw: Json) -> Json:
    """Check that ``raw`` has only known fields of the right types.

    Raises ``TypeError`` for the first unknown or mistyped field.
    """
    known = {item.name: item.type for item in fields(kind)}
    for name, value in raw.items():
        if name not in known:
            raise TypeError(f"unknown field {name!r}")
        expected: Any = known[name]
        if not isinstance(value, get_origin(expected) or expected):
            raise TypeError(f"{name} must be of type {expected.__name__}")
    return raw
