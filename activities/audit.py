"""The audit port on `records/`: facts and the face they led to, in one transaction."""

from pydantic import TypeAdapter
from temporalio import activity
from temporalio.exceptions import ApplicationError

from records.audit import AuditConflictError, AuditGapError, AuditTrail
from records.database import Database
from records.requests import PublicState
from workflows.ports import AuditBatch, AuditPort
from workflows.rules.order import Face

_FACE: TypeAdapter[Face] = TypeAdapter(Face)


class AuditActivities(AuditPort):
    """The audit trail in the database."""

    def __init__(self, database: Database) -> None:
        self._trail = AuditTrail(database)

    @activity.defn
    async def append(self, batch: AuditBatch) -> None:
        """Append the facts and store the face. Safe to repeat, late too.

        Raises ApplicationError `audit.conflict` (not retryable) where another fact stands under
        the same number, and `audit.gap` where earlier facts are missing: that one is retried,
        for they can only have been lost with the database, and may come back with its backup.
        """
        state = PublicState(
            request_id=batch.request_id,
            owner_id=batch.owner_id,
            kind=batch.face.kind,
            requester=batch.face.requester.person,
            status=batch.face.status.value,
            face=_FACE.dump_json(batch.face).decode(),
            watches=frozenset(batch.watches),
        )
        try:
            await self._trail.append(batch.facts, state)
        except AuditConflictError as error:
            raise ApplicationError(str(error), type="audit.conflict", non_retryable=True) from error
        except AuditGapError as error:
            raise ApplicationError(str(error), type="audit.gap") from error
