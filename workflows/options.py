"""The timeouts and retry policies of all activities, each with its reason."""

from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy


class SingleAttempt(TypedDict):
    """Options of an activity with one attempt."""

    schedule_to_close_timeout: timedelta
    retry_policy: RetryPolicy


class Retries(TypedDict):
    """Options of an activity that Temporal retries."""

    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy


# A local activity writes one event instead of six, but holds the workflow task while it runs.
# So it gets one short attempt, and after a failure it runs again as a regular activity.
LOCAL_ONCE: SingleAttempt = {
    "schedule_to_close_timeout": timedelta(seconds=2),
    "retry_policy": RetryPolicy(maximum_attempts=1),
}

# A call to Slack is one attempt. The workflow itself decides when the next one is due, so that
# no retry of Temporal's delays the audit of a decision.
SLACK_ONCE: SingleAttempt = {
    "schedule_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_attempts=1),
}

# For calls that must not be lost, such as an append to the audit trail. The short interval means
# that they succeed soon after the database is back.
RETRY_FOREVER: Retries = {
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_interval=timedelta(seconds=5)),
}

# A step has failed after five attempts (about 15 s): the customer should not wait longer.
STEP_RETRIES: Retries = {
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_attempts=5),
}

# A mail is best effort: after half an hour it is too late to be useful.
MAIL_RETRIES: Retries = {
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_attempts=20, maximum_interval=timedelta(minutes=2)),
}

# A compensation must succeed in the end, but if it keeps failing, a person has to look at it: after
# ten attempts (about three minutes) the workflow asks for help and waits. Then it starts over.
COMPENSATION_RETRIES: Retries = {
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_attempts=10, maximum_interval=timedelta(seconds=30)),
}

# A comparison with Temporal is repeated by the next run of its Schedule.
COMPARE_RETRIES: Retries = {
    "start_to_close_timeout": timedelta(minutes=1),
    "retry_policy": RetryPolicy(maximum_attempts=5),
}
