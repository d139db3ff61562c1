"""On PostgreSQL, the lists and the daily summary read an index, however many requests there are."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from records.database import Database
from records.open_requests import OpenRequests
from records.requests import Requests
from tests.records import postgresql_server
from tests.records.builders import NOON
from tests.records.postgresql_server import Server

REQUESTS = 50_000
OPEN_SHARE = 499
"""One in this many requests is open: odd, so that both kinds have open ones."""
_FILL = text(
    """
    INSERT INTO requests (request_id, owner_id, kind, requester, status, face, sequence, chain_hash,
                          opened_at, changed_at, listed_as, goes_on, readers, copies)
    SELECT kind || '-' || n, kind || '-' || n, kind, 'U' || n % 1000, 'approved',
           '{"policy":"general"}', 1, '0', opened, opened, kind, n % :share = 0, '[]', '[]'
    FROM generate_series(1, :count) AS n,
         LATERAL (SELECT CASE WHEN n % 2 = 0 THEN 'approval' ELSE 'order' END AS kind,
                         TIMESTAMPTZ '2026-11-21 12:00+00' - n * INTERVAL '1 minute' AS opened) AS row
    """
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgresql_server.running() as server:
        yield server


@pytest.fixture(scope="module")
async def full(server: Server) -> AsyncIterator[Database]:
    """A database with many requests of both kinds, most of them ended."""
    async with Database(server.url()) as database:
        await database.upgrade()
        async with database.writing() as connection:
            await connection.execute(_FILL.bindparams(count=REQUESTS, share=OPEN_SHARE))
        async with database.writing() as connection:
            await connection.execute(text("ANALYZE requests"))
        yield database


MOST_ROWS = 1000
"""Rows that a list may read for a page of 20; a day in this database has 720 orders."""
DAY = timedelta(days=1)
LISTS: dict[str, Callable[[Database], Awaitable[object]]] = {
    "request list": lambda database: Requests(database).overview(),
    "request list --open": lambda database: Requests(database).overview(open_only=True),
    "request list --requester": lambda database: Requests(database).overview(requester="U8"),
    "order list": lambda database: Requests(database).orders(),
    "order list --open": lambda database: Requests(database).orders(open_only=True),
    "order list --requester": lambda database: Requests(database).orders(requester="U7"),
    "daily summary": lambda database: Requests(database).opened_between(
        NOON - 9 * DAY, NOON - 8 * DAY
    ),
    "reconciliation": lambda database: OpenRequests(database).page(NOON, "approval-2", 100),
}
"""The functions behind each list. Each sends one statement."""


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


async def _plan(database: Database, ask: Callable[[Database], Awaitable[object]]) -> dict[str, Any]:
    """Return PostgreSQL's plan of the one statement that `ask` sends, with what it really read."""
    sent: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        if "FROM requests" in statement:
            sent.append((statement, parameters))

    engine = database._readers.sync_engine  # noqa: SLF001 - no other place sees the statements
    event.listen(engine, "before_cursor_execute", note)
    assert await ask(database)
    event.remove(engine, "before_cursor_execute", note)
    ((statement, parameters),) = sent
    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
    async with database.reading() as connection:
        found = await connection.run_sync(
            lambda sync: sync.exec_driver_sql(explain, parameters).scalar_one()
        )
    plan: dict[str, Any] = found[0]["Plan"]
    return plan


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_reads_an_index_and_few_rows(full: Database, name: str) -> None:
    nodes = list(_nodes(await _plan(full, LISTS[name])))

    assert [node["Node Type"] for node in nodes if node["Node Type"] == "Seq Scan"] == []
    assert [node for node in nodes if "Index Name" in node]
    read = max(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in nodes)
    assert read <= MOST_ROWS
