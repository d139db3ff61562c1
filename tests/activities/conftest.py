"""Fixtures for activities, which run against the stand-in that the tests of `slack_api` use."""

import pytest
from temporalio.testing import ActivityEnvironment

from tests.slack_api.conftest import poster, slack, web

__all__ = ["poster", "slack", "web"]


@pytest.fixture
def activity() -> ActivityEnvironment:
    """The environment that an activity runs in."""
    return ActivityEnvironment()
