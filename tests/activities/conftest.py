"""Fixtures for activities, with the stand-in of tests/slack_api and the database of tests/records."""

import pytest
from temporalio.testing import ActivityEnvironment

from tests.records.conftest import database, migrated, quick_writes, url
from tests.slack_api.conftest import (
    call_timeout,
    pass_retry_after,
    poster,
    running,
    slack,
    web,
    workspace,
)

__all__ = [
    "call_timeout",
    "database",
    "migrated",
    "pass_retry_after",
    "poster",
    "quick_writes",
    "running",
    "slack",
    "url",
    "web",
    "workspace",
]


@pytest.fixture
def activity() -> ActivityEnvironment:
    """The environment that an activity runs in."""
    return ActivityEnvironment()
