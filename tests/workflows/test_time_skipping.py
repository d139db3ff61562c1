"""The server's time skipping, which these tests rely on, is enabled and works as assumed."""

import pytest
from temporalio.service import RPCError, RPCStatusCode

from tests.conftest import TIME_SKIPPING_KEY
from tests.workflows.harness import EXPIRE, Harness


async def test_the_server_accepts_our_key_for_time_skipping(harness: Harness) -> None:
    handle = await harness.open_request()

    try:
        reached = await harness.env.fast_forward(handle, EXPIRE / 5)
    except RPCError as error:
        if error.status is RPCStatusCode.UNIMPLEMENTED:
            pytest.fail(
                f"This Temporal server does not know {TIME_SKIPPING_KEY}: the key was renamed. "
                "Look for the new name in the server's release notes and set it in "
                "tests/conftest.py (docs/temporal-facts.md)."
            )
        raise

    assert reached


async def test_time_is_skipped_only_on_request(harness: Harness) -> None:
    handle = await harness.open_request()
    before = await harness.workflow_time(handle)

    await harness.fast_forward(handle, EXPIRE / 5)

    moved = await harness.workflow_time(handle) - before
    assert EXPIRE / 5 <= moved < EXPIRE / 4
