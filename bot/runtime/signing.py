"""Webhook signatures: an HMAC over the timestamp and the body."""

import hashlib
import hmac
from datetime import datetime, timedelta

TIMESTAMP, SIGNATURE = "Payment-Timestamp", "Payment-Signature"
"""The headers of a signed request. The timestamp is in whole seconds since 1970."""
WINDOW = timedelta(minutes=5)
"""How far a request's timestamp may be from our clock. It limits replay of a captured request."""
_VERSION = "v1="


def sign(secret: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of a signed request."""
    return {TIMESTAMP: str(timestamp), SIGNATURE: _signature(secret, str(timestamp), body)}


def is_signed(secret: str, timestamp: str, signature: str, body: bytes, now: datetime) -> bool:
    """Return whether the body was signed with this secret within `WINDOW` of `now`."""
    expected = _signature(secret, timestamp, body).encode()
    same = hmac.compare_digest(expected, signature.encode("utf-8", "surrogateescape"))
    return same and _is_recent(timestamp, now)


def _signature(secret: str, timestamp: str, body: bytes) -> str:
    signed = timestamp.encode("utf-8", "surrogateescape") + b"." + body
    return _VERSION + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _is_recent(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):  # noqa: PLR2004 - until the year 33658
        return False
    return abs(now.timestamp() - int(timestamp)) <= WINDOW.total_seconds()
