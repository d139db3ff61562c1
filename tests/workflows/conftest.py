"""A worker with fake ports on the real server."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.common import RetryPolicy
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from bot.cli.demo import temporal_binary
from tests.conftest import DEV_SERVER_ARGS
from tests.workflows.continued_runs import LOW_LIMIT_SERVER_ARGS
from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import Harness, run_harness
from workflows import card_owner, options
from workflows.payloads import data_converter


@pytest.fixture
def ports() -> FakePorts:
    return FakePorts()


@pytest.fixture
async def harness(temporal: WorkflowEnvironment, ports: FakePorts) -> AsyncIterator[Harness]:
    async with run_harness(temporal, ports) as harness:
        yield harness


@pytest.fixture(scope="session")
async def low_limit_temporal() -> AsyncIterator[WorkflowEnvironment]:
    """A second server, which suggests continue-as-new after a few updates."""
    env = await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=[*DEV_SERVER_ARGS, *LOW_LIMIT_SERVER_ARGS],
        data_converter=data_converter,
        dev_server_log_level="error",
        ts_config=TimeSkippingConfig(enabled=False),
    )
    async with env:
        yield env


@pytest.fixture
async def low_limit_harness(
    low_limit_temporal: WorkflowEnvironment, ports: FakePorts
) -> AsyncIterator[Harness]:
    async with run_harness(low_limit_temporal, ports) as harness:
        yield harness


@pytest.fixture
def short_release(monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """Let a hanging publish delay the release of a card for only 0.2 real seconds.

    Returns how much shorter that is.
    """
    short = timedelta(seconds=0.2)
    saved = card_owner.RELEASE_TIMEOUT - short
    monkeypatch.setattr(card_owner, "RELEASE_TIMEOUT", short)
    return saved


@pytest.fixture
def short_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an ended workflow retry for 20 minutes: hours have many more attempts, all the same."""
    monkeypatch.setattr(card_owner, "FINISH_TIMEOUT", timedelta(minutes=20))


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry appends after 0.1 real seconds instead of one: nothing skips this wait."""
    policy = RetryPolicy(initial_interval=timedelta(seconds=0.1))
    monkeypatch.setitem(options.RETRY_FOREVER, "retry_policy", policy)


@pytest.fixture
async def short_timeout_harness(
    temporal: WorkflowEnvironment, ports: FakePorts, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Harness]:
    """A harness whose attempts at Slack time out after half a real second instead of ten.

    A running activity stops the virtual clock, so a hanging attempt takes real time.
    """
    monkeypatch.setitem(options.SLACK_ONCE, "schedule_to_close_timeout", timedelta(seconds=0.5))
    async with run_harness(temporal, ports) as harness:
        yield harness
