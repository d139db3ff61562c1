"""The people of the workspace: who is meant by a source, and may they decide."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.slack_errors import SLACK_FAILURES, classify, slack_code
from workflows.ports import ApproverQuestion, DirectoryPort
from workflows.rules.people import ApproverSet, Member, Standing
from workflows.rules.policy import ApproverSource

_NOBODY = frozenset({"user_not_found", "user_not_visible"})
_TOLD_OF_MEMBERS = ("is_bot", "is_restricted", "is_ultra_restricted")
"""Slack says these of every member. Where one is missing, nothing is known; `deleted` may be."""


class DirectoryActivities(DirectoryPort):
    """The port on a real (or stand-in) Slack. `now` is when a reading is made."""

    def __init__(self, client: AsyncWebClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._home: tuple[str, str] | None = None

    @activity.defn
    async def approvers(self, question: ApproverQuestion) -> ApproverSet:
        """Read the sources now; see the port."""
        try:
            home = await self._read_home()
            members = await asyncio.gather(
                *(self._member(source, home) for source in question.sources)
            )
        except SLACK_FAILURES as error:
            problem = classify(error)
            msg = f"the people could not be read: {problem.code}"
            raise ApplicationError(msg, type=problem.code) from error
        return ApproverSet(members=tuple(members), read_at=self._now())

    async def _read_home(self) -> tuple[str, str]:
        """Return the ids of our own team and enterprise ("" outside a Grid); they never change."""
        if self._home is None:
            me = await self._client.auth_test()
            self._home = (str(me["team_id"]), str(me.get("enterprise_id") or ""))
        return self._home

    async def _member(self, source: ApproverSource, home: tuple[str, str]) -> Member:
        try:
            answer = await self._client.users_info(user=source.value)
        except SlackApiError as error:
            if slack_code(error) not in _NOBODY:
                raise
            return Member(person=source.value, source=str(source), standing=Standing.UNKNOWN)
        return Member(
            person=source.value, source=str(source), standing=standing(answer["user"], home)
        )


def standing(user: dict[str, Any], home: tuple[str, str]) -> Standing:
    """Say what Slack's user object makes of a person (docs.slack.dev, the user object).

    Fails closed: who is not plainly a full member of our own workspace or Grid may not decide.
    """
    if user.get("deleted"):
        return Standing.DEACTIVATED
    if user.get("is_bot") or user.get("is_workflow_bot") or user.get("id") == "USLACKBOT":
        return Standing.BOT
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Standing.GUEST
    if user.get("is_stranger") or not _is_at_home(user, home):
        return Standing.STRANGER
    if any(user.get(flag) is not False for flag in _TOLD_OF_MEMBERS):
        return Standing.UNKNOWN
    return Standing.ACTIVE


def _is_at_home(user: dict[str, Any], home: tuple[str, str]) -> bool:
    team, enterprise = home
    if team and user.get("team_id") == team:
        return True
    grid = user.get("enterprise_user")
    return bool(enterprise and isinstance(grid, dict) and grid.get("enterprise_id") == enterprise)
