"""`countersign stock`: list and add products."""

import re
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.cli import command
from bot.cli.context import CliContext
from records.stock import MAIN, Product
from workflows.rules.orders.catalogue import CURRENCY, CatalogueEntry

app = typer.Typer(help="The products that can be ordered.", no_args_is_help=True)
out = Console(highlight=False)


@app.command("list")
def list_products() -> None:
    """List the products and their stock."""

    async def read(context: CliContext) -> tuple[Product, ...]:
        await context.require_records()
        return await context.stock.catalogue()

    table = Table("sku", "name", "price", "on hand", "reserved", "shipped", "warehouse")
    for product in command.run(read):
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


@app.command("add")
def add_product(
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

    async def add(context: CliContext) -> int:
        await context.require_records()
        return await context.stock.seed([product])

    out.print(f"{sku} added." if command.run(add) else f"{sku} already exists.", markup=False)
