"""An HTTP client for tests: the control API and the page's routes."""

import asyncio
from collections.abc import Callable
from typing import Any, Self

import aiohttp

from emulator.errors import Json

Predicate = Callable[[Json], bool]
DEFAULT_TIMEOUT = 30.0


class StandInClientError(Exception):
    """The stand-in rejected a control call; the message has its error code and text."""


class StandInClient:
    """Drives a stand-in over HTTP; use it as ``async with StandInClient(url) as slack``.

    Methods that wait long-poll the journal instead of sleeping, and raise ``TimeoutError`` with the
    last state they saw. All seconds are real seconds, except in ``advance``.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    # User actions.

    async def act(self, user: str, kind: str, *, tab: str = "main", **fields: Any) -> Json:
        """Perform one user action (README: page routes); the result includes ``acked``."""
        return await self.post("act", {"user": user, "tab": tab, "kind": kind, **fields})

    async def say(self, user: str, channel: str, text: str, **fields: Any) -> Json:
        """Send a message or a slash command (README: page routes)."""
        return await self.act(user, "message", channel=channel, text=text, **fields)

    async def click(
        self,
        user: str,
        channel: str,
        message: Json,
        action_id: str,
        *,
        tab: str = "main",
        **state: Any,
    ) -> Json:
        """Use a button or input of a message; ``state`` is the element's new state."""
        target = {"channel": channel, "ts": message["ts"], "action_id": action_id}
        block_id = block_of(message["blocks"], action_id)
        return await self.act(
            user, "block_action", tab=tab, block_id=block_id, element_state=state, **target
        )

    async def click_in_view(
        self, user: str, view: Json, action_id: str, *, tab: str = "main", **state: Any
    ) -> Json:
        """Use a button or input of a modal or an App Home."""
        block_id = block_of(view["blocks"], action_id)
        target = {"view_id": view["id"], "action_id": action_id, "block_id": block_id}
        return await self.act(user, "block_action", tab=tab, element_state=state, **target)

    async def submit(
        self, user: str, view: Json, values: Json | None = None, *, tab: str = "main"
    ) -> Json:
        """Submit a modal. ``values`` maps action ids to typed text (str) or element state (dict)."""
        state: Json = {}
        for action_id, value in (values or {}).items():
            entry = value if isinstance(value, dict) else {"value": value}
            state.setdefault(block_of(view["blocks"], action_id), {})[action_id] = entry
        return await self.act(user, "view_submit", tab=tab, view_id=view["id"], state=state)

    # Reading state.

    async def messages(self, channel: str, user: str, *, thread_ts: str = "") -> list[Json]:
        """List the messages a user sees in a channel or thread, including ephemerals, oldest first."""
        query = {"user": user, "channel": channel, "thread_ts": thread_ts}
        found: list[Json] = (await self.get("/_page/messages", query))["messages"]
        return found

    async def modals(self, user: str, *, tab: str = "main") -> list[Json]:
        """List the open modals of a tab, bottom to top."""
        views: list[Json] = (await self.get("/_page/modals", {"user": user, "tab": tab}))["views"]
        return views

    async def home(self, user: str) -> Json | None:
        """Return a user's App Home."""
        view: Json | None = (await self.get("/_page/home", {"user": user}))["view"]
        return view

    async def state(self) -> Json:
        """Return the full state: messages, ephemerals by user, modals, people, channels and the clock."""
        return await self.get("/_control/state")

    # Waiting.

    async def wait_for_message(
        self,
        channel: str,
        user: str,
        predicate: Predicate,
        *,
        thread_ts: str = "",
        timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - part of the interface, not a cancel scope
    ) -> Json:
        """Wait until the user sees a matching message; return the newest match."""

        async def poll() -> tuple[Json | None, list[Json]]:
            seen = await self.messages(channel, user, thread_ts=thread_ts)
            return next((m for m in reversed(seen) if predicate(m)), None), seen[-5:]

        return await self._poll_until(poll, timeout)

    async def wait_for_modal(
        self,
        user: str,
        predicate: Predicate = lambda _: True,
        *,
        tab: str = "main",
        timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - part of the interface, not a cancel scope
    ) -> Json:
        """Wait until the topmost modal of a tab matches."""

        async def poll() -> tuple[Json | None, list[Json]]:
            views = await self.modals(user, tab=tab)
            return (views[-1] if views and predicate(views[-1]) else None), views

        return await self._poll_until(poll, timeout)

    async def wait_for_home(
        self,
        user: str,
        predicate: Predicate = lambda _: True,
        *,
        timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - part of the interface, not a cancel scope
    ) -> Json:
        """Wait until a user's App Home matches."""

        async def poll() -> tuple[Json | None, list[Json]]:
            view = await self.home(user)
            return (view if view is not None and predicate(view) else None), [view or {}]

        return await self._poll_until(poll, timeout)

    async def wait_for_journal(
        self,
        predicate: Predicate = lambda _: True,
        *,
        after: int = 0,
        timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - part of the interface, not a cancel scope
        **filters: str,
    ) -> Json:
        """Wait for a matching journal entry newer than ``after`` (fields: kind, method, what, ...)."""
        deadline = asyncio.get_running_loop().time() + timeout
        while (remaining := deadline - asyncio.get_running_loop().time()) > 0:
            entries = await self.journal(after, wait=remaining, **filters)
            for entry in entries:
                if predicate(entry):
                    return entry
                after = entry["n"]
        raise TimeoutError(f"no journal entry {filters} after {after}")

    async def wait_for_connections(
        self,
        count: int = 1,
        *,
        timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - part of the interface, not a cancel scope
    ) -> None:
        """Wait until exactly this many Socket Mode connections are open."""

        async def poll() -> tuple[Json | None, list[Json]]:
            state = await self.state()
            return (state if state["connections"] == count else None), [state["clock"]]

        await self._poll_until(poll, timeout)

    async def _poll_until(self, poll: Callable[[], Any], seconds: float) -> Json:
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            # Read the number before polling, so that a change during the poll ends the wait.
            last = (await self.get("/_control/journal", {"limit": "1"}))["last"]
            found, seen = await poll()
            if found is not None:
                result: Json = found
                return result
            remaining = deadline - asyncio.get_running_loop().time()
            if remaining <= 0:
                raise TimeoutError(f"no match within {seconds} s; last state: {seen}")
            await self.journal(last, wait=remaining, limit="1")

    # The journal and faults.

    async def journal(self, after: int = 0, *, wait: float = 0, **filters: str) -> list[Json]:
        """Return matching journal entries newer than ``after``; ``wait`` is the long-poll timeout."""
        query = {"after": str(after), "wait": str(wait), **filters}
        entries: list[Json] = (await self.get("/_control/journal", query))["entries"]
        return entries

    async def journal_mark(self) -> int:
        """Return the number of the newest journal entry, for use as ``after``."""
        last: int = (await self.get("/_control/journal", {"limit": "1"}))["last"]
        return last

    async def faults(self, *faults: Json) -> None:
        """Plan faults (README: faults)."""
        await self.post("faults", list(faults))

    async def mishaps(self) -> int:
        """Return the number of calls that hit a fault plus the number of duplicated deliveries."""
        shown = await self.get("/_control/faults")
        return int(shown["hits"]) + int(shown["doubled"])

    async def clear_faults(self) -> None:
        """Remove all planned faults."""
        await self._call("DELETE", "/_control/faults")

    async def deliveries(self, **plan: Any) -> Json:
        """Set drop_ack, duplicate, duplicate_share, duplicate_late, reorder or retry_delays (README)."""
        return await self.post("deliveries", plan)

    async def sockets(self, do: str, reason: str = "refresh_requested") -> Json:
        """``close`` cuts all connections; ``disconnect`` sends a disconnect frame with ``reason``."""
        return await self.post("sockets", {"do": do, "reason": reason})

    async def advance(self, seconds: float) -> None:
        """Advance the stand-in's clock."""
        await self.post("clock", {"advance": seconds})

    async def skew(self, seconds: float) -> None:
        """Set how far Slack's timestamps are ahead of real time."""
        await self.post("clock", {"skew": seconds})

    async def people(self, kind: str, **fields: Any) -> Json:
        """Change people: team_join, user_change (user=...), subteam_updated, ... (group=...)."""
        return await self.post("people", {"kind": kind, **fields})

    async def channels(self, channel: str, do: str, **fields: Any) -> Json:
        """Change a channel.

        ``do`` is archive, unarchive, rename or create (name=...), add_bot, remove_bot, add or
        remove (user=...).
        """
        return await self.post("channels", {"channel": channel, "do": do, **fields})

    async def delete_message(self, channel: str, ts: str) -> None:
        """Delete a message as a user, not as the app."""
        await self.post("delete_message", {"channel": channel, "ts": ts})

    async def limits(self, **limits: Any) -> Json:
        """Set the posting limit (``per_second``, ``burst``) or the tiers.

        ``per_second`` 0 and ``tiers`` False turn a limit off. ``speed`` shortens the minute of the
        tiers, and ``per_minute`` replaces the calls of a tier, as in ``{"2": 5}``.
        """
        return await self.post("limits", limits)

    async def reset(self) -> None:
        """Restore the workspace from the people file; connections stay open."""
        await self.post("reset", {})

    async def post(self, route: str, body: Any) -> Json:
        """Call a control route; raises ``StandInClientError`` if the call is rejected."""
        return await self._call("POST", f"/_control/{route}", json=body)

    async def get(self, path: str, query: dict[str, str] | None = None) -> Json:
        """Read a page or control route."""
        return await self._call("GET", path, params=query or {})

    async def _call(self, method: str, path: str, **options: Any) -> Json:
        if self._session is None:
            raise RuntimeError("StandInClient must be used as an async context manager")
        async with self._session.request(method, self.base_url + path, **options) as answer:
            body: Json = await answer.json()
        failed = not answer.ok
        if failed:
            raise StandInClientError(
                f"{method} {path}: {body.get('error')} {body.get('message', '')}"
            )
        return body


def block_of(blocks: list[Json], action_id: str) -> str:
    """Return the block id of the first element with this action id, or raise ``LookupError``."""
    for block in blocks:
        elements = [*block.get("elements", []), block.get("accessory"), block.get("element")]
        if any(isinstance(e, dict) and e.get("action_id") == action_id for e in elements):
            return str(block["block_id"])
    raise LookupError(f"no element with the action id {action_id!r}")


def text_of(message: Json) -> str:
    """Return the text of a message or view, including the text of its blocks, for predicates."""
    texts: list[str] = []
    _collect_text(message.get("blocks", []), texts)
    return "\n".join([str(message.get("text", "")), *texts])


def _collect_text(value: Any, texts: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect_text(item, texts)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "text" and isinstance(item, str):
                texts.append(item)
            else:
                _collect_text(item, texts)
