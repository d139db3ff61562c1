"""Hostile Slack: every failure leads to a visible message."""

from tests.chaos.conftest import RunTrial
from tests.chaos.hostile_slack import CASES, TRIAL


async def test_every_slack_failure_is_reported_and_requests_continue_once_it_is_fixed(
    run_trial: RunTrial,
) -> None:
    """This fails without any of these.

    The client that remembers Retry-After (slack_api/rate_limited_client.py), the direct messages to
    admins if their channel cannot be posted to (activities/notices.py), the notice to admins about a
    card that was not posted (workflows/card_owner.py), and the second post of a deleted card
    (slack_api.errors.MESSAGE_GONE).
    """
    report = await run_trial(TRIAL)

    assert report.requests > len(CASES)
    assert report.faults >= 6
    assert report.presses >= 4
