"""Settings: defaults, sources, and one sentence for missing or invalid values."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.runtime import settings
from bot.runtime.settings import Settings, SettingsError, SignedHttp, SocketMode

EXAMPLE = Path(__file__).parents[2] / ".env.example"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name, raising=False)


def test_defaults_need_no_environment() -> None:
    config = settings.load(None)

    assert config.slack_api_url == "https://slack.com/api/"
    assert config.database_url == "sqlite:///countersign.db"
    assert config.policies == Path("policies.toml")
    assert (config.log_format, config.log_level) == ("console", "info")


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("SLACK_BOT_TOKEN=xoxb-file\nWEB_PORT=9000\nUNKNOWN=1\n")
    monkeypatch.setenv("WEB_PORT", "9001")
    config = settings.load(env_file)

    assert config.bot_token() == "xoxb-file"
    assert config.web_port == 9001


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_PORT", "")
    monkeypatch.setenv("SLACK_APP_TOKEN", "")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "shh")
    config = settings.load(None)

    assert config.slack_transport() == SignedHttp(signing_secret="shh")


def test_secrets_lose_a_trailing_newline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, field in Settings.model_fields.items():
        if "SecretStr" in str(field.annotation):
            monkeypatch.setenv(name.upper(), "smtp://mail.example\n")
    monkeypatch.setenv("TEMPORAL_API_KEY", "key\n")
    config = settings.load(None)

    secrets = [getattr(config, name) for name in Settings.model_fields]
    read = {secret.get_secret_value() for secret in secrets if isinstance(secret, SecretStr)}
    assert read == {"smtp://mail.example"}
    assert settings.temporal_environment(None)["TEMPORAL_API_KEY"] == "key"


def test_a_blank_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_PORT", " ")
    monkeypatch.setenv("API_TOKEN", "\n")
    config = settings.load(None)

    assert (config.web_port, config.api_token) == (8080, None)


def test_an_app_token_selects_socket_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "shh")

    assert settings.load(None).slack_transport() == SocketMode(app_token="xapp-1")


def test_the_slash_command_is_one_that_slack_accepts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLASH_COMMAND", "/acme-approve")
    assert settings.load(None).slash_command == "/acme-approve"
    for wrong in ("countersign", "/Approve", "/" + "a" * 32, "/approvals", "/away"):
        monkeypatch.setenv("SLASH_COMMAND", wrong)
        with pytest.raises(SettingsError, match="SLASH_COMMAND cannot be used"):
            settings.load(None)


def test_the_base_url_ends_in_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:9/api")

    assert settings.load(None).slack_api_url == "http://127.0.0.1:9/api/"


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "SLACK_BOT_TOKEN is not set. Copy it"),
        ({"SLACK_BOT_TOKEN": "xoxp-secret"}, "SLACK_BOT_TOKEN must begin with xoxb-"),
        ({"SLACK_BOT_TOKEN": "xoxb-"}, "SLACK_BOT_TOKEN still is the placeholder of .env.example"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN is not set. Set it for Socket Mode"),
        (
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xoxb-secret"},
            "SLACK_APP_TOKEN must begin with xapp-",
        ),
        ({"WEB_PORT": "eighty"}, "WEB_PORT cannot be used: "),
        ({"WEB_PORT": "70000"}, "WEB_PORT cannot be used: "),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT cannot be used: "),
        ({"SMTP_URL": "mail.example:25"}, "SMTP_URL cannot be used: it must look like smtp://"),
        ({"SMTP_URL": "smtp://u:secret@host:port"}, "SMTP_URL cannot be used: "),
        ({"PAYMENT_GATEWAY_URL": "http://pay.example"}, "PAYMENT_GATEWAY_URL cannot be used: "),
        (
            {"PAYMENT_GATEWAY_URL": "https://pay.example"},
            "PAYMENT_GATEWAY_TOKEN is not set. Set it, or leave",
        ),
        ({"SLACK_API_URL": "slack.com"}, "SLACK_API_URL cannot be used: it must begin with"),
    ],
)
def test_missing_or_invalid_settings_are_one_sentence(
    variables: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as caught:
        _everything_needed()
    assert str(caught.value).startswith(sentence)
    assert "secret" not in str(caught.value).replace("SECRET", "")
    assert "\n" not in str(caught.value)


def _everything_needed() -> None:
    config = settings.load(None)
    config.payment_gateway()
    config.bot_token()
    config.slack_transport()


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-hidden")
    monkeypatch.setenv("SMTP_URL", "smtp://me:hidden@mail.example")
    for name in ("API_TOKEN", "PAYMENT_GATEWAY_TOKEN", "PAYMENT_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "hidden")

    assert "hidden" not in repr(settings.load(None))


def test_without_settings_there_is_no_gateway_and_no_mail_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = settings.load(None)

    assert config.payment_gateway() is None
    assert config.smtp_url is None
    monkeypatch.setenv("PAYMENT_GATEWAY_URL", "https://pay.example")
    monkeypatch.setenv("PAYMENT_GATEWAY_TOKEN", "t0ken")
    assert settings.load(None).payment_gateway() == ("https://pay.example", "t0ken")


def test_the_example_file_has_every_setting_and_is_valid() -> None:
    written = set(re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE))
    temporal = {"TEMPORAL_ADDRESS"}

    assert written - temporal == {name.upper() for name in Settings.model_fields}
    assert settings.load(EXAMPLE) == settings.load(EXAMPLE)
