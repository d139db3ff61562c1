"""A worker with fake ports on the real server."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.workflows.fakes import World
from tests.workflows.office import Office, office_of


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def office(temporal: WorkflowEnvironment, world: World) -> AsyncIterator[Office]:
    async with office_of(temporal, world) as office:
        yield office
