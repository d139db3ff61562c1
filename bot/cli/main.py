"""The `countersign` command: its sub-commands, and how a refusal becomes a sentence and an exit code."""

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import structlog
import typer
from rich.console import Console
from rich.table import Table

from bot.cli import audit, away, command, orders, policy_explain, requests, time_off
from bot.cli import demo as demo_process
from bot.cli.terminal import Exit
from bot.policies import file as policy_file
from bot.runtime import settings
from records.database import START_FAILURES, Database
from records.stock import MAIN, Product, Stock
from workflows.rules.approvals.policy import Policy
from workflows.rules.orders.catalogue import CURRENCY, CatalogueEntry

app = typer.Typer(
    name="countersign",
    help="Durable approvals for Slack: every click is a Temporal Update.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="The database.", no_args_is_help=True)
policy = typer.Typer(help="The approval policies.", no_args_is_help=True)
stock = typer.Typer(help="The products that can be ordered.", no_args_is_help=True)
app.add_typer(db, name="db")
app.add_typer(policy, name="policy")
app.add_typer(stock, name="stock")
app.add_typer(requests.app, name="request")
app.add_typer(orders.app, name="order")
app.add_typer(away.app, name="away")
app.add_typer(time_off.app, name="time-off")
app.add_typer(audit.app, name="audit")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_Result = TypeVar("_Result")
_REFUSALS = (
    demo_process.DemoError,
    policy_explain.ExplainError,
    policy_file.PolicyFileError,
    policy_file.UnknownPolicyError,
    settings.SettingsError,
    *START_FAILURES,
)


def main() -> None:
    """Run the command line. A refusal prints one sentence and exits with code 2."""
    try:
        app()
    except _REFUSALS as error:
        err.print(str(error), markup=False)
        sys.exit(Exit.CANNOT)


def program() -> NoReturn:
    """Run the command line as a process and exit without the interpreter's shutdown.

    Temporal's native threads may still be running, and about one time in fifty the interpreter
    aborts during shutdown (`PyGILState_Release`, exit code 134) although all work is done.
    """
    # Standard output is for what a command prints.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    code: object = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BrokenPipeError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


@app.command()
def demo(
    port: Annotated[int | None, typer.Option(help="Port of the Slack stand-in [8080].")] = None,
    temporal_port: Annotated[int | None, typer.Option(help="Port of Temporal [7233].")] = None,
    ui_port: Annotated[int | None, typer.Option(help="Port of Temporal's UI [8233].")] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep all data in this directory between runs.")
    ] = None,
) -> None:
    """Run everything on this machine, with a Slack stand-in in the browser."""
    options = demo_process.DemoOptions(
        port=port, temporal_port=temporal_port, ui_port=ui_port, keep=keep
    )
    _run(demo_process.run(options, err))


@app.command()
def worker() -> None:
    """Run the Temporal worker (the same as `python worker.py`)."""
    _become(str(demo_process.ROOT / "worker.py"))


@app.command()
def bot() -> None:
    """Run the bot: Socket Mode with SLACK_APP_TOKEN, signed HTTP with SLACK_SIGNING_SECRET."""
    _become("-m", "bot")


@db.command("upgrade")
def db_upgrade() -> None:
    """Upgrade the database to this version's schema. Safe to repeat."""

    async def upgrade(database: Database) -> None:
        await database.upgrade()

    _with_database(upgrade)
    out.print("The database is up to date.")


@policy.command("check")
def policy_check(file: Annotated[Path, typer.Argument()] = Path("policies.toml")) -> None:
    """Check a policy file. Every error is reported with its line."""
    policies = policy_file.load(file)
    for name in policies.names:
        out.print(_tiers(policies.policy(name)))
    out.print(f"{file}: no errors.", markup=False)


@policy.command("explain")
def policy_explain_command(
    name: Annotated[str, typer.Argument(metavar="POLICY", help="The policy's name.")],
    amount: Annotated[str, typer.Option(help="The requested amount, such as 1000.01.")] = "",
    requester: Annotated[str, typer.Option(help="The requester's Slack member ID.")] = "",
    answer_within: Annotated[
        str, typer.Option(help="The requested deadline, such as 4h or 2d.")
    ] = "",
    file: Annotated[Path, typer.Option(help="The policy file.")] = Path("policies.toml"),
) -> None:
    """Show a request's approvers, quorums, notifications and deadlines without starting it."""
    policies = policy_file.load(file)
    question = policy_explain.read_question(policies, name, amount, requester, answer_within)
    out.print(policy_explain.explain(policies, question, datetime.now(UTC)))


def _tiers(checked: Policy) -> Table:
    table = Table("up to", "levels", title=f"{checked.name} ({checked.version})")
    for tier in checked.tiers:
        limit = str(tier.up_to) if tier.up_to else "any higher amount"
        table.add_row(limit, ", then ".join(tier.levels) or "no approval needed")
    return table


@stock.command("list")
def stock_list() -> None:
    """List the products and their stock."""

    async def read(database: Database) -> tuple[Product, ...]:
        await database.require_current_schema()
        return await Stock(database).catalogue()

    table = Table("sku", "name", "price", "on hand", "reserved", "shipped", "warehouse")
    for product in _with_database(read):
        counts = (product.on_hand, product.reserved, product.shipped)
        row = (product.sku, product.name, product.price_hint, *map(str, counts), product.warehouse)
        table.add_row(*row)
    out.print(table)


def _warehouse(written: str) -> str:
    """Validate a warehouse name, which is part of workflow ids and idempotency keys."""
    if not re.fullmatch(r"[A-Za-z0-9-]{1,20}", written):
        raise typer.BadParameter("1 to 20 letters, digits and -")
    return written


def _list_price(written: str) -> str:
    """Validate a list price: orders compare it with their prices."""
    if written and CatalogueEntry(sku="", name="", price_hint=written).list_price is None:
        raise typer.BadParameter(f"write an amount in {CURRENCY}, such as 500.00")
    return written


@stock.command("add")
def stock_add(
    sku: str,
    name: str,
    on_hand: Annotated[int, typer.Option(min=0, help="Number of pieces in stock.")] = 0,
    price: Annotated[
        str,
        typer.Option(
            help="The list price. Orders far below it need approval, see `max_discount`.",
            callback=_list_price,
        ),
    ] = "",
    warehouse: Annotated[
        str, typer.Option(help="The warehouse: 1 to 20 letters, digits and -.", callback=_warehouse)
    ] = MAIN,
) -> None:
    """Add a product. An existing product is not changed."""
    product = Product(sku=sku, name=name, price_hint=price, on_hand=on_hand, warehouse=warehouse)

    async def add(database: Database) -> int:
        await database.require_current_schema()
        return await Stock(database).seed([product])

    out.print(f"{sku} added." if _with_database(add) else f"{sku} already exists.", markup=False)


def _with_database(work: Callable[[Database], Awaitable[_Result]]) -> _Result:
    """Run `work` on the configured database."""

    async def run() -> _Result:
        async with Database(_settings().database_url) as database:
            return await work(database)

    return _run(run())


def _settings() -> settings.Settings:
    return settings.load(command.env_file())


def _run(main: Coroutine[Any, Any, _Result]) -> _Result:
    return asyncio.run(main)


def _become(*arguments: str) -> None:
    """Replace this process, so that signals reach the program and its exit code is ours."""
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - starts our own program
