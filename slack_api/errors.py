"""What a failed Slack call means: may it be tried again, when, and is its outcome known."""

from dataclasses import dataclass
from datetime import timedelta

import aiohttp
from slack_sdk.errors import SlackApiError

LIMITED = frozenset({"ratelimited", "rate_limited"})
TOO_MANY = 429
"""The HTTP status of "Too Many Requests"."""

AMBIGUOUS = frozenset({"fatal_error", "internal_error", "service_unavailable"})
"""Errors after which "some aspect of the operation" may have succeeded (docs.slack.dev)."""

TRANSIENT = (
    LIMITED
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
"""Errors that pass by themselves: Slack is busy or broken, or the workspace is being moved.

Every other error is a definite refusal, a new one of Slack's too: no retry mends it, a person must.
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
"""Errors that say of a direct message: whoever it is for cannot get any."""

GONE = frozenset({"message_not_found", "cant_update_message"})
"""Errors of chat.update that say: this message is not there (any more), or not ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SlackProblem:
    """One failed call. `ambiguous`: Slack may have done it all the same.

    `lasting`: no retry mends it. `addressee_gone`: nobody can, for this person gets no messages.
    """

    code: str
    lasting: bool = False
    addressee_gone: bool = False
    ambiguous: bool = False
    retry_after: timedelta | None = None


SLACK_FAILURES = (SlackApiError, aiohttp.ClientError, TimeoutError)
"""What `slack_sdk`'s async client raises when a call does not succeed."""


def classify(error: Exception) -> SlackProblem:
    """Say what `error`, one of SLACK_FAILURES, means."""
    if isinstance(error, aiohttp.ClientConnectorError):  # nothing was sent
        return SlackProblem(code="slack.unreachable")
    if not isinstance(error, SlackApiError):
        return SlackProblem(code="slack.no_answer", ambiguous=True)
    code, status = slack_code(error), _status(error)
    if code in LIMITED or status == TOO_MANY:
        return SlackProblem(code="slack.ratelimited", retry_after=_retry_after(error))
    if status >= 500 or not code:  # noqa: PLR2004 - a server error may come after the deed
        return SlackProblem(code="slack.server_error", ambiguous=True)
    return SlackProblem(
        code=f"slack.{code}",
        lasting=code not in TRANSIENT,
        addressee_gone=code in UNREACHABLE,
        ambiguous=code in AMBIGUOUS,
    )


def slack_code(error: SlackApiError) -> str:
    """Return Slack's name of the error, or nothing where what came back was not Slack's JSON.

    What stands between us and Slack may answer with a page of HTML or plain text; `slack_sdk`
    then keeps a string, or the bare response, where an answer should be.
    """
    body = getattr(error.response, "data", error.response)
    code = body.get("error") if isinstance(body, dict) else None
    return code if isinstance(code, str) else ""


def _status(error: SlackApiError) -> int:
    response = error.response
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    return status if isinstance(status, int) else 0


def _retry_after(error: SlackApiError) -> timedelta:
    written = str(getattr(error.response, "headers", {}).get("Retry-After", ""))
    return timedelta(seconds=int(written) if written.isdecimal() else 1)
