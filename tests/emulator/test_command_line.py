"""The command line: startup, error messages for invalid options, and state across restarts."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from emulator.__main__ import main
from emulator.client import StandInClient
from emulator.config import Config
from emulator.server import HOST, start
from tests.emulator.block_kit import home
from tests.emulator.conftest import MANIFEST

ROOT = Path(__file__).parents[2]


async def _program(*options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "emulator",
        *options,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _address(program: asyncio.subprocess.Process) -> str:
    assert program.stdout is not None
    line = await asyncio.wait_for(program.stdout.readline(), 20)
    return line.decode().removeprefix("Slack stand-in: ").strip()


async def test_the_program_keeps_its_state_and_exits_cleanly(tmp_path: Path) -> None:
    options = ("--manifest", str(MANIFEST), "--port", "0", "--state", str(tmp_path / "s.json"))
    first = await _program(*options)
    async with StandInClient(await _address(first)) as slack:
        ts = (await slack.say("U0ANA", "C0GENERAL", "remember me"))["ts"]
    first.send_signal(signal.SIGTERM)
    _, errors = await first.communicate()
    second = await _program(*options)
    async with StandInClient(await _address(second)) as slack:
        (kept,) = await slack.messages("C0GENERAL", "U0BORIS")
    second.send_signal(signal.SIGINT)
    await second.communicate()

    assert (first.returncode, second.returncode, errors) == (0, 0, b"")
    assert (kept["ts"], kept["text"]) == (ts, "remember me")


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (None, "Cannot read the manifest"),
        ("[1]", "must be a mapping"),
        ("a: [", "is not valid YAML"),
        ("features: 7\ndisplay_information: {name: x}", "features"),
        ("display_information: {}", "name"),
    ],
)
async def test_an_unusable_manifest_prints_an_error_and_exits_with_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], manifest: str | None, expected: str
) -> None:
    path = tmp_path / "manifest.yml"
    if manifest is not None:
        path.write_text(manifest, encoding="utf-8")

    code = await asyncio.to_thread(main, ["--manifest", str(path)])

    assert code == 2
    assert expected in capsys.readouterr().err


async def test_a_port_in_use_prints_an_error_and_exits_with_code_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        options = ["--manifest", str(MANIFEST), "--port", str(port)]
        code = await asyncio.to_thread(main, options)

    assert code == 2
    assert capsys.readouterr().err.startswith(f"Cannot listen on 127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--people", "users: 7"),
        ("--people", "team: {id: T, name: t}\nusers: [{id: U, name: a, real_name: A, manager: W}]"),
        ("--state", "{"),
        ("--state", "{}"),
    ],
)
async def test_an_invalid_people_or_state_file_prints_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, text: str
) -> None:
    broken = tmp_path / "broken"
    broken.write_text(text, encoding="utf-8")

    code = await asyncio.to_thread(main, ["--manifest", str(MANIFEST), option, str(broken)])

    assert code == 2
    assert str(broken) in capsys.readouterr().err


async def _saved_state(config: Config) -> Any:
    async with start(config) as running, StandInClient(running.url) as slack:
        return await slack.state()


async def test_state_survives_a_restart_except_ephemerals(
    tmp_path: Path,
) -> None:
    config = Config(manifest=MANIFEST, state_file=tmp_path / "kept" / "state.json")
    async with start(config) as running, StandInClient(running.url) as slack:
        web = AsyncWebClient(token="xoxb-local", base_url=running.api_url)
        await slack.skew(86_400)
        future = (await web.chat_postMessage(channel="C0GENERAL", text="kept"))["ts"]
        await web.chat_postEphemeral(channel="C0GENERAL", user="U0ANA", text="psst")
        await web.views_publish(user_id="U0ANA", view=home())
        await slack.people("user_change", user={"id": "U0ANA", "title": "Boss"})
        await slack.channels("C0ADMIN", "archive")

    state = await _saved_state(config)
    async with start(config) as running:
        web = AsyncWebClient(token="xoxb-local", base_url=running.api_url)
        later = (await web.chat_postMessage(channel="C0GENERAL", text="next"))["ts"]

    assert [m["text"] for m in state["messages"]["C0GENERAL"]] == ["kept"]
    assert state["ephemerals"] == []
    assert "U0ANA" in state["homes"]
    assert next(u for u in state["users"] if u["id"] == "U0ANA")["title"] == "Boss"
    assert next(c for c in state["channels"] if c["id"] == "C0ADMIN")["is_archived"]
    assert float(later) > float(future)


async def test_the_server_listens_on_127_0_0_1_only(running: Any) -> None:
    addresses = {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)}
    for address in addresses - {HOST, "::1"}:
        with pytest.raises(OSError, match=r"refused|unreachable|failed"):
            await asyncio.open_connection(address, running.port)
