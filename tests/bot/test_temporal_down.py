"""Without Temporal: no input is lost, and every message is accurate."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from bot.app import create_app, running_services
from bot.policies.file import Policies
from bot.runtime.settings import COMMAND
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient, text_of
from records.database import Database
from tests.bot.order_driver import (
    ANA,
    BORIS,
    OrderDriver,
    listeners_finished,
)
from tests.bot.order_form import TYPED, order_id_of, submission
from tests.bot.signed_clicks import SECRET, SignedHttp, click_payload
from views import notices
from views.translator import ENGLISH
from workflows.payloads import data_converter


@pytest.fixture
async def http_without_temporal(
    temporal: WorkflowEnvironment, web: AsyncWebClient, database: Database, policies: Policies
) -> AsyncIterator[SignedHttp]:
    """The bot with a connection to a Temporal server that is unreachable now."""
    async with port_forwarding(temporal.client.service_client.config.target_host) as address:
        gone = await Client.connect(address, data_converter=data_converter)
    workflows = WorkflowClient(gone, "none", wait=0.2)
    async with running_services(
        slack=web,
        database=database,
        workflows=workflows,
        policies=policies,
        command=COMMAND,
        retry_for=0.2,
    ) as services:
        yield SignedHttp(create_app(web, SECRET, services))
        await listeners_finished()


@asynccontextmanager
async def port_forwarding(target: str) -> AsyncIterator[str]:
    """Forward a local port to `target` while the context is open, then cut every connection."""
    host, _, port = target.rpartition(":")
    writers: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        writers.extend((writer, there_writer))
        await asyncio.gather(
            pump(reader, there_writer), pump(there_reader, writer), return_exceptions=True
        )

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    for writer in writers:
        writer.transport.abort()


async def test_with_temporal_down_the_form_is_shown_again_with_its_input(
    slack: StandInClient, http_without_temporal: SignedHttp
) -> None:
    form, payload = await submission(slack, http_without_temporal, note="Mind the *step*")

    await http_without_temporal.interact(payload)

    again = await slack.wait_for_modal(ANA, lambda v: notices.unavailable(ENGLISH) in text_of(v))
    shown = {
        block["block_id"]: block["element"].get("initial_value")
        or block["element"].get("initial_option", {}).get("value")
        for block in again["blocks"]
        if block["type"] == "input"
    }
    assert {key: typed for key, typed in shown.items() if typed} == TYPED | {
        "payment": "charge",
        "note": "Mind the *step*",
    }
    assert order_id_of(again) == order_id_of(form)
    assert again["callback_id"] == "order"


async def test_with_temporal_down_and_the_form_closed_a_direct_message_is_sent(
    slack: StandInClient, http_without_temporal: SignedHttp
) -> None:
    form, payload = await submission(slack, http_without_temporal)
    await slack.act(ANA, "view_close", view_id=form["id"])

    await http_without_temporal.interact(payload)

    await slack.wait_for_message(
        f"D{ANA}", ANA, lambda m: notices.unavailable(ENGLISH) in text_of(m)
    )


async def test_with_temporal_down_a_click_is_reported_as_unconfirmed(
    slack: StandInClient, http_without_temporal: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "approve")

    await http_without_temporal.interact(payload)

    await order_driver.private_message(BORIS, notices.unconfirmed(ENGLISH))
    await order_driver.private_message(BORIS, notices.still_unconfirmed(ENGLISH))


async def test_with_temporal_down_a_menu_says_so(
    slack: StandInClient, http_without_temporal: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "more")

    await http_without_temporal.interact(payload)

    await slack.wait_for_modal(BORIS, lambda v: notices.unavailable(ENGLISH) in text_of(v))
