"""Who may send a request or look up those of others: Slack says what a person is, and the policy says who may ask."""

import structlog

from records.database import DATABASE_FAILURES
from slack_api.directory import SlackDirectory
from slack_api.errors import SLACK_FAILURES, classify
from workflows.rules.approvals.policy import Policy, check_requester
from workflows.rules.people.actors import Standing
from workflows.rules.shared.recent import drop_oldest

MAX_KNOWN = 10_000
"""People whose last standing is remembered, for times when Slack or the database does not answer."""

_log = structlog.get_logger("bot.actions")


class RequesterUncheckedError(Exception):
    """Slack could not be asked about the requester, so nothing was started. Safe to repeat."""


class Requesters:
    """Checks who may send requests. The last known standing counts while it cannot be read."""

    def __init__(self, directory: SlackDirectory | None) -> None:
        self._directory = directory
        self._known: dict[str, Standing] = {}

    async def require(self, person: str, policy: Policy) -> None:
        """Check that this person may send a request under this policy.

        Raises:
            RequesterNotAllowedError: they may not, or Slack knows no such person.
            RequesterUncheckedError: Slack cannot be asked, and the person is not known yet.

        """
        check_requester(policy, await self._standing(person))

    async def is_member(self, person: str) -> bool:
        """Return whether this person is a full member of the workspace; False if that is unknown."""
        try:
            return await self._standing(person) is Standing.ACTIVE
        except RequesterUncheckedError:
            return False

    async def _standing(self, person: str) -> Standing:
        if self._directory is None:
            raise RequesterUncheckedError("SLACK_BOT_TOKEN is not set")
        try:
            standing = await self._directory.standing(person, fresh=False)
        except (*SLACK_FAILURES, *DATABASE_FAILURES) as error:
            is_slack = isinstance(error, SLACK_FAILURES)
            code = classify(error).code if is_slack else "records.unavailable"
            _log.warning("requester_not_read", person=person, error=code)
            if person not in self._known:
                raise RequesterUncheckedError(code) from error
            return self._known[person]
        self._known[person] = standing
        drop_oldest(self._known, MAX_KNOWN)
        return standing
