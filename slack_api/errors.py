"""Classification of failed Slack calls: whether and when to retry, and whether the outcome is known."""

from dataclasses import dataclass
from datetime import timedelta

import aiohttp
from slack_sdk.errors import SlackApiError

RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
HTTP_TOO_MANY_REQUESTS = 429

AMBIGUOUS = frozenset({"fatal_error", "internal_error", "service_unavailable"})
"""Errors after which "some aspect of the operation" may have succeeded (docs.slack.dev)."""

TRANSIENT = (
    RATE_LIMITED
    | AMBIGUOUS
    | {
        "accesslimited",
        "external_channel_migrating",
        "fetch_members_failed",
        "message_limit_exceeded",
        "org_login_required",
        "request_timeout",
        "team_added_to_org",
        "update_failed",
    }
)
"""Errors that go away without intervention: Slack is busy or down, or the workspace is being moved.

Every other error is a definite refusal, including codes that Slack adds later: no retry helps until
a person fixes the cause.
"""

UNREACHABLE = frozenset(
    {
        "cannot_dm_bot",
        "user_deactivated",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_not_found",
    }
)
"""Errors of a direct message whose addressee cannot receive any."""

CHANNEL_GONE = frozenset({"channel_not_found", "is_archived"})
"""Errors of a post to a channel that was archived or deleted."""

MESSAGE_GONE = frozenset({"message_not_found", "cant_update_message"})
"""Errors of chat.update for a message that was deleted or is not ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SlackProblem:
    """One failed call.

    `ambiguous`: the call may have succeeded nevertheless. `lasting`: no retry helps until a person
    fixes the cause. `addressee_gone`: no one can fix it, because this user receives no messages.
    """

    code: str
    lasting: bool = False
    addressee_gone: bool = False
    ambiguous: bool = False
    retry_after: timedelta | None = None


SLACK_FAILURES = (SlackApiError, aiohttp.ClientError, TimeoutError)
"""The exceptions that `slack_sdk`'s async client raises when a call does not succeed."""


def classify(error: Exception) -> SlackProblem:
    """Return the meaning of `error`, which is one of SLACK_FAILURES."""
    if isinstance(error, aiohttp.ClientConnectorError):  # nothing was sent
        return SlackProblem(code="slack.unreachable")
    if not isinstance(error, SlackApiError):
        return SlackProblem(code="slack.no_answer", ambiguous=True)
    code, status = slack_code(error), _status(error)
    if code in RATE_LIMITED or status == HTTP_TOO_MANY_REQUESTS:
        return SlackProblem(code="slack.ratelimited", retry_after=_retry_after(error))
    if status >= 500 or not code:  # noqa: PLR2004 - the call may have succeeded before the error
        return SlackProblem(code="slack.server_error", ambiguous=True)
    return SlackProblem(
        code=f"slack.{code}",
        lasting=code not in TRANSIENT,
        addressee_gone=code in UNREACHABLE,
        ambiguous=code in AMBIGUOUS,
    )


def slack_code(error: SlackApiError) -> str:
    """Return Slack's error code, or an empty string if the response was not Slack's JSON.

    A proxy between us and Slack may respond with HTML or plain text. `slack_sdk` then stores a
    string, or the bare response, in place of the parsed body.
    """
    body = getattr(error.response, "data", error.response)
    code = body.get("error") if isinstance(body, dict) else None
    return code if isinstance(code, str) else ""


def _status(error: SlackApiError) -> int:
    response = error.response
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    return status if isinstance(status, int) else 0


def _retry_after(error: SlackApiError) -> timedelta:
    header = str(getattr(error.response, "headers", {}).get("Retry-After", ""))
    return timedelta(seconds=int(header) if header.isdecimal() else 1)
