"""The policies under which a worker lets requests start."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bot.policies.file import Policies, PolicyFileError, load
from workflows.rules.approvals.registration import Registration

GRACE = timedelta(hours=1)
"""How long a replaced policy file is accepted: a bot that has not been restarted still uses it."""

_log = structlog.get_logger("bot.policies")


class PolicyBook:
    """The policy file, read again for a request whose policy it does not have."""

    def __init__(self, path: Path, now: Callable[[], datetime], attempts: int = 12) -> None:
        self.attempts = attempts
        self._path = path
        self._now = now
        self._current = load(path)
        self._replaced: list[tuple[Policies, datetime]] = []

    @property
    def admin_channel(self) -> str:
        """The channel that receives notices of refused starts."""
        return self._current.admin_channel

    def knows(self, asked: Registration) -> bool:
        """Return whether the file, or a version that it replaced within `GRACE`, has this policy."""
        if self._has(asked):
            return True
        self._read_again()
        return self._has(asked)

    def _has(self, asked: Registration) -> bool:
        since = self._now() - GRACE
        recent = (policies for policies, replaced_at in self._replaced if replaced_at >= since)
        return any(_is_of(policies, asked) for policies in (self._current, *recent))

    def _read_again(self) -> None:
        try:
            policies = load(self._path)
        except PolicyFileError as error:  # half-written, perhaps: the next attempt reads it again
            _log.warning("policies_not_read", why=str(error))
            return
        if policies != self._current:
            self._replaced.append((self._current, self._now()))
            self._current = policies
            _log.info("policies_read_again", path=str(self._path))


class ForeignPolicies(PolicyBook):
    """Accepts any policy, for programs that bring their own (setting `FOREIGN_POLICIES`)."""

    def knows(self, asked: Registration) -> bool:  # noqa: ARG002 - every policy is accepted
        """Return True: only the route is checked, against the policy that the start brings along."""
        return True


def _is_of(policies: Policies, asked: Registration) -> bool:
    own = policies.by_name.get(asked.policy)
    is_same = own is not None and own.version == asked.digest
    return is_same and policies.chain_of(asked.requester) == asked.managers
