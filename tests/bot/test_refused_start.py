"""Wrong tokens and wrong Temporal settings: bot and worker say one sentence and exit with code 2."""

import asyncio
import json
import stat
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from bot.temporal.calls import NamespaceMissingError, TemporalUnavailableError
from bot.temporal.connection import TemporalSettingsError, connect
from emulator.client import StandInClient
from tests.bot.conftest import ROOT
from tests.journeys.programs import Program, clean_environment, free_port
from tests.journeys.starter import COUNTERSIGN, starter

BOT, WORKER = ("-m", "bot"), (str(ROOT / "worker.py"),)

NO_DATABASE = "postgresql://me:secret@127.0.0.1:1/records"

REFUSED: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "bot, wrong bot token": (
        BOT,
        {"SLACK_BOT_TOKEN": "xoxb-old"},
        "Slack refuses SLACK_BOT_TOKEN (invalid_auth). Copy the current token from",
    ),
    "bot, wrong app token": (
        BOT,
        {"SLACK_APP_TOKEN": "xapp-old"},
        "Slack refuses SLACK_APP_TOKEN (invalid_auth). Copy the current token from",
    ),
    "worker, wrong bot token": (
        WORKER,
        {"SLACK_BOT_TOKEN": "xoxb-old"},
        "Slack refuses SLACK_BOT_TOKEN (invalid_auth). Copy the current token from",
    ),
    "bot, placeholder": (
        BOT,
        {"SLACK_BOT_TOKEN": "xoxb-"},
        "SLACK_BOT_TOKEN still is the placeholder of .env.example. Copy it from",
    ),
    "bot, no namespace": (
        BOT,
        {"TEMPORAL_NAMESPACE": "elsewhere"},
        "Temporal has no namespace “elsewhere”. Check TEMPORAL_NAMESPACE.",
    ),
    "bot, no database": (
        BOT,
        {"DATABASE_URL": NO_DATABASE},
        "The database at 127.0.0.1:1 cannot be used: nothing listens there. Check DATABASE_URL.",
    ),
    "worker, unknown parameter": (
        WORKER,
        {"DATABASE_URL": f"{NO_DATABASE}?sslmod=require"},
        "DATABASE_URL: the parameter sslmod is unknown. Remove it.",
    ),
    "db upgrade, no database": (
        (COUNTERSIGN, "db", "upgrade"),
        {"DATABASE_URL": NO_DATABASE},
        "The database at 127.0.0.1:1 cannot be used: nothing listens there. Check DATABASE_URL.",
    ),
    "worker, key without TLS": (
        WORKER,
        {"TEMPORAL_API_KEY": "key"},
        "TEMPORAL_API_KEY turns TLS on: remove the key, or check TEMPORAL_ADDRESS.",
    ),
}


async def test_a_process_that_cannot_work_says_one_sentence(
    slack: StandInClient, temporal: WorkflowEnvironment, records_file: Path, tmp_path: Path
) -> None:
    settings = {
        "SLACK_BOT_TOKEN": "xoxb-local",
        "SLACK_APP_TOKEN": "xapp-local",
        "SLACK_API_URL": f"{slack.base_url}/api/",
        "DATABASE_URL": f"sqlite:///{records_file}",
        "TEMPORAL_ADDRESS": _address(temporal),
        "POLICIES": str(ROOT / "policies.toml"),
    }

    async def ended(name: str, command: tuple[str, ...], changed: dict[str, str]) -> Program:
        ports = {"WEB_PORT": str(free_port()), "WORKER_HEALTH_PORT": str(free_port())}
        program = await asyncio.to_thread(
            Program,
            name,
            *command,
            directory=tmp_path,
            environment=clean_environment(**{**settings, **ports, **changed}),
            by=starter(),
        )
        try:
            await program.ended()
        finally:
            await program.end()
        return program

    programs = await asyncio.gather(
        *(ended(name, command, changed) for name, (command, changed, _) in REFUSED.items())
    )

    for program, (_, _, sentence) in zip(programs, REFUSED.values(), strict=True):
        assert sentence in program.stderr.splitlines()[-1], program.name
        assert "Traceback" not in program.stderr, program.name
        assert program.exit_code == 2, program.name


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        ({"TEMPORAL_PROFILE": "nope"}, TemporalSettingsError, "Profile 'nope' not found. Check"),
        ({"TEMPORAL_CONFIG_FILE": "."}, TemporalSettingsError, "Check TEMPORAL_CONFIG_FILE and"),
        ({"TEMPORAL_ADDRESS": "not one"}, TemporalSettingsError, "Check TEMPORAL_ADDRESS (host:"),
        (
            {"TEMPORAL_TLS_CLIENT_CERT_PATH": "none.pem"},
            TemporalSettingsError,
            "none.pem cannot be read (No such file or directory). Check TEMPORAL_TLS_CLIENT_CERT",
        ),
        (
            {
                "TEMPORAL_TLS_CLIENT_CERT_PATH": "README.md",
                "TEMPORAL_TLS_CLIENT_KEY_PATH": "README.md",
            },
            TemporalSettingsError,
            "The TLS certificates for Temporal at",
        ),
        ({"TEMPORAL_TLS": "true"}, TemporalSettingsError, "Unset TEMPORAL_TLS and TEMPORAL_TLS_*"),
        ({"TEMPORAL_API_KEY": "key"}, TemporalSettingsError, "TEMPORAL_API_KEY turns TLS on"),
        ({"TEMPORAL_NAMESPACE": "none"}, NamespaceMissingError, "no namespace “none”"),
        (
            {"TEMPORAL_ADDRESS": "127.0.0.1:1"},
            TemporalUnavailableError,
            "Temporal does not answer at 127.0.0.1:1. Start it, or set TEMPORAL_ADDRESS.",
        ),
    ],
)
async def test_each_wrong_setting_is_named(
    temporal: WorkflowEnvironment,
    wrong: dict[str, str],
    error: type[TemporalUnavailableError],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(error) as raised:
        await connect({"TEMPORAL_ADDRESS": _address(temporal), **wrong})

    assert type(raised.value) is error
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def _address(temporal: WorkflowEnvironment) -> str:
    return temporal.client.service_client.config.target_host


async def test_with_json_logs_every_line_is_json(tmp_path: Path) -> None:
    """Also the refusal of a setting, and what Temporal's core says about an address."""
    cases: tuple[dict[str, str], ...] = (
        {"WEB_PORT": "many"},
        {"SLACK_BOT_TOKEN": "xoxb-local", "DATABASE_URL": NO_DATABASE},
        {"SLACK_BOT_TOKEN": "xoxb-local", "DATABASE_URL": f"sqlite:///{tmp_path}/none.db"},
    )
    for number, changed in enumerate(cases):
        program = await asyncio.to_thread(
            Program,
            f"json-{number}",
            *WORKER,
            directory=tmp_path,
            environment=clean_environment(LOG_FORMAT="json", **changed),
            by=starter(),
        )
        try:
            await program.ended()
        finally:
            await program.end()
        lines = [json.loads(line) for line in program.stderr.splitlines()]
        assert lines[-1]["event"] == "start_refused"
        assert program.exit_code == 2


async def test_a_new_database_is_for_its_user_only(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    program = await asyncio.to_thread(
        Program,
        "upgrade",
        *(COUNTERSIGN, "db", "upgrade"),
        directory=tmp_path,
        environment=clean_environment(DATABASE_URL=f"sqlite:///{file}"),
        by=starter(),
    )
    try:
        await program.ended()
    finally:
        await program.end()

    assert program.exit_code == 0, program.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
