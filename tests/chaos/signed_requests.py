"""HTTP requests to a bot as anyone could send them: with a correct, a wrong or no Slack signature."""

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
    """A request to send. It is signed with `secret`; an empty secret leaves it unsigned."""

    body: bytes
    kind: str = FORM
    secret: str = SIGNING_SECRET
    age: float = 0
    headers: dict[str, str] = field(default_factory=dict)

    def all_headers(self) -> dict[str, str]:
        """Return the HTTP headers."""
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
    """The URL at which the bot receives Slack's requests."""

    url: str
    session: aiohttp.ClientSession

    async def send(self, request: SignedRequest) -> tuple[int, Any]:
        """Send a request; return the status, and the parsed JSON of the response or None."""
        async with self.session.post(
            self.url, data=io.BytesIO(request.body), headers=request.all_headers()
        ) as answer:
            body = await answer.text()
        try:
            return answer.status, json.loads(body)
        except ValueError:
            return answer.status, None

    async def interact(self, payload: Json) -> tuple[int, Any]:
        """Send a click or a submission as Slack does."""
        return await self.send(SignedRequest(body=form_of(payload)))


def form_of(payload: Json) -> bytes:
    """Return the body in which Slack sends a click or a submission."""
    return urlencode({"payload": json.dumps(payload)}).encode()


def press(template: Json, value: str, *, person: object = ..., **more: Any) -> Json:
    """Return a new click on Approve with this value, at the message of `template`.

    A given `person` replaces the user id that Slack sent.
    """
    (action,) = template["actions"]
    stamp = f"{time.time():.6f}{next(_presses):03d}"
    approve = {**action, "action_id": "approve", "value": value, "action_ts": stamp}
    user = template["user"] if person is ... else {**template["user"], "id": person}
    return {**template, "user": user, "actions": [approve], **more}


def submission(template: Json, *, metadata: str, typed: Json | None = None) -> Json:
    """Return another submission of the form in `template`, with this metadata and these values."""
    shown = {**template["view"], "private_metadata": metadata, "hash": f"h{next(_presses)}"}
    if typed is not None:
        values = {name: {name: value} for name, value in typed.items()}
        shown["state"] = {"values": {**shown["state"]["values"], **values}}
    return {**template, "view": shown}
