"""HTTP proxies for outgoing connections: the same rules for Slack, Temporal, webhooks and payments."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from temporalio.service import HttpConnectProxyConfig

_SCHEMES = {"ws": "http", "wss": "https"}
"""WebSockets use the proxies of the HTTP request that opens them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proxies:
    """The proxies for URLs with http and https, and the hosts that are reached without one.

    Libraries read these variables by rules of their own (slack_sdk ignores NO_PROXY, aiohttp uses
    none, Temporal uses none), so each connection asks here.
    """

    http: str = ""
    https: str = ""
    no: str = ""

    def for_url(self, url: str) -> str | None:
        """Return the proxy for this URL, or None. This machine is never reached through a proxy."""
        parts = urlsplit(url)
        host, scheme = parts.hostname or "", _SCHEMES.get(parts.scheme, parts.scheme)
        address = parts.netloc.rpartition("@")[2]
        if _is_loopback(host) or proxy_bypass_environment(address, {"no": self.no}):
            return None
        return {"http": self.http, "https": self.https}.get(scheme) or None

    def for_temporal(self, address: str) -> HttpConnectProxyConfig | None:
        """Return the proxy for Temporal at `host:port`: the one for https, with or without TLS."""
        proxy = self.for_url(f"https://{address}")
        if proxy is None:
            return None
        parts = urlsplit(proxy)
        is_secret = parts.username is not None
        return HttpConnectProxyConfig(
            target_host=f"{parts.hostname}:{parts.port or 80}",
            basic_auth=(unquote(parts.username or ""), unquote(parts.password or ""))
            if is_secret
            else None,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


NO_PROXIES = Proxies()
