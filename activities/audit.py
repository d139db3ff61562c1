"""The audit port: appends facts and stores the snapshot they led to, in one transaction."""

from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from records.audit import AuditConflictError, AuditGapError, AuditTrail
from records.database import Database
from records.requests import PublicState
from records.snapshots import encode_snapshot
from workflows.ports.approvals import AuditBatch, AuditPort
from workflows.rules.inbox import listed_as, waiting_approvers

REPAIR_RETRY_DELAY = timedelta(minutes=1)
"""Delay before the next attempt if an operator must repair the database first."""


class AuditActivities(AuditPort):
    """The audit trail in the database."""

    def __init__(self, database: Database) -> None:
        self._trail = AuditTrail(database)

    @activity.defn
    async def append(self, batch: AuditBatch) -> None:
        """Append the facts and store the snapshot. Safe to repeat, even much later.

        Raises ApplicationError `audit.conflict` if another fact has the same number, and
        `audit.gap` if earlier facts are missing. In both cases the database was changed or lost,
        and may be repaired or restored from a backup. Both errors are therefore retried forever,
        and each attempt logs an error. Until then the request shows nothing new and has no
        further effects.
        """
        state = PublicState(
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
        )
        try:
            await self._trail.append(batch.facts, state)
        except AuditConflictError as error:
            raise _retried_until_repaired("audit.conflict", error) from error
        except AuditGapError as error:
            raise _retried_until_repaired("audit.gap", error) from error


def _retried_until_repaired(kind: str, error: Exception) -> ApplicationError:
    """Log the problem for the operator and return the failure of this attempt."""
    activity.logger.error("%s: %s; retrying until the database is repaired", kind, error)
    return ApplicationError(str(error), type=kind, next_retry_delay=REPAIR_RETRY_DELAY)
