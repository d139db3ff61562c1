"""Pages of Slack's list methods."""

from slack_sdk.web.async_slack_response import AsyncSlackResponse


def next_cursor(page: AsyncSlackResponse) -> str:
    """Return the cursor of the page that follows; empty after the last page."""
    return str((page.get("response_metadata") or {}).get("next_cursor") or "")
