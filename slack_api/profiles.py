"""Slack's user object, read as a profile of the directory."""

import hashlib
from typing import Any

from workflows.rules.people.actors import Standing
from workflows.rules.people.profile import Profile

_MEMBER_FLAGS = ("is_bot", "is_restricted", "is_ultra_restricted")
"""Flags that Slack sets for every member. If one is missing, the user's standing is unknown.
`deleted` may be missing."""


def profile_of(user: dict[str, Any], home: tuple[str, str]) -> Profile:
    """Return the profile in Slack's user object, of `users.info`, `users.list` or an event."""
    details = user.get("profile") or {}
    return Profile(
        person=str(user["id"]),
        standing=standing(user, home),
        email=email_digest(str(details.get("email") or "")),
        locale=str(user.get("locale") or ""),
        updated=int(user.get("updated") or 0),
    )


def email_digest(email: str) -> str:
    """Return the digest by which an address is found; empty for no address."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest() if email else ""


def standing(user: dict[str, Any], home: tuple[str, str]) -> Standing:
    """Return a user's standing, given Slack's user object (docs.slack.dev, the user object).

    Fails closed: only a user who is clearly a full member of our own workspace or Grid is ACTIVE.
    `home` is the ids of our own team and enterprise.
    """
    if user.get("deleted"):
        return Standing.DEACTIVATED
    if user.get("is_bot") or user.get("is_workflow_bot") or user.get("id") == "USLACKBOT":
        return Standing.BOT
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Standing.GUEST
    if user.get("is_stranger") or not _is_at_home(user, home):
        return Standing.STRANGER
    if any(user.get(flag) is not False for flag in _MEMBER_FLAGS):
        return Standing.UNKNOWN
    return Standing.ACTIVE


def _is_at_home(user: dict[str, Any], home: tuple[str, str]) -> bool:
    team, enterprise = home
    if team and user.get("team_id") == team:
        return True
    grid = user.get("enterprise_user")
    return bool(enterprise and isinstance(grid, dict) and grid.get("enterprise_id") == enterprise)
