"""Migrations: from an empty file to the current tables, and no start with any other schema."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from records import migration, schema
from records.audit import AuditTrail
from records.database import Database, SchemaError
from records.refusals import Refusal, Refusals
from records.requests import Requests
from records.stock import MAIN, Stock
from records.trail import actor_text
from tests.records.balance import Balance
from tests.records.builders import ANA, NOON, facts, state

_OLD_REQUEST = (
    "INSERT INTO requests VALUES ('ORD-OLD', 'ORD-OLD', 'order', 'UANA', 'pending', '{}', 1, "
    "'0', '2026-11-21 12:00:00', '2026-11-21 12:00:00')"
)
_OLD: dict[str, Any] = {
    "request_id": "ORD-1",
    "actor": ANA,
    "verb": "decide",
    "code": "own_request",
    "at": NOON,
}
_OLD_REFUSALS = [
    f"""INSERT INTO refusals (id, request_id, actor, verb, code, at) VALUES ({number},
    '{request_id}', '{actor_text(ANA)}', 'decide', 'own_request', '2026-11-21 12:00:00.000000')"""  # noqa: S608 - ours
    for number, request_id in ((7, "ORD-1"), (3, "ORD-2"))
]


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, schema.metadata))


def _names_of_constraints(connection: Connection) -> set[str | None]:
    inspector = inspect(connection)
    return {
        constraint["name"]
        for table in schema.metadata.tables
        for constraint in (
            *inspector.get_check_constraints(table),
            *inspector.get_foreign_keys(table),
            inspector.get_pk_constraint(table),
        )
    }


async def test_an_empty_database_is_refused_with_the_command_to_run(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    async with Database(f"sqlite:///{tmp_path}/empty.db") as database:
        assert not await database.is_current()
        with pytest.raises(SchemaError, match="run `countersign db upgrade`") as refused:
            await database.require_current_schema()

    assert refused.value.found == ""


async def test_a_newer_database_is_refused_without_advice_to_upgrade_it(
    database: Database,
) -> None:
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaError, match="install a newer Countersign"):
        await database.require_current_schema()


async def test_migrations_create_exactly_the_tables_of_the_schema(
    database: Database,
) -> None:
    await database.require_current_schema()
    async with database.reading() as connection:
        differences = await connection.run_sync(_differences)
        names = await connection.run_sync(_names_of_constraints)

    assert await database.is_current()
    assert differences == []
    assert names == {
        constraint.name
        for table in schema.metadata.tables.values()
        for constraint in table.constraints
    }


async def test_a_database_of_the_first_version_keeps_its_requests(tmp_path: Path) -> None:
    (tmp_path / "old.db").touch()
    async with Database(f"sqlite:///{tmp_path}/old.db") as database:
        async with database.writing() as connection:
            await connection.run_sync(lambda sync: migration.upgrade(sync, "0001"))
        assert not await database.is_current()
        async with database.writing() as connection:
            await connection.execute(text(_OLD_REQUEST))

        await database.upgrade()
        await AuditTrail(database).append(
            facts(1), replace(state(), watches=frozenset({"user:U0BORIS"}))
        )

        assert (await Requests(database).get("ORD-OLD")) is not None
        assert await Requests(database).open_watching("user:U0BORIS") == ("ORD-1",)


async def test_refusals_of_an_earlier_version_become_a_chain_in_their_order(
    tmp_path: Path,
) -> None:
    (tmp_path / "old.db").touch()
    async with Database(f"sqlite:///{tmp_path}/old.db") as database:
        async with database.writing() as connection:
            await connection.run_sync(lambda sync: migration.upgrade(sync, "0002"))
            for statement in _OLD_REFUSALS:
                await connection.execute(text(statement.replace(":", "\\:")))

        await database.upgrade()
        refusals = Refusals(database)
        await refusals.append(Refusal(**_OLD | {"at": NOON + timedelta(seconds=30)}))
        await refusals.append(Refusal(**_OLD | {"at": NOON + timedelta(seconds=90)}))

        found = [(row.number, row.refusal, row.times) async for row in refusals.all()]
        assert found == [
            (1, Refusal(**_OLD | {"request_id": "ORD-2"}), 1),
            (2, Refusal(**_OLD), 2),
            (3, Refusal(**_OLD | {"at": NOON + timedelta(seconds=90)}), 1),
        ]
        assert (await refusals.verify()).intact


_OLD_LEDGER = """
    INSERT INTO products VALUES ('LAMP', 'Lamp', '', 10, 4, 1, 5);
    INSERT INTO shipments VALUES ('ORD-1;ship', 'ORD-1', 'delivered', 'TRK-1');
    INSERT INTO reservations VALUES ('ORD-1;reserve', 'ORD-1', 'shipped', 'RES-1', 'ORD-1;ship');
    INSERT INTO reservations VALUES ('ORD-2;reserve', 'ORD-2', 'held', 'RES-2', NULL);
    INSERT INTO reservations VALUES ('ORD-3;reserve', 'ORD-3', 'released', 'RES-3', NULL);
    INSERT INTO reservation_lines VALUES ('ORD-1;reserve', 'LAMP', 5);
    INSERT INTO reservation_lines VALUES ('ORD-2;reserve', 'LAMP', 1);
    INSERT INTO reservation_lines VALUES ('ORD-3;reserve', 'LAMP', 2)"""


async def test_an_earlier_versions_shipments_and_products_are_migrated(
    tmp_path: Path,
) -> None:
    (tmp_path / "old.db").touch()
    async with Database(f"sqlite:///{tmp_path}/old.db") as database:
        async with database.writing() as connection:
            await connection.run_sync(lambda sync: migration.upgrade(sync, "0004"))
            for statement in _OLD_LEDGER.split(";\n"):
                await connection.execute(text(statement))

        await database.upgrade()

        orders = [await Balance(database).of_order(f"ORD-{number}") for number in (1, 2, 3)]
        (lamp,) = await Balance(database).of_stock()
        assert [(balance.held, balance.shipped) for balance in orders] == [
            ({}, {"LAMP": 5}),
            ({"LAMP": 1}, {}),
            ({}, {}),
        ]
        assert lamp.balanced
        assert [product.warehouse for product in await Stock(database).catalogue()] == [MAIN]


async def test_an_upgrade_may_be_repeated(tmp_path: Path) -> None:
    async with Database(f"sqlite:///{tmp_path}/100%.db") as database:
        await database.upgrade()
        await database.upgrade()

        assert await database.is_current()


async def test_programs_can_upgrade_a_new_file_concurrently(tmp_path: Path) -> None:
    for number in range(5):  # the switch to WAL takes only a millisecond
        url = f"sqlite:///{tmp_path}/{number}.db"
        async with Database(url) as ours, Database(url) as theirs, Database(url) as others:
            await asyncio.gather(*(program.upgrade() for program in (ours, theirs, others)))

            assert await theirs.is_current()


async def test_an_upgrade_waits_for_another_program_that_is_writing(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "new.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(0.2, other.execute, "COMMIT")
        async with Database(f"sqlite:///{tmp_path}/new.db") as database:
            await database.upgrade()

            assert await database.is_current()


async def test_a_failing_migration_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "half.db").touch()
    async with Database(f"sqlite:///{tmp_path}/half.db") as database:
        async with database.writing() as connection:
            await connection.execute(text("CREATE TABLE payments (what TEXT)"))
        with pytest.raises(Exception, match="payments already exists"):
            await database.upgrade()
        async with database.reading() as connection:
            tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())

    assert tables == ["payments"]
