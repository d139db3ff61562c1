"""The fixtures of the workflow tests, in the sandbox: every golden path runs in it here."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.sandbox import sandbox_sharing
from tests.workflows.conftest import low_limit_temporal, ports
from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import Harness, run_harness

__all__ = ["low_limit_temporal", "ports"]


@pytest.fixture
async def harness(temporal: WorkflowEnvironment, ports: FakePorts) -> AsyncIterator[Harness]:
    async with run_harness(temporal, ports, runner=sandbox_sharing()) as harness:
        yield harness


@pytest.fixture
async def low_limit_harness(
    low_limit_temporal: WorkflowEnvironment,
    ports: FakePorts,
) -> AsyncIterator[Harness]:
    async with run_harness(low_limit_temporal, ports, runner=sandbox_sharing()) as harness:
        yield harness
