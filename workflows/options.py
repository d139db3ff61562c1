"""How long activities may take and how they are retried. One place, one reason each."""

from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy


class LocalOptions(TypedDict):
    """Options of a local activity."""

    schedule_to_close_timeout: timedelta
    retry_policy: RetryPolicy


class TryOptions(TypedDict):
    """Options of an activity that is tried once."""

    schedule_to_close_timeout: timedelta
    retry_policy: RetryPolicy


class StepOptions(TypedDict):
    """Options of an activity that Temporal retries."""

    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy


# A local activity writes one event instead of six, but holds the workflow task while it runs:
# so it gets one short try, and what fails is done again as a regular activity.
QUICK: LocalOptions = {
    "schedule_to_close_timeout": timedelta(seconds=2),
    "retry_policy": RetryPolicy(maximum_attempts=1),
}

# One Slack call is one attempt: the workflow itself decides when the next one is due, so that
# no retry of Temporal's stands between a decision and its audit.
SLACK_TRY: TryOptions = {
    "schedule_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_attempts=1),
}

# What must not be lost, such as the audit: for ever, and soon after the database is back.
PATIENT: StepOptions = {
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_interval=timedelta(seconds=5)),
}

# A step that fails five times (about 15 s) has failed; the customer should not wait for longer.
STEP: StepOptions = {
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_attempts=5),
}

# A mail is news, no promise: after half an hour nobody waits for it any more.
MAIL: StepOptions = {
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_attempts=20, maximum_interval=timedelta(minutes=2)),
}

# An undo is owed, but one that nobody can do must come to somebody's eyes: after ten tries (about
# three minutes) the order asks for help and waits, and then begins with ten fresh ones.
COMPENSATION: StepOptions = {
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_attempts=10, maximum_interval=timedelta(seconds=30)),
}
