"""A person's inbox, read from the records one page at a time."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from records.absences import Absences
from records.inbox import DecidedRequest, Inbox, WaitingRequest
from records.requests import RequestRecord
from records.snapshots import decode_as, decode_snapshot
from views.home import ROWS, HomePage, HomePlace, State, Tab
from views.home_rows import Decided, Mine, ToDecide
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.journeys import journey_of


class InboxLookup:
    """Reads pages of inboxes. A page costs the same, however many requests are waiting."""

    def __init__(self, inbox: Inbox, absences: Absences) -> None:
        self._inbox = inbox
        self._absences = absences

    async def page(self, person: str, place: HomePlace, now: datetime) -> HomePage:
        """Return the page at `place` of this person's App Home."""
        offset = place.page * ROWS
        match place.tab:
            case Tab.DECIDE:
                waiting = await self._inbox.to_decide(
                    person, now, about=place.kind, offset=offset, limit=ROWS
                )
                in_all = waiting.in_all
                if place.kind:
                    in_all = await self._inbox.count_to_decide(person, now)
                rows = tuple(_to_decide(waiting.rows))
                return HomePage(place=place, waiting=in_all, in_all=waiting.in_all, to_decide=rows)
            case Tab.MINE:
                found = await self._inbox.mine(
                    person,
                    goes_on=place.state is State.OPEN,
                    kind=place.kind,
                    offset=offset,
                    limit=ROWS,
                )
                page = HomePage(place=place, in_all=found.in_all, mine=await self._mine(found.rows))
            case Tab.HISTORY:
                history = await self._inbox.decided(
                    person, about=place.kind, offset=offset, limit=ROWS
                )
                decided = tuple(_decided(history.rows))
                page = HomePage(place=place, in_all=history.in_all, decided=decided)
            case _:
                page = HomePage(
                    place=place,
                    away=await self._absences.of(person, now),
                    stands_in=await self._absences.delegated_to(person, now),
                )
        return replace(page, waiting=await self._inbox.count_to_decide(person, now))

    async def overview(self, person: str, now: datetime, rows: int) -> HomePage:
        """Return the first requests to decide, and the first of the person's own open requests."""
        waiting = await self._inbox.to_decide(person, now, limit=rows)
        mine = await self._inbox.mine(person, limit=rows)
        return HomePage(
            place=HomePlace(),
            waiting=waiting.in_all,
            in_all=mine.in_all,
            to_decide=tuple(_to_decide(waiting.rows)),
            mine=await self._mine(mine.rows),
        )

    async def _mine(self, records: Iterable[RequestRecord]) -> tuple[Mine, ...]:
        """Return the rows of a person's own requests, with the child approvals that are open."""
        snapshots = [decode_snapshot(record.face) for record in records]
        waiting = [snapshot.approval_id for snapshot in snapshots if snapshot.waits_for_approval]
        approvals = await self._inbox.faces(waiting) if waiting else {}
        found = []
        for snapshot in snapshots:
            approval = decode_as(approvals.get(snapshot.approval_id), ApprovalSnapshot)
            as_approval = approval if journey_of(snapshot).listed_as_approval else None
            found.append(Mine(snapshot=as_approval or snapshot, approval=approval))
        return tuple(found)


def _to_decide(rows: Iterable[WaitingRequest]) -> Iterable[ToDecide]:
    for row in rows:
        snapshot, waiting = decode_as(row.face, ApprovalSnapshot), row.waiting
        if snapshot is not None:
            yield ToDecide(
                snapshot=snapshot,
                person=waiting.person,
                seat=waiting.seat,
                source=waiting.source,
                since=waiting.since,
                expires_at=waiting.expires_at,
            )


def _decided(rows: Iterable[DecidedRequest]) -> Iterable[Decided]:
    for row in rows:
        snapshot, fact = decode_as(row.face, ApprovalSnapshot), row.fact
        if snapshot is not None:
            yield Decided(
                snapshot=snapshot,
                verdict=fact.data.get("verdict", ""),
                content_revision=fact.content_revision,
                seat=fact.data.get("on_behalf_of", ""),
                reason=fact.reason,
                at=fact.at,
            )
