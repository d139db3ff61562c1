"""A long history starts afresh and forgets nothing: state, card, click ids."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from bot.demo import temporal_binary
from tests.conftest import DEV_SERVER_ARGS
from tests.workflows.fakes import Weather, World
from tests.workflows.office import BOTH, EXPIRE, ApprovalHandle, Office, office_of
from workflows.approval import ApprovalWorkflow
from workflows.payloads import data_converter
from workflows.rules.request import Status

FEW = 20
"""Updates per run on this server; at 90 % of them it suggests to continue as new."""


@pytest.fixture(scope="module")
async def narrow_temporal() -> AsyncIterator[WorkflowEnvironment]:
    env = await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=[
            *DEV_SERVER_ARGS,
            "--dynamic-config-value",
            f"history.maxTotalUpdates={FEW}",
        ],
        data_converter=data_converter,
        dev_server_log_level="error",
        ts_config=TimeSkippingConfig(enabled=False),
    )
    async with env:
        yield env


@pytest.fixture
async def narrow_office(
    narrow_temporal: WorkflowEnvironment, world: World
) -> AsyncIterator[Office]:
    async with office_of(narrow_temporal, world) as office:
        yield office


async def _start_afresh(office: Office, handle: ApprovalHandle) -> None:
    """Send updates until the workflow runs under another run id."""
    first = (await handle.describe()).run_id
    for _ in range(FEW):
        await handle.execute_update(ApprovalWorkflow.republish)
        await office.at_rest(handle)
        if (await handle.describe()).run_id != first:
            return
    raise AssertionError("the workflow never continued as new")


async def test_a_new_run_goes_on_where_the_last_one_stood(
    narrow_office: Office, world: World
) -> None:
    handle = await narrow_office.open_request(BOTH)
    before = await narrow_office.decide(handle, "UBORIS")
    await _start_afresh(narrow_office, handle)

    after = await handle.query(ApprovalWorkflow.state)
    closed = await narrow_office.decide(handle, "UCLARA")
    outcome = await handle.result()

    assert after == before
    assert closed.status is Status.APPROVED
    assert outcome.card.copies[0].ts == "1.0"
    assert len({card.copies[0].key for card in world.cards.asked}) == 1
    assert [fact.sequence for fact in world.audit.of(handle.id)] == [1, 2, 3, 4, 5, 6]


async def test_a_known_click_is_still_one_fact_in_the_new_run(
    narrow_office: Office, world: World
) -> None:
    handle = await narrow_office.open_request(BOTH)
    before = await narrow_office.click(handle, "UBORIS", click="one")
    await _start_afresh(narrow_office, handle)

    again = await narrow_office.click(handle, "UBORIS", click="one")
    await narrow_office.at_rest(handle)

    assert again == before
    assert world.audit.kinds(handle.id).count("DecisionRecorded") == 1


async def test_the_deadline_of_a_level_survives_a_new_run(
    narrow_office: Office, world: World
) -> None:
    handle = await narrow_office.open_request(BOTH)
    due = (await handle.query(ApprovalWorkflow.state)).levels[0].expires_at
    await _start_afresh(narrow_office, handle)

    await narrow_office.pass_time(handle, EXPIRE)
    await world.until(lambda: "RequestExpired" in world.audit.kinds(handle.id))

    expired = world.audit.fact(handle.id, "RequestExpired").at
    assert due is not None
    assert timedelta(0) <= expired - due < timedelta(seconds=1)


async def test_a_card_that_slack_refuses_does_not_hold_up_a_new_run(
    narrow_office: Office, world: World
) -> None:
    handle = await narrow_office.open_request(BOTH)
    world.slack.weather = Weather.REFUSING
    await narrow_office.decide(handle, "UBORIS")
    await narrow_office.at_rest(handle)

    await _start_afresh(narrow_office, handle)
    world.slack.answer()
    await narrow_office.pass_time(handle, timedelta(seconds=15))
    await narrow_office.at_rest(handle)

    assert world.cards.versions == [1, 2]
