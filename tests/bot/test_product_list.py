"""The products of the form: cached, and kept if a refresh fails."""

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from bot.actions.product_list import ProductList
from records.database import Database
from records.stock import Product, Stock
from tests.bot.order_driver import TIMEOUT


async def test_the_products_in_stock_are_offered(database: Database) -> None:
    products = ProductList(Stock(database))

    await products.refresh()

    assert "DESK-OAK" in products.names
    assert [entry.name for entry in products.entries] == sorted(e.name for e in products.entries)


async def test_a_new_product_is_offered_after_the_next_successful_refresh(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.actions.product_list.REFRESH_EVERY", 0)
    stock, outages = Stock(database), [OperationalError("SELECT", {}, Exception("locked"))]
    read, readings = stock.catalogue, asyncio.Semaphore(0)
    products = ProductList(stock)
    await products.refresh()

    async def catalogue() -> tuple[Product, ...]:
        readings.release()
        if outages:
            raise outages.pop()
        return await read()

    monkeypatch.setattr(stock, "catalogue", catalogue)
    await stock.seed([Product(sku="NEW-1", name="Newest", on_hand=1)])
    keeping = asyncio.create_task(products.keep_fresh())
    async with asyncio.timeout(TIMEOUT):
        for _ in range(3):
            await readings.acquire()
    keeping.cancel()
    await asyncio.wait([keeping])

    assert keeping.cancelled()
    assert {"NEW-1", "DESK-OAK"} <= products.names.keys()
