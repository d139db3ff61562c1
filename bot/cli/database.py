"""`countersign db`, and the database of the commands that need nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer
from rich.console import Console

from bot.cli import command
from bot.runtime import settings
from records.database import Database

app = typer.Typer(help="The database.", no_args_is_help=True)
out = Console(highlight=False)

_Result = TypeVar("_Result")


def with_database(work: Callable[[Database], Awaitable[_Result]]) -> _Result:
    """Run `work` on the configured database.

    Raises:
        SettingsError, or one of `START_FAILURES`: the message says what to fix.

    """

    async def run() -> _Result:
        async with Database(settings.load(command.env_file()).database_url) as database:
            return await work(database)

    return asyncio.run(run())


@app.callback()
def _group() -> None:
    """Make `upgrade` a subcommand: a group with one command would be that command."""


@app.command("upgrade")
def upgrade_schema() -> None:
    """Upgrade the database to this version's schema. Safe to repeat."""

    async def upgrade(database: Database) -> None:
        await database.upgrade()

    with_database(upgrade)
    out.print("The database is up to date.")
