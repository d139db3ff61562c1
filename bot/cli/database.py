"""`countersign db`: the schema of the database."""

import asyncio

import typer
from rich.console import Console

from bot.cli import command
from bot.runtime import settings
from records.database import Database

app = typer.Typer(help="The database.", no_args_is_help=True)
out = Console(highlight=False)


@app.callback()
def _group() -> None:
    """Make `upgrade` a subcommand: a group with one command would be that command."""


@app.command("upgrade")
def upgrade_schema() -> None:
    """Upgrade the database to this version's schema. Safe to repeat."""

    async def upgrade() -> None:
        async with Database(settings.load(command.env_file()).database_url) as database:
            await database.upgrade()

    asyncio.run(upgrade())
    out.print("The database is up to date.")
