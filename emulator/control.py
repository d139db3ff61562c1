"""The control API for tests: journal, user actions, faults, deliveries, sockets, clock, people."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from emulator import channel_changes, messages, strict_json
from emulator.errors import ActError, Json, SlackError
from emulator.interactions import act
from emulator.journal import MAX_RESULTS
from emulator.people import Group, User, check_fields
from emulator.stand_in import StandIn

_MAX_WAIT_SECONDS = 60.0
_TEN_YEARS = 315_360_000.0  # seconds; larger values exceed the datetime range
_REASONS = ("warning", "refresh_requested", "link_disabled", "too_many_websockets")


class Control:
    """Serves ``/_control/...``; README.md has a curl example for each call."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    def routes(self) -> list[web.AbstractRouteDef]:
        """List the routes of the control API."""
        posts: dict[str, Callable[[Any], Awaitable[Json]]] = {
            "act": self._act,
            "faults": self._plan_faults,
            "deliveries": self._deliveries,
            "sockets": self._sockets,
            "clock": self._clock,
            "people": self._people,
            "channels": self._channels,
            "delete_message": self._delete_message,
            "limits": self._limits,
            "event": self._event,
            "reset": self._reset,
        }
        return [
            web.get("/_control/journal", self._journal),
            web.get("/_control/state", self._state),
            web.get("/_control/faults", self._show_faults),
            web.delete("/_control/faults", self._clear_faults),
            *(
                web.post(f"/_control/{name}", _json_handler(handler))
                for name, handler in posts.items()
            ),
        ]

    async def _journal(self, request: web.Request) -> web.Response:
        journal = self._stand_in.journal
        filters = dict(request.query.items())
        try:
            after = int(filters.pop("after", "0"))
            seconds = min(float(filters.pop("wait", "0")), _MAX_WAIT_SECONDS)
            limit = min(int(filters.pop("limit", MAX_RESULTS)), MAX_RESULTS)
        except ValueError as error:
            raise ActError("invalid_arguments", "after, wait and limit must be numbers.") from error
        entries = await journal.wait(after, seconds, filters, limit)
        return web.json_response({"ok": True, "entries": entries, "last": journal.last})

    async def _state(self, _: web.Request) -> web.Response:
        stand_in = self._stand_in
        ephemerals = [
            {"user": user, "channel": channel, "messages": list(store.values())}
            for (user, channel), store in stand_in.workspace.ephemerals.items()
        ]
        modals = [
            {"user": m.user, "tab": m.tab, "view": m.view} for m in stand_in.modals.all_open()
        ]
        extra = {
            "ephemerals": ephemerals,
            "modals": modals,
            "clock": stand_in.clock.snapshot(),
            "connections": len(stand_in.socket_mode.connections),
            "journal_last": stand_in.journal.last,
        }
        return web.json_response({"ok": True, **stand_in.workspace.dump(), **extra})

    async def _show_faults(self, _: web.Request) -> web.Response:
        faults, duplicated = self._stand_in.faults, self._stand_in.dispatcher.duplicated
        shown = {"faults": faults.list_planned(), "hits": faults.hits, "doubled": duplicated}
        return web.json_response({"ok": True, **shown})

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._stand_in.faults.clear()
        return web.json_response({"ok": True})

    async def _act(self, body: Any) -> Json:
        return await act(self._stand_in, _require_object(body))

    async def _plan_faults(self, body: Any) -> Json:
        return {"planned": self._stand_in.faults.plan(body)}

    async def _deliveries(self, body: Any) -> Json:
        dispatcher, raw = self._stand_in.dispatcher, _require_object(body)
        if "drop_ack" in raw:
            dispatcher.drop_acks = int(_bounded_number(raw["drop_ack"]))
        if "duplicate" in raw:
            dispatcher.duplicates = int(_bounded_number(raw["duplicate"]))
        if "duplicate_late" in raw:
            dispatcher.duplicate_late = _bounded_number(raw["duplicate_late"])
        if "duplicate_share" in raw:
            share = _bounded_number(raw["duplicate_share"])
            dispatcher.set_duplicate_share(share, int(_bounded_number(raw.get("seed", 0))))
        if "reorder" in raw:
            dispatcher.release()
            dispatcher.reorder = int(_bounded_number(raw["reorder"]))
        if "retry_delays" in raw:
            dispatcher.retry_delays = tuple(map(_bounded_number, raw["retry_delays"]))
        return {
            "drop_ack": dispatcher.drop_acks,
            "duplicate": dispatcher.duplicates,
            "duplicate_late": dispatcher.duplicate_late,
            "duplicate_share": dispatcher.duplicate_share,
            "reorder": dispatcher.reorder,
            "retry_delays": list(dispatcher.retry_delays),
        }

    async def _sockets(self, body: Any) -> Json:
        raw, sockets = _require_object(body), self._stand_in.socket_mode
        if raw.get("do") == "close":
            return {"closed": await sockets.abort_all()}
        reason = raw.get("reason", "refresh_requested")
        if raw.get("do") != "disconnect" or reason not in _REASONS:
            message = f"do must be close or disconnect, and reason one of: {', '.join(_REASONS)}."
            raise ActError("invalid_arguments", message)
        return {"disconnected": await sockets.disconnect(reason)}

    async def _clock(self, body: Any) -> Json:
        raw, clock = _require_object(body), self._stand_in.clock
        if "advance" in raw:
            clock.advance(_bounded_number(raw["advance"]))
        if "skew" in raw:
            clock.skew(_bounded_number(raw["skew"], minimum=-_TEN_YEARS))
        return dict(clock.snapshot())

    async def _people(self, body: Any) -> Json:
        raw = _require_object(body)
        changes = {
            "team_join": self._team_join,
            "user_change": self._user_change,
            "subteam_created": self._subteam_created,
            "subteam_updated": self._subteam_updated,
            "subteam_members_changed": self._subteam_members_changed,
        }
        change = changes.get(str(raw.get("kind")))
        if change is None:
            raise ActError("unknown_kind", f"kind must be one of: {', '.join(changes)}.")
        answer = change(raw)
        self._stand_in.changes.publish("workspace")
        return answer

    def _team_join(self, raw: Json) -> Json:
        user = User(**check_fields(User, _require_object(raw.get("user"))))
        workspace = self._stand_in.workspace
        workspace.users[user.id] = user
        if user.can_act():
            workspace.im_with(user.id)
        for channel in workspace.channels.values():
            if channel.name == "general" and user.id not in channel.members:
                channel.members.append(user.id)
        self._stand_in.emit("team_join", {"type": "team_join", "user": self._describe(user)})
        return {"user": self._describe(user)}

    def _user_change(self, raw: Json) -> Json:
        given = _require_object(raw.get("user"))
        user = self._stand_in.workspace.user(str(given.get("id")))
        for name, value in check_fields(User, given).items():
            setattr(user, name, value)
        user.updated = int(self._stand_in.clock.stamp())
        if user.deleted:
            for channel in self._stand_in.workspace.channels.values():
                if channel.kind != "im" and user.id in channel.members:
                    channel.members.remove(user.id)
        event = {"type": "user_change", "user": self._describe(user), "cache_ts": user.updated}
        self._stand_in.emit("user_change", event)
        return {"user": self._describe(user)}

    def _describe(self, user: User) -> Json:
        email = "users:read.email" in self._stand_in.manifest.scopes
        described = user.slack_object(self._stand_in.workspace.team_id, email=email)
        return {**described, "locale": user.locale}

    def _store_group(self, raw: Json) -> Group:
        given = check_fields(Group, _require_object(raw.get("group")))
        groups = self._stand_in.workspace.groups
        known = groups.get(str(given.get("id")))
        group = Group(**{**(vars(known) if known else {}), **given})
        groups[group.id] = group
        return group

    def _subteam_created(self, raw: Json) -> Json:
        if str(_require_object(raw.get("group")).get("id")) in self._stand_in.workspace.groups:
            raise ActError(
                "group_exists", "A group with this id exists already; use subteam_updated."
            )
        group = self._store_group(raw)
        subteam = group.slack_object(self._stand_in.workspace.team_id, include_users=False)
        self._stand_in.emit("subteam_created", {"type": "subteam_created", "subteam": subteam})
        return {"group": subteam}

    def _subteam_updated(self, raw: Json) -> Json:
        group = self._store_group(raw)
        subteam = group.slack_object(self._stand_in.workspace.team_id, include_users=True)
        self._stand_in.emit("subteam_updated", {"type": "subteam_updated", "subteam": subteam})
        return {"group": subteam}

    def _subteam_members_changed(self, raw: Json) -> Json:
        given = _require_object(raw.get("group"))
        known = self._stand_in.workspace.groups.get(str(given.get("id")))
        if known is None:
            raise SlackError("no_such_subteam")
        before, now = set(known.users), set(given.get("users", known.users))
        group = self._store_group(raw)
        timestamp = int(self._stand_in.clock.stamp())
        added, removed = sorted(now - before), sorted(before - now)
        event = {
            "type": "subteam_members_changed",
            "subteam_id": group.id,
            "team_id": self._stand_in.workspace.team_id,
            "date_previous_update": timestamp,
            "date_update": timestamp,
            "added_users": added,
            "added_users_count": len(added),
            "removed_users": removed,
            "removed_users_count": len(removed),
        }
        self._stand_in.emit("subteam_members_changed", event)
        return {"added": added, "removed": removed}

    async def _channels(self, body: Any) -> Json:
        channel = channel_changes.change(self._stand_in, _require_object(body))
        self._stand_in.changes.publish("channels")
        return {
            "name": channel.name,
            "members": channel.members,
            "is_archived": channel.is_archived,
        }

    async def _delete_message(self, body: Any) -> Json:
        raw, workspace = _require_object(body), self._stand_in.workspace
        channel, ts = workspace.channel(str(raw.get("channel"))), str(raw.get("ts"))
        ephemeral = workspace.find_ephemeral(channel.id, ts)
        messages.delete(
            self._stand_in, channel, ephemeral or messages.find(self._stand_in, channel, ts)
        )
        return {}

    async def _limits(self, body: Any) -> Json:
        raw, limiter, tiers = _require_object(body), self._stand_in.limiter, self._stand_in.tiers
        if {"per_second", "burst"} & raw.keys():
            per_second = _bounded_number(raw.get("per_second", limiter.per_second))
            limiter.configure(per_second, int(_bounded_number(raw.get("burst", limiter.burst))))
        if {"tiers", "speed", "per_minute"} & raw.keys():
            given = _require_object(raw.get("per_minute", {}))
            tiers.configure(
                enforced=bool(raw.get("tiers", tiers.enforced)),
                speed=_bounded_number(raw.get("speed", tiers.speed), minimum=0.01),
                per_minute={int(tier): int(_bounded_number(n, 1)) for tier, n in given.items()},
            )
        return {
            "per_second": limiter.per_second,
            "burst": limiter.burst,
            "tiers": tiers.enforced,
            "speed": tiers.speed,
            "per_minute": tiers.per_minute,
        }

    async def _event(self, body: Any) -> Json:
        event = _require_object(body)
        kind = event.get("type")
        if not isinstance(kind, str):
            raise ActError("invalid_arguments", "An event must have a type.")
        subscribed = self._stand_in.manifest.receives(kind)
        self._stand_in.emit(kind, event)
        return {"subscribed": subscribed}

    async def _reset(self, _: Any) -> Json:
        self._stand_in.reset()
        self._stand_in.journal.clear()
        self._stand_in.changes.publish("workspace")
        return {}


def _require_object(body: Any) -> Json:
    if not isinstance(body, dict):
        raise ActError("invalid_arguments", "The body must be a JSON object.")
    return body


def _bounded_number(value: Any, minimum: float = 0) -> float:
    number = float(value)
    if not minimum <= number <= _TEN_YEARS:
        raise ActError(
            "invalid_arguments", f"{value!r} must be from {minimum:g} to {_TEN_YEARS:g}."
        )
    return number


def _json_handler(
    handler: Callable[[Any], Awaitable[Json]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        text = (await request.read()).decode(errors="replace").strip() or "{}"
        # Wrapped in an object, because a list of faults is also accepted.
        body: Any = strict_json.load_object('{"it":' + text + "}")["it"]
        try:
            answer = await handler(body)
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise ActError("invalid_arguments", f"Invalid request: {error}.") from error
        return web.json_response({"ok": True, **answer})

    return serve
