"""The table of lazy commands says what the commands themselves say."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bot.cli import lazy, main


@pytest.mark.parametrize("name", main.COMMANDS)
def test_the_help_of_a_lazy_command_is_the_help_of_the_command(name: str) -> None:
    assert lazy.loaded(main.COMMANDS, name).help.splitlines()[0] == main.COMMANDS[name].help


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_an_option_of_the_program_imports_no_command(option: str) -> None:
    program = (
        f"import sys; from bot.cli.main import app; app([{option!r}], standalone_mode=False); "
    )
    program += (
        "sys.exit(any(name in sys.modules for name in ('temporalio', 'sqlalchemy', 'aiohttp')))"
    )

    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)  # noqa: S603 - this test

    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_mistyped_command_is_named() -> None:
    result = CliRunner().invoke(main.app, ["nonsense"], prog_name="countersign")

    assert result.exit_code == 2
    assert "No such command 'nonsense'" in result.stderr
