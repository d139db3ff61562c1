"""The database: URLs, how transactions begin, and that a failed one leaves nothing behind."""

import asyncio
import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from records import database
from records.database import Database, UnsupportedDatabaseError, async_url
from records.schema import products, reservation_lines
from records.stock import Product, Stock

WRITE_PAUSE = database._WRITE_PAUSE  # noqa: SLF001 - other tests run without the pause
LAMP = Product(sku="LAMP", name="Lamp", on_hand=10)
DESK = Product(sku="DESK", name="Desk", on_hand=1)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///a.db", "sqlite+aiosqlite:///a.db"),
        ("sqlite+aiosqlite:////srv/a.db", "sqlite+aiosqlite:////srv/a.db"),
        ("postgresql://u:p@db/c", "postgresql+asyncpg://u:p@db/c"),
        ("postgres://u:p@db/c", "postgresql+asyncpg://u:p@db/c"),
        ("postgresql+asyncpg://u:p@db/c", "postgresql+asyncpg://u:p@db/c"),
    ],
)
def test_a_plain_url_gets_the_async_driver(written: str, meant: str) -> None:
    assert async_url(written).render_as_string(hide_password=False) == meant


@pytest.mark.parametrize(
    "written",
    [
        "mysql://ana:secret@db/c",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql+psycopg://",
        "secret",
    ],
)
def test_another_database_is_refused_with_a_message(written: str) -> None:
    with pytest.raises(UnsupportedDatabaseError) as refused:
        Database(written)

    assert "sqlite:///path/to/file" in str(refused.value)
    assert "secret" not in str(refused.value)


async def test_a_connection_uses_wal_foreign_keys_and_a_busy_timeout_of_five_seconds(
    database: Database,
) -> None:
    async with database.reading() as connection:
        settings = [
            await connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        ]

    assert settings == ["wal", 1, 5000]


async def test_a_statement_and_its_rows_take_one_call_to_the_thread_of_the_connection(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    statements = [select(products), products.delete()]
    async with database.writing() as connection:
        with caplog.at_level("DEBUG", logger="aiosqlite"):
            for statement in statements:
                await connection.execute(statement)

    calls = [record for record in caplog.records if record.msg.startswith("executing")]
    assert len(calls) == len(statements)


async def test_a_writer_holds_the_write_lock_before_its_first_statement(
    database: Database, url: str
) -> None:
    other = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)

    async with database.writing():
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


async def test_two_programs_that_read_before_they_write_both_succeed(
    database: Database, url: str
) -> None:
    async with Database(url) as other:
        added = await asyncio.gather(
            *(
                Stock(program).seed([Product(sku=f"{name}-{n}", name="x", on_hand=1)])
                for n in range(10)
                for name, program in (("ours", database), ("theirs", other))
            )
        )

        assert sum(added) == 20
        assert len(await Stock(other).catalogue()) == 20


async def test_two_programs_with_long_queues_take_turns(
    database: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("records.database._WRITE_PAUSE", WRITE_PAUSE)
    started: list[str] = []

    async def write(program: Database, name: str) -> None:
        async with program.writing():
            started.append(name)
            await asyncio.sleep(0.02)  # a slow disk: the file is locked most of the time

    async with Database(url) as other:
        await asyncio.gather(
            *(write(database, "one") for _ in range(50)),
            *(write(other, "other") for _ in range(50)),
        )

    assert len(started) == 100
    while_both_wait = started[: min(_last(started, "one"), _last(started, "other"))]
    assert max(len(list(turns)) for _, turns in itertools.groupby(while_both_wait)) <= 10


def _last(started: list[str], name: str) -> int:
    return len(started) - started[::-1].index(name)


async def test_a_reader_sees_one_consistent_state_while_others_write(database: Database) -> None:
    count = select(func.count()).select_from(products)
    async with database.reading() as connection:
        before = await connection.scalar(count)
        await Stock(database).seed([LAMP])
        still = await connection.scalar(count)
    async with database.reading() as connection:
        after = await connection.scalar(count)

    assert (before, still, after) == (0, 0, 1)


async def test_a_transaction_that_fails_leaves_nothing_behind(database: Database) -> None:
    async def delete_and_fail() -> None:
        async with database.writing() as connection:
            await connection.execute(products.delete())
            await connection.execute(insert(reservation_lines).values(orphan))

    orphan = {"key": "no such reservation", "sku": "LAMP", "quantity": 1}
    await Stock(database).seed([LAMP])

    with pytest.raises(IntegrityError):
        await delete_and_fail()

    assert await Stock(database).catalogue() == (LAMP,)


@pytest.mark.parametrize("statement", range(1, 6))
async def test_a_cancelled_transaction_is_committed_or_rolled_back_and_blocks_no_one(
    database: Database, url: str, statement: int
) -> None:
    """BEGIN, two statements, COMMIT: the caller is cancelled during one of them."""
    under_way = itertools.count(1)

    def cancel_the_caller(*_: object) -> None:
        if next(under_way) == statement:
            caller.cancel()

    await Stock(database).seed([LAMP])
    caller = asyncio.create_task(Stock(database).seed([DESK]))
    for moment in ("before_cursor_execute", "commit"):
        event.listen(Engine, moment, cancel_the_caller)
    ended = await asyncio.gather(caller, return_exceptions=True)
    for moment in ("before_cursor_execute", "commit"):
        event.remove(Engine, moment, cancel_the_caller)
    catalogue = await Stock(database).catalogue()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")

    assert isinstance(ended[0], asyncio.CancelledError) is (statement < 5)
    assert catalogue == ((DESK, LAMP) if statement >= 4 else (LAMP,))


async def test_a_failed_commit_leaves_nothing_behind_and_blocks_no_one(
    database: Database,
) -> None:
    def fail(_: object) -> None:
        raise OSError("no space left on device")

    await Stock(database).seed([LAMP])
    event.listen(Engine, "commit", fail)
    with pytest.raises(OSError, match="no space left"):
        await Stock(database).seed([DESK])
    event.remove(Engine, "commit", fail)

    assert await Stock(database).catalogue() == (LAMP,)
    assert await Stock(database).seed([DESK]) == 1


async def test_an_unreachable_database_is_an_error_not_an_empty_result(tmp_path: Path) -> None:
    async with Database(f"sqlite:///{tmp_path}/no/such/folder.db") as database:
        with pytest.raises(OperationalError):
            await Stock(database).catalogue()
