"""The audit port on `records/`: facts and the face they led to, in one transaction."""

from datetime import timedelta

from pydantic import TypeAdapter
from temporalio import activity
from temporalio.exceptions import ApplicationError

from records.audit import AuditConflictError, AuditGapError, AuditTrail
from records.database import Database
from records.requests import PublicState
from workflows.ports.approvals import AuditBatch, AuditPort
from workflows.rules.inbox import listed_as, waiting_approvers
from workflows.rules.snapshots import Snapshot

_SNAPSHOT: TypeAdapter[Snapshot] = TypeAdapter(Snapshot)

MEND_PAUSE = timedelta(minutes=1)
"""How long after a refusal that a person must mend in the database the next try is made."""


class AuditActivities(AuditPort):
    """The audit trail in the database."""

    def __init__(self, database: Database) -> None:
        self._trail = AuditTrail(database)

    @activity.defn
    async def append(self, batch: AuditBatch) -> None:
        """Append the facts and store the face. Safe to repeat, late too.

        Raises ApplicationError `audit.conflict` where another fact stands under the same number,
        and `audit.gap` where earlier facts are missing. The database was changed or lost, and may
        be mended or come back with its backup: until then both are retried, never given up, and
        each try is an error in the log. Meanwhile the request shows and effects nothing new.
        """
        state = PublicState(
            request_id=batch.request_id,
            owner_id=batch.owner_id,
            kind=batch.face.kind,
            requester=batch.face.requester.person,
            status=batch.face.status.value,
            face=_SNAPSHOT.dump_json(batch.face).decode(),
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
            raise _to_be_mended("audit.conflict", error) from error
        except AuditGapError as error:
            raise _to_be_mended("audit.gap", error) from error


def _to_be_mended(kind: str, error: Exception) -> ApplicationError:
    """Log what stands in the way, for whoever can mend it, and return the failure of this try."""
    activity.logger.error("%s: %s; tried again until it is mended", kind, error)
    return ApplicationError(str(error), type=kind, next_retry_delay=MEND_PAUSE)
