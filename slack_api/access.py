"""Whether Slack accepts our tokens. An unreachable Slack says nothing about a token."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from slack_api.errors import SLACK_FAILURES, classify, slack_code

BOT_TOKEN, APP_TOKEN = "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"
"""The settings that Slack may refuse."""
ATTEMPT_TIMEOUT = 5.0
"""Seconds for one attempt."""
FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0
"""Seconds between two attempts while Slack cannot be reached: doubled each time."""

_WRONG = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "missing_scope",
        "not_allowed_token_type",
        "not_authed",
        "token_expired",
        "token_revoked",
    }
)
_log = structlog.get_logger("slack_api.access")

Call = Callable[[], Awaitable[AsyncSlackResponse]]


class WrongTokenError(Exception):
    """Slack refuses a token. The text names the setting, Slack's error and the fix."""

    def __init__(self, setting: str, code: str) -> None:
        super().__init__(
            f"Slack refuses {setting} ({code}). Copy the current token from your app's page on "
            "api.slack.com, and check its scopes."
        )


async def attempt(call: Call, setting: str) -> AsyncSlackResponse | None:
    """Return Slack's answer to a call that proves a token; None if Slack cannot be asked now.

    Raises:
        WrongTokenError: Slack refuses the token in `setting`.

    """
    try:
        async with asyncio.timeout(ATTEMPT_TIMEOUT):
            return await call()
    except (*SLACK_FAILURES, OSError) as error:
        code = slack_code(error) if isinstance(error, SlackApiError) else ""
        if code in _WRONG:
            raise WrongTokenError(setting, code) from error
        _log.warning("slack_not_reached", checking=setting, error=classify(error).code)
        return None


async def until_answered(call: Call, setting: str) -> AsyncSlackResponse:
    """Repeat `attempt` until Slack answers. Raises WrongTokenError."""
    delay = FIRST_DELAY
    while (answer := await attempt(call, setting)) is None:
        await asyncio.sleep(delay)
        delay = min(delay * 2, LONGEST_DELAY)
    return answer
