"""Signed HTTP delivery: payloads posted to the app's request URLs as Slack posts them."""

import asyncio
import hashlib
import hmac
import json
from urllib.parse import urlencode

import aiohttp

from emulator.clock import Clock
from emulator.delivery import ACK_SECONDS, Ack, Envelope
from emulator.errors import Json
from emulator.manifest import Manifest

_MAX_REDIRECTS = 2
_MAX_ANSWER = 1024 * 1024
_OK = range(200, 300)


def signature(secret: str, timestamp: str, body: str) -> str:
    """Sign a body as Slack does (docs: verifying requests from Slack, version v0)."""
    base = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class HttpDelivery:
    """Posts envelopes to request URLs (a Transport); ``request_url`` overrides the manifest."""

    timeout_reason = "http_timeout"

    def __init__(
        self, clock: Clock, manifest: Manifest, *, secret: str, request_url: str | None
    ) -> None:
        self._clock = clock
        self._manifest = manifest
        self._secret = secret
        self._request_url = request_url
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the HTTP session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, envelope: Envelope) -> Ack:
        """Post the envelope once and read the response."""
        url = self._url(envelope)
        if url is None:
            return Ack(reason="connection_failed")
        body, headers = self._request(envelope)
        posting = asyncio.ensure_future(self._post(url, body, headers))
        try:
            if await self._clock.wait_for(posting, ACK_SECONDS):
                return posting.result()
        finally:
            posting.cancel()
        return Ack(reason=self.timeout_reason)

    def _request(self, envelope: Envelope) -> tuple[str, dict[str, str]]:
        body, content_type = encode(envelope)
        timestamp = str(int(self._clock.signing_time()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slack stand-in (local)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._secret, timestamp, body),
        }
        if envelope.retry:
            headers["X-Slack-Retry-Num"] = str(envelope.retry)
            headers["X-Slack-Retry-Reason"] = envelope.retry_reason
        return body, headers

    def _url(self, envelope: Envelope) -> str | None:
        if self._request_url:
            return self._request_url
        if envelope.kind == "events_api":
            return self._manifest.events_url
        if envelope.kind == "slash_commands":
            command = self._manifest.command(envelope.payload["command"])
            return command.url if command else None
        return self._manifest.interactivity_url

    async def _post(self, url: str, body: str, headers: dict[str, str]) -> Ack:
        if self._session is None:
            # Ignore proxy settings from the environment: the app is on this machine.
            self._session = aiohttp.ClientSession(trust_env=False)
        try:
            async with self._session.post(
                url, data=body.encode(), headers=headers, max_redirects=_MAX_REDIRECTS
            ) as answer:
                content = await answer.content.read(_MAX_ANSWER)
                if answer.status not in _OK:
                    no_retry = answer.headers.get("X-Slack-No-Retry") == "1"
                    return Ack(reason="http_error", status=answer.status, no_retry=no_retry)
                return Ack(status=answer.status, payload=_decode(content, answer.content_type))
        except aiohttp.TooManyRedirects:
            return Ack(reason="too_many_redirects")
        except aiohttp.ClientSSLError:
            return Ack(reason="ssl_error")
        except aiohttp.ClientConnectionError:
            return Ack(reason="connection_failed")
        except (aiohttp.ClientError, ValueError):
            return Ack(reason="unknown_error")


def encode(envelope: Envelope) -> tuple[str, str]:
    """Encode the body: events as JSON, commands as a form, the rest in a form's ``payload``."""
    if envelope.kind == "events_api":
        return json.dumps(envelope.payload), "application/json"
    if envelope.kind == "slash_commands":
        # JSON may contain a lone surrogate; a form cannot.
        return urlencode(envelope.payload, errors="replace"), "application/x-www-form-urlencoded"
    form = urlencode({"payload": json.dumps(envelope.payload)})
    return form, "application/x-www-form-urlencoded"


def _decode(content: bytes, content_type: str) -> Json | str | None:
    text = content.decode(errors="replace")
    if content_type == "application/json":
        try:
            value = json.loads(text)
        except ValueError:
            return text
        return value if isinstance(value, dict) else text
    return text or None
