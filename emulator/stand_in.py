"""A running stand-in: its components, independent of HTTP routes."""

import asyncio
import copy
import json
import logging
from collections.abc import Coroutine
from typing import Any

from emulator.changes import ChangeFeed
from emulator.clock import Clock
from emulator.config import Config
from emulator.delivery import Dispatcher, Envelope
from emulator.errors import Json
from emulator.faults import Faults
from emulator.http_delivery import HttpDelivery
from emulator.journal import Journal
from emulator.manifest import Manifest
from emulator.modals import Modals
from emulator.people import Seed
from emulator.rate_limiter import PostRateLimiter
from emulator.rate_tiers import TierLimiter
from emulator.response_urls import ResponseUrls
from emulator.socket_mode import SocketMode
from emulator.triggers import Triggers
from emulator.workspace import APP_ID, BOT_USER, VERIFICATION_TOKEN, Workspace

_LOG = logging.getLogger("emulator")
_SAVE_DELAY_SECONDS = 0.2


class StateError(Exception):
    """The state file cannot be used; the message gives the reason."""


class StandIn:
    """The components of a stand-in, wired together; ``close`` stops its background tasks."""

    def __init__(self, config: Config, manifest: Manifest, seed: Seed) -> None:
        self.config = config
        self.manifest = manifest
        self.base_url = ""
        self._seed = seed
        self._tasks: set[asyncio.Task[Any]] = set()
        self._save_timer: asyncio.TimerHandle | None = None
        self.clock = Clock()
        self.journal = Journal(self.clock.now)
        self.changes = ChangeFeed()
        self.faults = Faults()
        self.limiter = PostRateLimiter(self.clock)
        self.tiers = TierLimiter(self.clock)
        self.triggers = Triggers(self.clock)
        self.response_urls = ResponseUrls(self.clock)
        self.socket_mode = SocketMode(self.clock, self.journal)
        self.http = HttpDelivery(
            self.clock, manifest, secret=config.signing_secret, request_url=config.request_url
        )
        transport = self.socket_mode if self.uses_sockets else self.http
        self.dispatcher = Dispatcher(self.clock, self.journal, transport, self.spawn)
        self.reset()
        self._load()
        self.changes.on_change(self._schedule_save)

    @property
    def uses_sockets(self) -> bool:
        """Whether to use Socket Mode: enabled in the manifest, and no request URL given."""
        return self.config.request_url is None and self.manifest.socket_mode

    def reset(self) -> None:
        """Restore the workspace from the people file; removes faults and open modals."""
        self.workspace = Workspace(copy.deepcopy(self._seed), self.manifest.bot_name)
        self.modals = Modals(self.clock, self.triggers, self.changes, self.workspace.team_id)
        self.previous_versions: dict[tuple[str, str], list[Json]] = {}
        self.input_states: dict[tuple[str, str, str], Json] = {}
        self.faults.clear()
        self.dispatcher.reset()
        self.limiter.configure()
        self.tiers.configure(enforced=self.config.rate_tiers)

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine in the background until it finishes or the stand-in closes."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)

    def _on_task_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _LOG.error("background task failed", exc_info=error)

    def emit(self, subscription: str, event: Json) -> None:
        """Deliver an event if the manifest subscribes to it and has the scope."""
        if not self.manifest.receives(subscription):
            if subscription in self.manifest.events:
                self.journal.write("not_delivered", what=subscription, reason="missing_scope")
            return
        team = self.workspace.team_id
        authorization: Json = {
            "enterprise_id": None,
            "team_id": team,
            "user_id": BOT_USER,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        place = event.get("channel", "")  # an id or, if the channel itself has changed, an object
        channel = self.workspace.channels.get(place) if isinstance(place, str) else None
        shared = channel is not None and channel.is_shared
        self.dispatcher.emit(
            event,
            {
                "token": VERIFICATION_TOKEN,
                "team_id": team,
                "context_team_id": team,
                "context_enterprise_id": None,
                "api_app_id": APP_ID,
                "authorizations": [authorization],
                "is_ext_shared_channel": shared,
                "event_context": f"4-{event['type']}-{team}-{APP_ID}",
            },
        )

    def deliver_view_closed(self, payloads: list[Json]) -> None:
        """Deliver view_closed payloads in the background, without waiting for acks."""
        for payload in payloads:
            self.spawn(self.dispatcher.deliver(Envelope(kind="interactive", payload=payload)))

    async def close(self) -> None:
        """Stop background tasks, save the state and close connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.socket_mode.close()
        await self.http.close()
        if self._save_timer is not None:
            self._save_timer.cancel()
            self.save()

    def _schedule_save(self) -> None:
        if self.config.state_file is not None and self._save_timer is None:
            loop = asyncio.get_running_loop()
            self._save_timer = loop.call_later(_SAVE_DELAY_SECONDS, self.save)

    def save(self) -> None:
        """Write the state file, if configured; the write is atomic."""
        self._save_timer = None
        path = self.config.state_file
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(path.suffix + ".new")
        temporary.write_text(json.dumps(self.workspace.dump()), encoding="utf-8")
        temporary.replace(path)

    def _load(self) -> None:
        path = self.config.state_file
        if path is None or not path.exists():
            return
        try:
            self.workspace.load(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StateError(f"Cannot use the state file {path}: {error!r}.") from error
        for store in self.workspace.messages.values():
            for ts in store:
                self.clock.ensure_after(ts)
