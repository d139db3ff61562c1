"""The `countersign` command line: output, and errors as one sentence with exit code 2."""

import asyncio
from pathlib import Path

import pytest

from tests.journeys.installation import Installation
from tests.journeys.programs import Program, clean_environment, run
from tests.journeys.starter import ROOT

TOKENS = {"SLACK_BOT_TOKEN": "xoxb-x", "SLACK_APP_TOKEN": "xapp-x"}


def environment(directory: Path, name: str = "records.db") -> dict[str, str]:
    """Return an environment with a database in this directory."""
    return clean_environment(
        DATABASE_URL=f"sqlite:///{directory / name}",
        POLICIES=str(ROOT / "policies.toml"),
    )


async def test_a_database_is_created_and_keeps_stock(tmp_path: Path) -> None:
    """Upgrading twice is safe. An existing product is not changed."""

    async def countersign(*arguments: str, name: str = "records.db") -> Program:
        return await run(*arguments, directory=tmp_path, environment=environment(tmp_path, name))

    before, first = await asyncio.gather(
        countersign("stock", "list", name="empty.db"), countersign("db", "upgrade")
    )
    again, added = await asyncio.gather(
        countersign("db", "upgrade"),
        countersign("stock", "add", "PEN-BLUE", "Blue pen", "--on-hand", "12", "--price", "1.20"),
    )
    repeated, listed = await asyncio.gather(
        countersign("stock", "add", "PEN-BLUE", "Another", "--on-hand", "99"),
        countersign("stock", "list"),
    )

    _assert_refused(before, "countersign db upgrade")
    assert [first.exit_code, again.exit_code] == [0, 0]
    assert first.stdout == again.stdout == "The database is up to date.\n"
    assert added.stdout == "PEN-BLUE added.\n"
    assert repeated.stdout == "PEN-BLUE already exists.\n"
    assert "Blue pen" in listed.stdout
    assert "12" in listed.stdout
    assert "99" not in listed.stdout


async def test_a_policy_file_is_checked(tmp_path: Path) -> None:
    """A valid file is shown by tiers. Each mistake of an invalid file is reported with its line."""
    shipped = (ROOT / "policies.toml").read_text()
    bad = tmp_path / "bad.toml"
    bad.write_text(shipped.replace("quorum = 1 ", "quorum = 7 ").replace("channel =", "chanel ="))
    line = shipped.splitlines().index(next(x for x in shipped.splitlines() if "channel =" in x))
    good, wrong, missing = await asyncio.gather(
        *(
            run("policy", "check", str(file), directory=tmp_path)
            for file in (ROOT / "policies.toml", bad, tmp_path / "missing.toml")
        )
    )

    assert good.exit_code == 0
    assert "1,000.00 USD" in good.stdout
    assert good.stdout.rstrip().endswith("no errors.")
    _assert_refused(wrong, f"line {line + 1}: ")
    _assert_refused(wrong, "“chanel”")
    _assert_refused(missing, "missing.toml")


@pytest.mark.parametrize("process", ["worker", "bot"])
async def test_a_process_without_settings_or_schema_refuses_to_start(
    tmp_path: Path, installation: Installation, process: str
) -> None:
    """A missing token or an old schema gives a sentence that names the fix."""
    temporal = {"TEMPORAL_ADDRESS": installation.temporal_address}
    empty = environment(tmp_path) | temporal
    upgraded = empty | {"DATABASE_URL": installation.database_url}
    without_token, without_schema = await asyncio.gather(
        run(process, directory=tmp_path, environment=upgraded),
        run(process, directory=tmp_path, environment=empty | TOKENS),
    )

    _assert_refused(
        without_token, "SLACK_APP_TOKEN is not set." if process == "bot" else "SLACK_BOT_TOKEN"
    )
    _assert_refused(without_schema, "countersign db upgrade")


def _assert_refused(program: Program, message: str) -> None:
    assert program.exit_code == 2, program.stderr
    assert message in program.stderr
    assert "Traceback" not in program.stderr
