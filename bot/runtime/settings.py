"""Settings, read from the environment. Temporal's own settings are read by `temporalio.envconfig`."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.runtime.proxies import Proxies

COMMAND = "/countersign"
"""The slash command that manifest.yml declares."""
_COMMAND = re.compile(r"/[a-z0-9_-]{1,31}")
_TAKEN = frozenset({"/order", "/order-status", "/request", "/approval", "/approvals", "/away"})
"""Our other commands, and a built-in command of Slack that an earlier release used."""


_PROXY_VARIABLES = frozenset({"http_proxy", "https_proxy", "no_proxy", "all_proxy"})


class SettingsError(Exception):
    """A setting is missing or invalid. The text names the variable and the fix."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SocketMode:
    """Slack delivers over a WebSocket that the bot opens."""

    app_token: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedHttp:
    """Slack delivers signed requests to the bot's port."""

    signing_secret: str


class Settings(BaseSettings):
    """All settings. Each field is named after its environment variable, in lower case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    slash_command: str = COMMAND
    database_url: str = "sqlite:///countersign.db"
    policies: Path = Path("policies.toml")
    temporal_task_queue: str = "countersign"
    workflow_sandbox: bool = False
    foreign_policies: bool = False
    payment_gateway_url: str | None = None
    payment_gateway_token: SecretStr | None = None
    payment_webhook_secret: SecretStr | None = None
    smtp_url: SecretStr | None = None
    mail_from: str = "countersign@localhost"
    api_token: SecretStr | None = None
    cli_person: str = ""
    http_proxy: str = ""
    https_proxy: str = ""
    no_proxy: str = ""
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8080, ge=0, le=65535)
    worker_health_host: str = "127.0.0.1"
    worker_health_port: int = Field(default=8081, ge=0, le=65535)
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="before")
    @classmethod
    def _stripped(cls, values: dict[str, object]) -> dict[str, object]:
        """Remove surrounding whitespace, such as a secret file's last newline. Blank means unset."""
        stripped = {
            name: value.strip() if isinstance(value, str) else value
            for name, value in values.items()
        }
        return {name: value for name, value in stripped.items() if value != ""}

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _lower_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("slack_api_url")
    @classmethod
    def _base_url(cls, written: str) -> str:
        """Slack's SDK appends method names, so the URL must end with a slash."""
        if not written.startswith(("https://", "http://")):
            raise ValueError("it must begin with https:// (or http:// for the stand-in)")
        return written if written.endswith("/") else f"{written}/"

    @field_validator("slash_command")
    @classmethod
    def _free_command(cls, written: str) -> str:
        if not _COMMAND.fullmatch(written):
            raise ValueError(
                "it must be a slash and at most 31 lower-case letters, digits, - or _, such as "
                f"{COMMAND}"
            )
        if written in _TAKEN:
            raise ValueError(f"{written} has another meaning. Choose another, such as {COMMAND}")
        return written

    @field_validator("smtp_url")
    @classmethod
    def _mail_url(cls, written: SecretStr | None) -> SecretStr | None:
        if written is not None:
            parts = urlsplit(written.get_secret_value())
            if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
                raise ValueError("it must look like smtp://user:password@host:port, or smtps://…")
            _ = parts.port  # raises ValueError if it is no port number
        return written

    @field_validator("payment_gateway_url")
    @classmethod
    def _gateway_url(cls, written: str | None) -> str | None:
        if written is not None and not written.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("it must begin with https:// (http:// only for 127.0.0.1)")
        return written

    @field_validator("http_proxy", "https_proxy")
    @classmethod
    def _proxy_url(cls, written: str) -> str:
        url = written if not written or "://" in written else f"http://{written}"
        if url and not url.startswith("http://"):
            raise ValueError("it must look like http://host:port or http://user:password@host:port")
        return url

    def proxies(self) -> Proxies:
        """Return the proxies for outgoing connections."""
        return Proxies(http=self.http_proxy, https=self.https_proxy, no=self.no_proxy)

    def payment_gateway(self) -> tuple[str, str] | None:
        """Return the payment gateway's URL and token, or None if none is configured.

        Raises:
            SettingsError: the URL is set without a token.

        """
        if self.payment_gateway_url is None:
            return None
        if self.payment_gateway_token is None:
            raise SettingsError(
                "PAYMENT_GATEWAY_TOKEN is not set. Set it, or leave PAYMENT_GATEWAY_URL empty."
            )
        return self.payment_gateway_url, self.payment_gateway_token.get_secret_value()

    def bot_token(self) -> str:
        """Return the bot token.

        Raises:
            SettingsError: it is not set, or it is not a bot token.

        """
        return _token(
            self.slack_bot_token,
            "SLACK_BOT_TOKEN",
            "xoxb-",
            "Copy it from your app's page on api.slack.com, OAuth & Permissions.",
        )

    def slack_transport(self) -> SocketMode | SignedHttp:
        """Return the transport of Slack's requests: Socket Mode with an app token, else signed HTTP.

        Raises:
            SettingsError: neither is set, or the app token is not an app-level token.

        """
        if self.slack_app_token is None and self.slack_signing_secret is not None:
            return SignedHttp(signing_secret=self.slack_signing_secret.get_secret_value())
        if self.slack_app_token is None:
            raise SettingsError(
                "SLACK_APP_TOKEN is not set. Set it for Socket Mode (api.slack.com, Basic "
                "Information, App-Level Tokens, scope connections:write), or set "
                "SLACK_SIGNING_SECRET for HTTP."
            )
        token = _token(
            self.slack_app_token,
            "SLACK_APP_TOKEN",
            "xapp-",
            "Create it on your app's page on api.slack.com, Basic Information, App-Level Tokens.",
        )
        return SocketMode(app_token=token)


def hide_proxies() -> None:
    """Remove the proxy variables from this process's environment, once they are read.

    Otherwise slack_sdk would use one of them for every address, even for this machine.
    """
    for name in [*os.environ]:
        if name.lower() in _PROXY_VARIABLES:
            del os.environ[name]


def text_of(secret: SecretStr | None) -> str:
    """Return the secret's text, or an empty string for None."""
    return secret.get_secret_value() if secret else ""


def _token(secret: SecretStr | None, name: str, prefix: str, remedy: str) -> str:
    token = text_of(secret)
    if not token:
        raise SettingsError(f"{name} is not set. {remedy}")
    if not token.startswith(prefix):
        raise SettingsError(f"{name} must begin with {prefix}. {remedy}")
    if token == prefix:
        raise SettingsError(f"{name} still is the placeholder of .env.example. {remedy}")
    return token


def log_format(env_file: Path | None = Path(".env")) -> str:
    """Return LOG_FORMAT, for the message that another setting is invalid."""
    from_file = dotenv_values(env_file) if env_file else {}
    written = os.environ.get("LOG_FORMAT") or from_file.get("LOG_FORMAT") or ""
    return "json" if written.strip().lower() == "json" else "console"


def temporal_environment(env_file: Path | None = Path(".env")) -> dict[str, str]:
    """Return the variables that `temporalio.envconfig` reads, including those of `env_file`.

    The environment overrides the file. Profile files (TEMPORAL_CONFIG_FILE) are read by Temporal.
    """
    from_file = dotenv_values(env_file) if env_file else {}
    merged = {**from_file, **os.environ}
    return {
        name: value.strip()
        for name, value in merged.items()
        if name.startswith("TEMPORAL_") and value and value.strip()
    }


def load(env_file: Path | None = Path(".env")) -> Settings:
    """Load settings from the environment, then from `env_file` for variables that are not set.

    Raises:
        SettingsError: a value is invalid; one sentence per variable, without its value.

    """
    try:
        # pydantic-settings accepts this argument; mypy does not know it without pydantic's plugin
        return Settings(_env_file=env_file)  # type: ignore[call-arg]
    except ValidationError as error:
        raise SettingsError(" ".join(_sentence(detail) for detail in error.errors())) from None


def _sentence(error: object) -> str:
    found = error if isinstance(error, dict) else {}
    name = str(next(iter(found.get("loc", ())), "")).upper()
    problem = str(found.get("msg", "it cannot be read")).removeprefix("Value error, ")
    return f"{name} cannot be used: {problem[:1].lower()}{problem[1:]}."
