"""Slack's requests as anybody could send them: signed well, badly or not at all, to a bot over HTTP."""

import io
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from emulator.errors import Json
from emulator.http_delivery import signature
from tests.journeys.installation import SIGNING_SECRET

FORM = "application/x-www-form-urlencoded"
_presses: Iterator[int] = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class SignedRequest:
    """A request as it goes out. `secret` is what it is signed with, empty: it is not signed."""

    body: bytes
    kind: str = FORM
    secret: str = SIGNING_SECRET
    age: float = 0
    headers: dict[str, str] = field(default_factory=dict)

    def all_headers(self) -> dict[str, str]:
        """Return what goes out above the body."""
        if not self.secret:
            return {"Content-Type": self.kind, **self.headers}
        stamp = str(int(time.time() - self.age))
        signed = signature(self.secret, stamp, self.body.decode())
        return {
            "Content-Type": self.kind,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signed,
            **self.headers,
        }


@dataclass(frozen=True, kw_only=True)
class BotEndpoint:
    """The address at which the bot takes Slack's requests."""

    url: str
    session: aiohttp.ClientSession

    async def send(self, request: SignedRequest) -> tuple[int, Any]:
        """Send it; return the status and the JSON of the answer, if it is any."""
        async with self.session.post(
            self.url, data=io.BytesIO(request.body), headers=request.all_headers()
        ) as answer:
            written = await answer.text()
        try:
            return answer.status, json.loads(written)
        except ValueError:
            return answer.status, None

    async def interact(self, payload: Json) -> tuple[int, Any]:
        """Send a press or a submission as Slack does."""
        return await self.send(SignedRequest(body=form_of(payload)))


def form_of(payload: Json) -> bytes:
    """Return a press or a submission as the body that Slack sends."""
    return urlencode({"payload": json.dumps(payload)}).encode()


def press(template: Json, value: str, *, person: object = ..., **more: Any) -> Json:
    """Return a new press of Approve with this value, where `template` was pressed.

    Any `person` that is given stands where Slack's own would.
    """
    (action,) = template["actions"]
    stamp = f"{time.time():.6f}{next(_presses):03d}"
    approve = {**action, "action_id": "approve", "value": value, "action_ts": stamp}
    user = template["user"] if person is ... else {**template["user"], "id": person}
    return {**template, "user": user, "actions": [approve], **more}


def submission(template: Json, *, metadata: str, typed: Json | None = None) -> Json:
    """Return another submission of the form of `template`, with this kept and this typed."""
    shown = {**template["view"], "private_metadata": metadata, "hash": f"h{next(_presses)}"}
    if typed is not None:
        values = {name: {name: value} for name, value in typed.items()}
        shown["state"] = {"values": {**shown["state"]["values"], **values}}
    return {**template, "view": shown}
