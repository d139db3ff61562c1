"""The page's server side: the workspace as one user sees it, a change stream and user actions."""

import asyncio
import json
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web

from emulator import strict_json
from emulator.errors import Json, SlackError
from emulator.interactions import act
from emulator.stand_in import StandIn
from emulator.workspace import APP_ID, BOT_ID, BOT_USER, Channel

STATIC = Path(__file__).with_name("static")
_HEARTBEAT_SECONDS = 15.0


class Page:
    """Serves ``/`` and ``/_page/...`` (README: page routes)."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    def routes(self) -> list[web.AbstractRouteDef]:
        """List the routes of the page."""
        return [
            web.get("/", self._index),
            web.get(r"/archives/{channel}/p{digits:\d{7,}}", self._permalink),
            web.get(r"/static/{name:[\w.-]+}", self._static_file),
            web.get("/_page/workspace", self._workspace),
            web.get("/_page/channels", self._channels),
            web.get("/_page/messages", self._messages),
            web.get("/_page/modals", self._modals),
            web.get("/_page/home", self._home),
            web.get("/_page/stream", self._stream),
            web.post("/_page/act", self._act),
        ]

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return _file_response("index.html")

    async def _static_file(self, request: web.Request) -> web.StreamResponse:
        return _file_response(request.match_info["name"])

    async def _permalink(self, request: web.Request) -> web.StreamResponse:
        channel, digits = request.match_info["channel"], request.match_info["digits"]
        ts = f"{digits[:-6]}.{digits[-6:]}"
        query = {"channel": channel, "ts": ts}
        message = self._stand_in.workspace.messages.get(channel, {}).get(ts, {})
        if message.get("thread_ts", ts) != ts:
            query["thread"] = message["thread_ts"]
        raise web.HTTPFound(f"/?{urlencode(query)}")

    async def _workspace(self, _: web.Request) -> web.Response:
        return web.json_response(self._describe_workspace())

    def _describe_workspace(self) -> Json:
        manifest, workspace = self._stand_in.manifest, self._stand_in.workspace
        return {
            "team": {"id": workspace.team_id, "name": workspace.team["name"]},
            "bot": {
                "user_id": BOT_USER,
                "bot_id": BOT_ID,
                "name": manifest.bot_name,
                "app_id": APP_ID,
            },
            "users": [
                {**user.slack_object(workspace.team_id, bot_id=BOT_ID), "locale": user.locale}
                for user in workspace.users.values()
            ],
            "groups": [
                {"id": group.id, "handle": group.handle, "name": group.name}
                for group in workspace.groups.values()
            ],
            "commands": [
                {
                    "command": item.command,
                    "description": item.description,
                    "usage_hint": item.usage_hint,
                    "should_escape": item.should_escape,
                }
                for item in manifest.commands
            ],
            "shortcuts": [
                {
                    "name": item.name,
                    "type": item.type,
                    "callback_id": item.callback_id,
                    "description": item.description,
                }
                for item in manifest.shortcuts
            ],
            "home": {
                "home_tab_enabled": manifest.home_tab,
                "messages_tab_enabled": manifest.messages_tab,
            },
        }

    async def _channels(self, request: web.Request) -> web.Response:
        user = self._user(request)
        self._stand_in.workspace.im_with(user)
        channels = [
            self._channel(channel, user)
            for channel in self._stand_in.workspace.channels.values()
            if channel.kind == "channel" or user in channel.members
        ]
        return web.json_response({"channels": channels})

    def _channel(self, channel: Channel, user: str) -> Json:
        workspace = self._stand_in.workspace
        stored = workspace.sorted_messages(channel.id)
        last_read = workspace.last_read.get(f"{user}:{channel.id}", "0")
        unread = [m for m in stored if float(m["ts"]) > float(last_read) and m.get("user") != user]
        entry: Json = {
            "id": channel.id,
            "name": channel.name,
            "kind": channel.kind,
            "topic": channel.topic,
            "is_archived": channel.is_archived,
            "is_member": user in channel.members,
            "bot_is_member": BOT_USER in channel.members,
            "unread": len(unread),
            "last_read": last_read,
            "latest_ts": stored[-1]["ts"] if stored else None,
        }
        if channel.kind == "im":
            entry |= {"with_user": BOT_USER, "name": self._stand_in.manifest.bot_name}
        return entry

    async def _messages(self, request: web.Request) -> web.Response:
        user, thread_ts = self._user(request), request.query.get("thread_ts", "")
        channel = self._stand_in.workspace.channel(request.query.get("channel", ""))
        if channel.kind != "channel" and user not in channel.members:
            raise SlackError("channel_not_found")
        stored = self._stand_in.workspace.sorted_messages(channel.id)
        ephemerals = self._stand_in.workspace.ephemerals.get((user, channel.id), {})
        visible = sorted([*stored, *ephemerals.values()], key=lambda m: float(m["ts"]))
        shown = [m for m in visible if _belongs_to(m, thread_ts)]
        return web.json_response({"messages": shown})

    async def _modals(self, request: web.Request) -> web.Response:
        stack = self._stand_in.modals.stack(self._user(request), request.query.get("tab", "main"))
        return web.json_response({"views": [opened.view for opened in stack]})

    async def _home(self, request: web.Request) -> web.Response:
        return web.json_response({"view": self._stand_in.workspace.homes.get(self._user(request))})

    async def _act(self, request: web.Request) -> web.Response:
        body = strict_json.load_object((await request.read()).decode(errors="replace"))
        return web.json_response(await act(self._stand_in, body))

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        user = self._user(request)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        subscriber = self._stand_in.changes.subscribe(user, request.query.get("tab", "main"))
        try:
            await response.write(b": connected\n\n")
            while True:
                try:
                    change = await asyncio.wait_for(subscriber.queue.get(), _HEARTBEAT_SECONDS)
                except TimeoutError:
                    await response.write(b": still here\n\n")
                else:
                    await response.write(f"data: {json.dumps(change)}\n\n".encode())
        except ConnectionError:
            return response
        finally:
            self._stand_in.changes.unsubscribe(subscriber)

    def _user(self, request: web.Request) -> str:
        return self._stand_in.workspace.user(request.query.get("user", "")).id


def _file_response(name: str) -> web.FileResponse:
    path = STATIC / name
    if not path.is_file():
        raise web.HTTPNotFound
    # Browsers must revalidate, so that an update of the page is visible. Framing is forbidden.
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": "frame-ancestors 'none'"}
    return web.FileResponse(path, headers=headers)


def _belongs_to(message: Json, thread_ts: str) -> bool:
    root = message.get("thread_ts", message["ts"])
    if thread_ts:
        return bool(root == thread_ts)
    return root == message["ts"] or message.get("subtype") == "thread_broadcast"
