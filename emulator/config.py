"""Configuration of a stand-in: all command-line options."""

from dataclasses import dataclass
from pathlib import Path

DEFAULT_PEOPLE = Path(__file__).with_name("people.yml")


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of a stand-in.

    ``port`` 0 picks a free port. ``request_url`` switches delivery to signed HTTP; without it the
    manifest's ``socket_mode_enabled`` decides. ``state_file`` keeps messages, channels and people across
    restarts. Slack's rate tiers are enforced unless ``rate_tiers`` is false.
    """

    manifest: Path
    people: Path = DEFAULT_PEOPLE
    port: int = 0
    bot_token: str = "xoxb-local"  # noqa: S105 - a well-known local value, not a secret
    app_token: str = "xapp-local"  # noqa: S105 - a well-known local value, not a secret
    signing_secret: str = "local"  # noqa: S105 - a well-known local value, not a secret
    request_url: str | None = None
    state_file: Path | None = None
    rate_tiers: bool = True
