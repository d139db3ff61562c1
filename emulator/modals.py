"""Views: the stack of modals in each browser tab, and each user's App Home."""

import secrets
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from emulator import blocks, limits, validation
from emulator.changes import ChangeFeed
from emulator.clock import Clock
from emulator.errors import Json, SlackError
from emulator.triggers import Trigger, Triggers
from emulator.workspace import APP_ID, BOT_ID

_MAX_STACKS = 500


@dataclass
class OpenView:
    """An open modal: Slack's view object, its user and its browser tab."""

    view: Json
    user: str
    tab: str

    @property
    def id(self) -> str:
        """The view's id."""
        return str(self.view["id"])


class Modals:
    """Opens, pushes, updates and closes modals, with Slack's errors (docs: views.*)."""

    def __init__(self, clock: Clock, triggers: Triggers, changes: ChangeFeed, team_id: str) -> None:
        self._clock = clock
        self._triggers = triggers
        self._changes = changes
        self._team_id = team_id
        self._views: dict[str, OpenView] = {}
        self._stacks: dict[tuple[str, str], list[str]] = defaultdict(list)

    def stack(self, user: str, tab: str) -> list[OpenView]:
        """List the modals of one tab, bottom to top."""
        return [self._views[view_id] for view_id in self._stacks.get((user, tab), ())]

    def all_open(self) -> list[OpenView]:
        """List the open modals of all users."""
        return list(self._views.values())

    def find(self, view_id: str) -> OpenView:
        """Find an open modal; ``not_found`` if it is closed or unknown."""
        found = self._views.get(view_id)
        if found is None:
            raise SlackError("not_found")
        return found

    def open(self, trigger_id: str | None, view: Any) -> OpenView:
        """Open a modal: on top of the modal the trigger came from, or in place of the tab's stack."""
        trigger = self._triggers.check(trigger_id)
        self._check(view)
        if not trigger.view_id or trigger.view_id not in self._views:
            self._close_stack(trigger.user, trigger.tab)
        return self._add(trigger, view)

    def push(self, trigger_id: str | None, view: Any) -> OpenView:
        """Push a modal on top of the modal the trigger came from."""
        trigger = self._triggers.check(trigger_id)
        self._check(view)
        if trigger.view_id not in self._views:
            raise SlackError("not_found")
        return self._add(trigger, view)

    def push_on(self, top: OpenView, view: Any) -> OpenView:
        """Push a modal on top, as ``response_action: push`` does."""
        self._check(view)
        return self._add(Trigger(top.user, top.tab, top.id, self._clock.now()), view)

    def update(
        self, view: Any, *, view_id: str = "", external_id: str = "", view_hash: str = ""
    ) -> OpenView:
        """Replace a modal's content; typed values are kept for inputs that remain."""
        found = self._by_external_id(external_id) if external_id else self.find(view_id)
        if view_hash and view_hash != found.view["hash"]:
            raise SlackError("hash_conflict")
        self._check(view, except_id=found.id)
        old = found.view
        given = old["state"]["values"]
        found.view = self.build_view(view, view_id=old["id"], given=given)
        found.view |= {key: old[key] for key in ("previous_view_id", "root_view_id")}
        self._publish_change(found)
        return found

    def update_state(self, found: OpenView, state: Any) -> None:
        """Store the input state that the page sent."""
        given = state if isinstance(state, dict) else {}
        known = {**found.view["state"]["values"], **given}
        found.view["state"] = {"values": blocks.state_values(found.view["blocks"], known)}

    def pop(self, found: OpenView) -> None:
        """Close the modal and all modals on top of it."""
        stack = self._stacks[found.user, found.tab]
        while found.id in stack:
            self._views.pop(stack.pop())
        self._publish_change(found)

    def clear(self, user: str, tab: str) -> list[OpenView]:
        """Close all modals of a tab; return them, topmost first."""
        closed = self._close_stack(user, tab)
        self._changes.publish("modals", user=user, tab=tab)
        return closed

    def build_view(self, view: Json, *, view_id: str = "", given: Json | None = None) -> Json:
        """Build Slack's view object for an accepted view."""
        new_id = view_id or f"V{secrets.token_hex(5).upper()}"
        content = blocks.normalize(view["blocks"])
        texts = {key: view.get(key) for key in ("title", "submit", "close")}
        blocks.add_text_defaults(list(texts.values()))
        home_title = {"type": "plain_text", "text": "View Title", "emoji": True}
        return {
            "id": new_id,
            "team_id": self._team_id,
            "type": view["type"],
            "blocks": content,
            "private_metadata": view.get("private_metadata") or "",
            "callback_id": view.get("callback_id") or "",
            "state": {"values": blocks.state_values(content, given or {})},
            "hash": f"{int(self._clock.stamp())}.{secrets.token_hex(4)}",
            "title": texts["title"] or home_title,
            "clear_on_close": bool(view.get("clear_on_close")),
            "notify_on_close": bool(view.get("notify_on_close")),
            "submit_disabled": bool(view.get("submit_disabled")),
            "close": texts["close"],
            "submit": texts["submit"],
            "previous_view_id": None,
            "root_view_id": new_id,
            "app_id": APP_ID,
            "external_id": view.get("external_id") or "",
            "app_installed_team_id": self._team_id,
            "bot_id": BOT_ID,
        }

    def _check(self, view: Any, except_id: str = "") -> None:
        validation.check_view(view, "modal")
        external_id = view.get("external_id")
        for open_view in self._views.values():
            if (
                external_id
                and open_view.view["external_id"] == external_id
                and open_view.id != except_id
            ):
                raise SlackError("duplicate_external_id")

    def _add(self, trigger: Trigger, view: Json) -> OpenView:
        stack = self._stacks[trigger.user, trigger.tab]
        if len(stack) >= limits.MODAL_DEPTH:
            raise SlackError("push_limit_reached")
        trigger.used = True
        built = self.build_view(view)
        if stack:
            built["previous_view_id"], built["root_view_id"] = stack[-1], stack[0]
        new = OpenView(built, trigger.user, trigger.tab)
        self._views[new.id] = new
        stack.append(new.id)
        while len(self._stacks) > _MAX_STACKS:
            self._close_stack(*next(iter(self._stacks)))
        self._publish_change(new)
        return new

    def _close_stack(self, user: str, tab: str) -> list[OpenView]:
        return [self._views.pop(view_id) for view_id in reversed(self._stacks.pop((user, tab), []))]

    def _by_external_id(self, external_id: str) -> OpenView:
        for open_view in self._views.values():
            if open_view.view["external_id"] == external_id:
                return open_view
        raise SlackError("not_found")

    def _publish_change(self, found: OpenView) -> None:
        self._changes.publish("modals", user=found.user, tab=found.tab)
