"""The audit port: appends facts and stores the snapshot they led to, in one transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from records.audit import AuditConflictError, AuditGapError, AuditTrail
from records.database import Database
from records.refusals import Refusal, Refusals
from records.requests import PublicState
from records.snapshots import encode_snapshot
from workflows.ports.approvals import START_REFUSED, AuditBatch, AuditPort
from workflows.rules.approvals.registration import Registration
from workflows.rules.inbox import listed_as, waiting_approvers

AUDIT_CONFLICT = "audit.conflict"
"""The type of the failure if another fact has the same number."""
REPAIR_RETRY_DELAY = timedelta(minutes=1)
"""Delay before the next attempt if an operator must repair the database first."""
START = "start"
"""The verb of a refused start in the record of refusals."""
ID_TAKEN = "id_taken"
"""The code of a refusal: the records have another request with this id."""
ID_DIFFERS = "id_differs"
"""The code of a refusal: the request's number is not the id of its workflow."""
ROUTE_DIFFERS = "route_differs"
"""The code of a refusal: the policy demands another route than the start brings along."""
POLICY_DIFFERS = "policy_differs"
"""The code of a refusal: the policy file has no such policy, or another version of it."""
POLICY_RETRY_DELAY = timedelta(seconds=5)
"""Delay before an unknown policy is looked for again."""

_log = structlog.get_logger("audit")


class KnownPolicies(Protocol):
    """The policies under which requests may start."""

    @property
    def admin_channel(self) -> str:
        """The channel that receives notices of refused starts."""

    @property
    def attempts(self) -> int:
        """How often an unknown policy is looked for: its file may reach the worker a little later."""

    def knows(self, asked: Registration) -> bool:
        """Return whether there is such a policy."""


class AuditActivities(AuditPort):
    """The audit trail in the database."""

    def __init__(
        self, database: Database, policies: KnownPolicies, now: Callable[[], datetime]
    ) -> None:
        self._policies = policies
        self._trail = AuditTrail(database)
        self._refusals = Refusals(database)
        self._now = now

    @activity.defn
    async def append(self, batch: AuditBatch) -> None:
        """Append the facts and store the snapshot. Safe to repeat, even much later.

        Raises ApplicationError `audit.conflict` if another fact has the same number, and
        `audit.gap` if earlier facts are missing. In both cases the database was changed or lost,
        and may be repaired or restored from a backup. Both errors are therefore retried forever,
        and each attempt logs an error. Until then the request shows nothing new and has no
        further effects. If the first fact is another, the id belongs to another request, which
        Temporal no longer has: the new request is refused for good.
        """
        await self._require_registered(batch)
        try:
            new = await self._trail.append(batch.facts, public_state(batch))
        except AuditConflictError as error:
            if error.sequence == 1:
                raise await self._refused(batch, ID_TAKEN) from error
            raise _retried_until_repaired(AUDIT_CONFLICT, error) from error
        except AuditGapError as error:
            raise _retried_until_repaired("audit.gap", error) from error
        for fact in batch.facts[len(batch.facts) - new :]:
            _log.info(
                "fact_recorded",
                request_id=fact.request_id,
                fact=fact.kind.value,
                sequence=fact.sequence,
                actor=fact.actor.person,
            )

    async def _require_registered(self, batch: AuditBatch) -> None:
        """Raise the refusal of a new request that has the wrong number, route or policy."""
        asked = batch.registration
        if asked is None:
            return
        if activity.info().workflow_id != batch.request_id:
            raise await self._refused(batch, ID_DIFFERS)
        if asked.follows_policy and self._policies.knows(asked):
            return
        if await self._trail.first(batch.request_id) is not None:
            return  # registered before, and only this answer was lost
        if not asked.follows_policy:
            raise await self._refused(batch, ROUTE_DIFFERS)
        if activity.info().attempt < self._policies.attempts:
            raise ApplicationError(
                POLICY_DIFFERS, type=POLICY_DIFFERS, next_retry_delay=POLICY_RETRY_DELAY
            )
        raise await self._refused(batch, POLICY_DIFFERS)

    async def _refused(self, batch: AuditBatch, code: str) -> ApplicationError:
        """Record a refused start and return the failure that ends the request."""
        request_id, requester = batch.request_id, batch.face.requester
        activity.logger.error("start of %s refused: %s", request_id, code)
        refusal = Refusal(
            request_id=request_id, actor=requester, verb=START, code=code, at=self._now()
        )
        await self._refusals.append(refusal)
        channel = self._policies.admin_channel
        return ApplicationError(code, code, channel, type=START_REFUSED, non_retryable=True)


def public_state(batch: AuditBatch) -> PublicState:
    """Return the state to store with the facts of a batch."""
    return PublicState(
        request_id=batch.request_id,
        owner_id=batch.owner_id,
        kind=batch.face.kind,
        requester=batch.face.requester.person,
        status=batch.face.status.value,
        face=encode_snapshot(batch.face),
        watches=frozenset(batch.watches),
        readers=batch.readers,
        about=batch.face.about,
        waiting=waiting_approvers(batch.face),
        listed_as=listed_as(batch.face),
        goes_on=batch.face.is_open,
        copies=batch.copies,
    )


def _retried_until_repaired(kind: str, error: Exception) -> ApplicationError:
    """Log the problem for the operator and return the failure of this attempt."""
    activity.logger.error("%s: %s; retrying until the database is repaired", kind, error)
    return ApplicationError(str(error), type=kind, next_retry_delay=REPAIR_RETRY_DELAY)
