"""The products that the order modal offers: read at start, refreshed now and then, never on a click."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from records.stock import Stock
from workflows.rules.orders.catalogue import CatalogueEntry

REFRESH_EVERY = 60
"""Seconds between two readings of the products."""

_log = structlog.get_logger("bot.products")


class ProductList:
    """A modal opens before any I/O, so what it offers is held here."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self.entries: tuple[CatalogueEntry, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """The names of the products by SKU."""
        return {entry.sku: entry.name for entry in self.entries}

    @property
    def by_sku(self) -> dict[str, CatalogueEntry]:
        """The products by SKU."""
        return {entry.sku: entry for entry in self.entries}

    async def refresh(self) -> None:
        """Read the products now."""
        self.entries = tuple(product.entry for product in await self._stock.catalogue())

    async def keep_fresh(self) -> None:
        """Read again every minute until cancelled; a failed reading keeps what was there."""
        while True:
            await asyncio.sleep(REFRESH_EVERY)
            try:
                await self.refresh()
            except SQLAlchemyError as error:
                _log.warning("products_not_read", error=type(error).__name__)
