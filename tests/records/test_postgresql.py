"""PostgreSQL: libpq's URL parameters, PgBouncer in both modes, and servers that cannot be used."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import pydantic_data_converter

from records.database import Database
from records.postgresql import DatabaseUnusableError, UrlParameterError
from records.schema import products
from records.stock import Product, Stock
from tests.records import postgresql_server
from tests.records.postgresql_server import Server

POOL = 2
CLIENTS, TRANSACTIONS, ROUNDS = 3, 10, 8


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgresql_server.running() as server:
        yield server


@pytest.fixture(params=["direct", "session", "transaction"])
async def database_url(request: pytest.FixtureRequest, server: Server) -> AsyncIterator[str]:
    """The URL of a database with our schema: of the server itself, or of PgBouncer in this mode."""
    if request.param == "direct":
        yield server.url()
        return
    size = POOL if request.param == "transaction" else 50
    with postgresql_server.pgbouncer(server, request.param, size) as port:
        yield postgresql_server.url(port)


async def test_transactions_of_several_processes_work_directly_and_through_pgbouncer(
    database_url: str,
) -> None:
    databases = [Database(database_url) for _ in range(CLIENTS)]
    await databases[0].upgrade()
    added = 0
    for n in range(ROUNDS):  # each of our connections meets several of the server's
        product = Product(sku=f"P-{n}", name="x", on_hand=n)
        seeds = (Stock(database).seed([product]) for database in databases * TRANSACTIONS)
        added += sum(await asyncio.gather(*seeds))
    ready = await asyncio.gather(*(database.is_writable() for database in databases))
    found = await asyncio.gather(*(Stock(database).catalogue() for database in databases))
    async with databases[0].writing() as connection:
        await connection.execute(text("DELETE FROM products"))
    for database in databases:
        await database.close()

    assert added == ROUNDS
    assert ready == [True] * CLIENTS
    assert [len(products) for products in found] == [ROUNDS] * CLIENTS


async def test_a_writer_waits_for_a_lock_at_most_five_seconds(database_url: str) -> None:
    async with Database(database_url) as database:
        async with database.writing("subject") as connection:
            inside = await connection.scalar(text("SHOW lock_timeout"))
        async with database.writing() as connection:
            without_subject = await connection.scalar(text("SHOW lock_timeout"))

    assert (inside, without_subject) == ("5s", "5s")


async def test_the_parameters_of_libpq_are_obeyed(server: Server) -> None:
    url = server.url(
        sslmode="verify-full",
        sslrootcert=str(server.certificate),
        channel_binding="prefer",
        connect_timeout="3",
        application_name="countersign-bot",
        options="-c%20statement_timeout%3D12345",
        keepalives_idle="30",
    )
    async with Database(url) as database, database.reading() as connection:
        settings = [
            await connection.scalar(text(f"SHOW {name}"))
            for name in ("application_name", "statement_timeout")
        ]
        is_encrypted = await connection.scalar(
            text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        )

    assert settings == ["countersign-bot", "12345ms"]
    assert is_encrypted


async def test_an_error_contains_no_values(server: Server) -> None:
    """Not in our parameters, and not in the server's details, which quote the refused row."""
    secret = "a-private-reason"
    async with Database(server.url()) as database:
        await database.upgrade()
        row = {"sku": secret, "name": secret, "price_hint": "", "on_hand": -1, "warehouse": "x"}
        async with database.writing() as connection:
            with pytest.raises(IntegrityError) as raised:
                await connection.execute(insert(products), [row])
        failure = Failure()
        await pydantic_data_converter.encode_failure(raised.value, failure)

    assert "violates" in str(raised.value)
    assert secret not in "".join(traceback.format_exception(raised.value))
    assert secret not in str(failure)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"channel_binding": "require"}, "channel_binding=require is not supported"),
        ({"gssencmode": "require"}, "gssencmode=require is not supported"),
        ({"connect_timeout": "soon"}, "connect_timeout must be a number of seconds"),
        ({"sslmod": "require"}, "the parameter sslmod is unknown"),
    ],
)
def test_a_parameter_that_cannot_be_obeyed_is_one_sentence(
    parameters: dict[str, str], sentence: str
) -> None:
    with pytest.raises(UrlParameterError, match=sentence) as refused:
        Database(postgresql_server.url(5432, **parameters))

    assert postgresql_server.PASSWORD not in str(refused.value)


async def test_each_way_in_which_a_server_cannot_be_used_is_one_sentence(
    server: Server, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("not a certificate")
    cases = {
        postgresql_server.url(1): "localhost:1 cannot be used: nothing listens there.",
        server.url("absent"): 'database "absent" does not exist',
        server.url().replace("pg-secret", "wrong"): "password authentication failed",
        server.url(sslmode="verify-full", sslrootcert="none.pem"): "a file or socket",
        server.url(sslmode="verify-full", sslrootcert=str(broken)): "no certificate",
        server.url(sslmode="sometimes"): "sslmode",
        "sqlite:////nowhere/at/all.db": "/nowhere/at/all.db",
    }
    for url, words in cases.items():
        for use in (Database.require_current_schema, Database.upgrade):
            async with Database(url) as database:
                with pytest.raises(DatabaseUnusableError) as raised:
                    await use(database)
            sentence = str(raised.value)
            assert words in sentence, url
            assert "DATABASE_URL" in sentence, url
            assert "\n" not in sentence, url
            assert "secret" not in sentence, url
