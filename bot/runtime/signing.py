"""Signatures of webhooks: an HMAC over when it was sent and what was sent."""

import hashlib
import hmac
from datetime import datetime, timedelta

TIMESTAMP, SIGNATURE = "Payment-Timestamp", "Payment-Signature"
"""The headers of a signed request. The timestamp is in whole seconds since 1970."""
WINDOW = timedelta(minutes=5)
"""How much a request's time may differ from ours: a request that somebody kept is worth nothing."""
_VERSION = "v1="


def sign(secret: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that make a request a signed one."""
    return {TIMESTAMP: str(timestamp), SIGNATURE: _signature(secret, str(timestamp), body)}


def is_signed(secret: str, timestamp: str, signature: str, body: bytes, now: datetime) -> bool:
    """Say whether whoever knows the secret signed this body, at a time near `now`."""
    expected = _signature(secret, timestamp, body).encode()
    same = hmac.compare_digest(expected, signature.encode("utf-8", "surrogateescape"))
    return same and _is_near(timestamp, now)


def _signature(secret: str, timestamp: str, body: bytes) -> str:
    signed = timestamp.encode("utf-8", "surrogateescape") + b"." + body
    return _VERSION + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _is_near(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):  # noqa: PLR2004 - until the year 33658
        return False
    return abs(now.timestamp() - int(timestamp)) <= WINDOW.total_seconds()
