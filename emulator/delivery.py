"""Delivery of payloads to the app: envelopes, acks, event retries and planned delivery faults."""

import asyncio
import copy
import random
import secrets
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from emulator.clock import Clock
from emulator.errors import Json
from emulator.journal import Journal

ACK_SECONDS = 3.0
EVENT_RETRIES = (
    0.0,
    60.0,
    300.0,
)  # docs: Events API, retries: immediately, after 1 minute and after 5 minutes
_HOLD_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """One payload to deliver; ``kind`` is the envelope type of Socket Mode."""

    kind: str
    payload: Json
    envelope_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    accepts_response: bool = True
    retry: int = 0
    retry_reason: str = ""

    @property
    def name(self) -> str:
        """Return its name in the journal: the event type, the command or the payload type."""
        if self.kind == "events_api":
            return str(self.payload["event"]["type"])
        return str(self.payload.get("command") or self.payload.get("type"))


@dataclass(frozen=True, kw_only=True)
class Ack:
    """The result of a delivery; ``reason`` is empty if the ack arrived, else Slack's retry reason."""

    reason: str = ""
    payload: Any = None
    status: int | None = None
    no_retry: bool = False

    @property
    def arrived(self) -> bool:
        """Return whether the app acknowledged in time."""
        return not self.reason


class Transport(Protocol):
    """A connection to the app: Socket Mode or signed HTTP.

    ``timeout_reason`` is the transport's retry reason for a missing ack.
    """

    timeout_reason: str

    async def send(self, envelope: Envelope) -> Ack:
        """Deliver once and wait up to ``ACK_SECONDS`` of the clock for the ack; never raises."""
        ...


class Dispatcher:
    """Delivers payloads, retries events and applies planned delivery faults."""

    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        transport: Transport,
        spawn: Callable[[Coroutine[Any, Any, Any]], None],
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._transport = transport
        self._spawn = spawn
        self._held: list[asyncio.Future[None]] = []
        self.duplicated = 0
        self.reset()

    def reset(self) -> None:
        """Remove all planned faults and restore Slack's retry delays."""
        self.drop_acks = 0
        self.duplicates = 0
        self.duplicate_late = 0.0
        self.set_duplicate_share(0.0, 0)
        self.retry_delays: tuple[float, ...] = EVENT_RETRIES
        self.release()

    def set_duplicate_share(self, share: float, seed: int) -> None:
        """Deliver this share of all payloads twice; the same ``seed`` selects the same payloads."""
        self.duplicate_share = share
        self._rng = random.Random(seed)  # noqa: S311 - repeatable tests, not secrets

    async def deliver(self, envelope: Envelope) -> Ack:
        """Deliver one envelope once; return the ack or the reason it is missing."""
        return await self._deliver(replace(envelope, payload=copy.deepcopy(envelope.payload)))

    async def _deliver(self, envelope: Envelope) -> Ack:
        await self._hold_for_reorder(envelope)
        if self._should_duplicate():
            self.duplicated += 1
            duplicate = replace(envelope, envelope_id=str(uuid.uuid4()))
            self._spawn(self._send_duplicate(duplicate, self.duplicate_late))
        ack = await self._send(envelope)
        if ack.arrived and self.drop_acks > 0:
            self.drop_acks -= 1
            self._journal.write("ack_dropped", envelope_id=envelope.envelope_id, what=envelope.name)
            return Ack(reason=self._transport.timeout_reason)
        return ack

    async def _send_duplicate(self, envelope: Envelope, seconds: float) -> None:
        await self._clock.sleep(seconds)
        await self._send(envelope)

    def _should_duplicate(self) -> bool:
        if self.duplicates > 0:
            self.duplicates -= 1
            return True
        return self._rng.random() < self.duplicate_share

    def emit(self, event: Json, authorization: Json) -> str:
        """Deliver an event in the background, with retries; return its ``event_id``."""
        event_id = f"Ev{secrets.token_hex(5).upper()}"
        timestamp = self._clock.stamp()
        # Copied, so that a retry has the same content even if the message has changed.
        payload = {
            **authorization,
            "event": {
                **copy.deepcopy(event),
                "event_ts": event.get("event_ts") or f"{timestamp:.6f}",
            },
            "type": "event_callback",
            "event_id": event_id,
            "event_time": int(timestamp),
        }
        envelope = Envelope(kind="events_api", payload=payload, accepts_response=False)
        self._spawn(self._deliver_event(envelope))
        return event_id

    async def _deliver_event(self, envelope: Envelope) -> None:
        ack = await self._deliver(envelope)
        for number, delay in enumerate(self.retry_delays, start=1):
            if ack.arrived or ack.no_retry:
                return
            await self._clock.sleep(delay)
            ack = await self._deliver(replace(envelope, retry=number, retry_reason=ack.reason))

    async def _send(self, envelope: Envelope) -> Ack:
        self._journal.write(
            "envelope",
            what=envelope.name,
            envelope=envelope.kind,
            envelope_id=envelope.envelope_id,
            retry=envelope.retry,
            retry_reason=envelope.retry_reason or None,
            payload=envelope.payload,
        )
        began = asyncio.get_running_loop().time()
        ack = await self._transport.send(envelope)
        self._journal.write(
            "ack" if ack.arrived else "no_ack",
            what=envelope.name,
            envelope_id=envelope.envelope_id,
            retry=envelope.retry,
            reason=ack.reason or None,
            status=ack.status,
            payload=ack.payload,
            latency_ms=round((asyncio.get_running_loop().time() - began) * 1000, 3),
        )
        return ack

    async def _hold_for_reorder(self, envelope: Envelope) -> None:
        """With ``reorder`` N: hold N deliveries, then release them in reverse order."""
        if self.reorder <= 0:
            return
        gate = asyncio.get_running_loop().create_future()
        self._held.append(gate)
        self._journal.write("held", what=envelope.name, envelope_id=envelope.envelope_id)
        if len(self._held) >= self.reorder:
            self.release()
        # A delivery that is not followed by others must not wait forever.
        await self._clock.wait_for(gate, _HOLD_SECONDS)

    def release(self) -> None:
        """Release held deliveries in reverse order and stop reordering."""
        self.reorder = 0
        held, self._held = self._held, []
        for gate in reversed(held):
            if not gate.done():
                gate.set_result(None)
