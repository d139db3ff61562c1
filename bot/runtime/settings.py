"""Settings: the only place that reads our environment. Temporal's address is `temporalio.envconfig`'s."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A setting is missing or cannot be read. Its text names the variable and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SocketMode:
    """Slack sends over a WebSocket that we open."""

    app_token: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedHttp:
    """Slack sends signed requests to our port."""

    signing_secret: str


class Settings(BaseSettings):
    """Every setting, by the name of its variable in lower case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    database_url: str = "sqlite:///countersign.db"
    policies: Path = Path("policies.toml")
    temporal_task_queue: str = "countersign"
    payment_gateway_url: str | None = None
    payment_gateway_token: SecretStr | None = None
    payment_webhook_secret: SecretStr | None = None
    smtp_url: SecretStr | None = None
    mail_from: str = "countersign@localhost"
    api_token: SecretStr | None = None
    cli_person: str = ""
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8080, ge=0, le=65535)
    worker_health_port: int = Field(default=8081, ge=0, le=65535)
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _lower_case(cls, written: object) -> object:
        return written.lower() if isinstance(written, str) else written

    @field_validator("slack_api_url")
    @classmethod
    def _base_url(cls, written: str) -> str:
        """Slack's SDK appends method names, so the address must end in a slash."""
        if not written.startswith(("https://", "http://")):
            raise ValueError("it must begin with https:// (or http:// for the stand-in)")
        return written if written.endswith("/") else f"{written}/"

    @field_validator("smtp_url")
    @classmethod
    def _mail_url(cls, written: SecretStr | None) -> SecretStr | None:
        if written is not None:
            parts = urlsplit(written.get_secret_value())
            if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
                raise ValueError("it must look like smtp://user:password@host:port, or smtps://…")
            _ = parts.port  # raises ValueError itself
        return written

    @field_validator("payment_gateway_url")
    @classmethod
    def _gateway_url(cls, written: str | None) -> str | None:
        if written is not None and not written.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("it must begin with https:// (http:// only for 127.0.0.1)")
        return written

    def payment_gateway(self) -> tuple[str, str] | None:
        """Return the payment gateway's address and our token, or None where there is none.

        Raises:
            SettingsError: there is an address and no token.

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
            SettingsError: there is none, or it is another kind of token.

        """
        return _token(
            self.slack_bot_token,
            "SLACK_BOT_TOKEN",
            "xoxb-",
            "Copy it from your app's page on api.slack.com, OAuth & Permissions.",
        )

    def slack_transport(self) -> SocketMode | SignedHttp:
        """Return how Slack reaches us: Socket Mode where there is an app token, else signed HTTP.

        Raises:
            SettingsError: neither is set, or the app token is another kind of token.

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


def text_of(secret: SecretStr | None) -> str:
    """Return a secret's text; empty where there is none."""
    return secret.get_secret_value() if secret else ""


def _token(secret: SecretStr | None, name: str, prefix: str, remedy: str) -> str:
    token = secret.get_secret_value().strip() if secret else ""
    if not token:
        raise SettingsError(f"{name} is not set. {remedy}")
    if not token.startswith(prefix):
        raise SettingsError(f"{name} must begin with {prefix}, and it does not. {remedy}")
    return token


def temporal_environment(env_file: Path | None = Path(".env")) -> dict[str, str]:
    """Return the variables that `temporalio.envconfig` reads, those of `env_file` included.

    The environment wins. Profile files (TEMPORAL_CONFIG_FILE) stay Temporal's own business.
    """
    written = dotenv_values(env_file) if env_file else {}
    both = {**written, **os.environ}
    return {name: value for name, value in both.items() if name.startswith("TEMPORAL_") and value}


def load(env_file: Path | None = Path(".env")) -> Settings:
    """Read the environment and, for what it does not set, `env_file`.

    Raises:
        SettingsError: a value cannot be read; one sentence per variable, secrets never shown.

    """
    try:
        # pydantic's own argument, of which mypy without its plugin knows nothing
        return Settings(_env_file=env_file)  # type: ignore[call-arg]
    except ValidationError as error:
        raise SettingsError(" ".join(_sentence(one) for one in error.errors())) from None


def _sentence(error: object) -> str:
    found = error if isinstance(error, dict) else {}
    name = str(next(iter(found.get("loc", ())), "")).upper()
    problem = str(found.get("msg", "it cannot be read")).removeprefix("Value error, ")
    return f"{name} cannot be used: {problem[:1].lower()}{problem[1:]}."
