"""The audit port on `records/`: facts and the face they led to, in one transaction."""

from pydantic import TypeAdapter
from temporalio import activity
from temporalio.exceptions import ApplicationError

from records.audit import AuditConflictError, AuditGapError, AuditTrail
from records.database import Database
from records.requests import PublicState
from workflows.ports import AuditBatch, AuditPort, Face
from workflows.rules.face import ApprovalFace
from workflows.rules.people import SourceKind

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
            watches=watches(batch.face),
        )
        try:
            await self._trail.append(batch.facts, state)
        except AuditConflictError as error:
            raise ApplicationError(str(error), type="audit.conflict", non_retryable=True) from error
        except AuditGapError as error:
            raise ApplicationError(str(error), type="audit.gap") from error


def watches(face: Face) -> frozenset[str]:
    """Return what an open request depends on: the sources and the people of the level that waits.

    The subjects are `user:U…`, `email:…` and `group:…` as the policy writes them. Whose manager is
    asked is the requester, so the requester is watched. An order depends on nothing by itself:
    its approval does.
    """
    level = face.open_level if isinstance(face, ApprovalFace) else None
    if level is None:
        return frozenset()
    people = {*level.eligible, *(one.person for one in level.delegates)}
    sources = set(level.sources)
    by_manager = {one for one in sources if one.partition(":")[0] == SourceKind.MANAGER}
    if by_manager:
        people.add(face.requester.person)
    return frozenset(sources - by_manager | {f"{SourceKind.USER}:{one}" for one in people})
