"""A worker with fake ports on the real server."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from bot.cli.demo import temporal_binary
from tests.conftest import DEV_SERVER_ARGS
from tests.sandbox import sandbox_sharing
from tests.workflows.afresh import NARROW_SERVER_ARGS
from tests.workflows.fakes import World
from tests.workflows.office import Office, office_of
from workflows import options
from workflows.payloads import data_converter


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def office(temporal: WorkflowEnvironment, world: World) -> AsyncIterator[Office]:
    async with office_of(temporal, world) as office:
        yield office


@pytest.fixture(scope="session")
async def narrow_temporal() -> AsyncIterator[WorkflowEnvironment]:
    """A second server, on which a workflow starts afresh after few updates."""
    env = await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=[*DEV_SERVER_ARGS, *NARROW_SERVER_ARGS],
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


@pytest.fixture
async def impatient_office(
    temporal: WorkflowEnvironment, world: World, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    """An office whose Slack tries end after half a real second instead of ten.

    A running activity holds the virtual clock, so a hang takes as long as it takes.
    """
    monkeypatch.setitem(options.SLACK_ONCE, "schedule_to_close_timeout", timedelta(seconds=0.5))
    runner = sandbox_sharing("workflows.options")
    async with office_of(temporal, world, runner=runner) as office:
        yield office
