"""The inbox's read model: always consistent with the facts, and cheap to read."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text

from records import migration
from records.audit import AuditConflictError, AuditTrail
from records.database import Database
from records.inbox import COUNT_LIMIT, Inbox
from records.requests import PublicState
from records.schema import audit_events, decided, requests, waiting
from tests.records.builders import NOON, fact, facts, state
from workflows.rules.approvals.request import RequestKind
from workflows.rules.inbox import WaitingApprover

BORIS, CLARA = "UBORIS", "UCLARA"
DAY = timedelta(days=1)


def waits(person: str, request_id: str = "ORD-1", **changes: object) -> WaitingApprover:
    plain = WaitingApprover(
        request_id=request_id,
        person=person,
        seat=person,
        source="group:sales-leads",
        about=RequestKind.ORDER,
        policy="order",
        since=NOON,
        expires_at=NOON + DAY,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # fields by name


def asked(request_id: str = "ORD-1", *waiting: WaitingApprover, **changes: object) -> PublicState:
    plain = replace(state(request_id), waiting=waiting, listed_as="approval", goes_on=True)
    return replace(plain, **changes)  # type: ignore[arg-type]  # fields by name


async def found(database: Database, person: str, now: datetime = NOON) -> list[WaitingApprover]:
    return [row.waiting for row in (await Inbox(database).to_decide(person, now)).rows]


async def test_pending_decisions_follow_the_newest_fact(database: Database) -> None:
    trail = AuditTrail(database)
    await trail.append(facts(1), asked("ORD-1", waits(BORIS), waits(CLARA)))

    assert await found(database, BORIS) == [waits(BORIS)]

    await trail.append(facts(2), asked("ORD-1", waits(CLARA)))

    assert await found(database, BORIS) == []
    assert await found(database, CLARA) == [waits(CLARA)]


async def test_refused_facts_do_not_change_inboxes(database: Database) -> None:
    """Verified by breaking it: this fails if the rows are written in a separate transaction."""
    trail = AuditTrail(database)
    await trail.append(facts(1), asked("ORD-1", waits(BORIS)))

    with pytest.raises(AuditConflictError):
        await trail.append((fact(1, reason="another"), fact(2)), asked("ORD-1", waits(CLARA)))

    assert await found(database, BORIS) == [waits(BORIS)]
    assert await found(database, CLARA) == []


async def test_a_late_repeated_append_restores_no_row(database: Database) -> None:
    trail = AuditTrail(database)
    first = asked("ORD-1", waits(BORIS))
    await trail.append(facts(1), first)
    await trail.append(facts(2), asked("ORD-1"))

    await trail.append(facts(1), first)

    assert await found(database, BORIS) == []


async def test_a_delegate_sees_a_request_only_during_the_absence(database: Database) -> None:
    stands_in = waits(CLARA, seat=BORIS, starts=NOON + DAY, ends=NOON + 2 * DAY)
    await AuditTrail(database).append(facts(1), asked("ORD-1", stands_in))

    seen = [await found(database, CLARA, NOON + day * DAY) for day in (0, 1, 2)]

    assert seen == [[], [stands_in], []]


async def test_the_nearest_deadline_comes_first_and_what_never_expires_last(
    database: Database,
) -> None:
    for number, expires_at in enumerate((None, NOON + 2 * DAY, NOON + DAY)):
        name = f"REQ-{number}"
        pending = waits(BORIS, name, expires_at=expires_at, about=RequestKind.APPROVAL)
        await AuditTrail(database).append([fact(1, name)], asked(name, pending))

    page = await Inbox(database).to_decide(BORIS, NOON, limit=2)
    rest = await Inbox(database).to_decide(BORIS, NOON, limit=2, offset=2)
    orders = await Inbox(database).to_decide(BORIS, NOON, about="order")

    assert [row.waiting.request_id for row in (*page.rows, *rest.rows)] == [
        "REQ-2",
        "REQ-1",
        "REQ-0",
    ]
    assert rest.rows[0].waiting.expires_at is None
    assert (page.in_all, orders.in_all, orders.rows) == (3, 0, ())


async def test_own_requests_are_listed_by_kind_and_by_whether_they_are_running(
    database: Database,
) -> None:
    trail = AuditTrail(database)
    for minute, (name, listed_as, goes_on) in enumerate(
        [
            ("ORD-1", "order", True),
            ("ORD-1.approval", "", True),
            ("REQ-1", "approval", True),
            ("REQ-2", "approval", False),
        ]
    ):
        opened = replace(fact(1, name), at=NOON + timedelta(minutes=minute))
        await trail.append([opened], asked(name, listed_as=listed_as, goes_on=goes_on))
    inbox = Inbox(database)

    still_open = await inbox.mine("UANA")
    orders = await inbox.mine("UANA", kind="order")
    over = await inbox.mine("UANA", goes_on=False)

    assert [record.request_id for record in still_open.rows] == ["REQ-1", "ORD-1"]
    assert [record.request_id for record in orders.rows] == ["ORD-1"]
    assert [record.request_id for record in over.rows] == ["REQ-2"]
    assert (await inbox.mine(BORIS)).rows == ()


async def test_decisions_are_read_from_the_facts_newest_first(
    database: Database,
) -> None:
    trail = AuditTrail(database)
    await trail.append(facts(1, 2), asked("ORD-1"))
    await trail.append([fact(1, "ORD-2")], asked("ORD-2"))

    page = await Inbox(database).decided("UANA")

    assert [(row.fact.request_id, row.fact.sequence) for row in page.rows] == [
        ("ORD-1", 2),
        ("ORD-2", 1),
        ("ORD-1", 1),
    ]
    assert page.rows[0].fact == fact(2)
    assert (await Inbox(database).decided(BORIS)).rows == ()
    assert (await Inbox(database).decided("UANA", about="hr")).in_all == 0


class Work:
    """Records the statements that a database executes."""

    def __init__(self, database: Database) -> None:
        self.statements: list[str] = []
        engine = database._readers.sync_engine  # noqa: SLF001 - what is measured
        event.listen(engine, "after_cursor_execute", self._note)

    def _note(self, *event: object) -> None:
        self.statements.append(str(event[2]))


def numbered(number: int) -> str:
    return f"REQ-{number:04}"


def due(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


async def ask(database: Database, number: int) -> None:
    name = numbered(number)
    pending = waits(BORIS, name, expires_at=due(number), about=RequestKind.APPROVAL)
    await AuditTrail(database).append([fact(1, name)], asked(name, pending))


async def ask_as_before(database: Database, numbers: range) -> None:
    """Insert many more requests at once, as copies of the first."""
    async with database.writing() as connection:
        for table in (requests, audit_events, waiting, decided):
            found = await connection.execute(table.select().filter_by(request_id=numbered(0)))
            (first,) = (dict(row) for row in found.mappings())
            rows = [first | {"request_id": numbered(number)} for number in numbers]
            if table is waiting:
                rows = [row | {"expires_at": due(n)} for n, row in zip(numbers, rows, strict=True)]
            await connection.execute(table.insert(), rows)


async def test_a_page_costs_the_same_with_a_thousand_open_requests_as_with_ten(
    database: Database,
) -> None:
    """Verified by breaking it: without the index, or ordered by `since`, the plan has a sorter."""
    inbox, work = Inbox(database), Work(database)

    async def pages() -> tuple[list[str], list[int]]:
        work.statements.clear()
        first = await inbox.to_decide(BORIS, NOON)
        second = await inbox.mine("UANA")
        third = await inbox.decided("UANA")
        return list(work.statements), [len(page.rows) for page in (first, second, third)]

    for number in range(10):
        await ask(database, number)
    few = await pages()
    await ask_as_before(database, range(10, COUNT_LIMIT + 10))

    assert await pages() == few
    assert few[1] == [10, 10, 10]
    assert (await inbox.to_decide(BORIS, NOON)).in_all == COUNT_LIMIT + 1
    for plan in [await _plan(database, statement) for statement in few[0]]:
        assert "SCAN" not in plan.replace("SCAN anon_1", "").replace("SCAN (subquery", ""), plan
        assert "TEMP B-TREE" not in plan, plan


async def _plan(database: Database, statement: str) -> str:
    async with database.reading() as connection:
        rows = await connection.run_sync(
            lambda sync: sync.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", tuple([None] * statement.count("?"))
            ).all()
        )
    return "\n".join(str(row[3]) for row in rows)


async def test_decisions_from_before_the_inbox_existed_are_found(tmp_path: Path) -> None:
    (tmp_path / "old.db").touch()
    async with Database(f"sqlite:///{tmp_path}/old.db") as database:
        async with database.writing() as connection:
            await connection.run_sync(lambda sync: migration.upgrade(sync, "0004"))
            await connection.execute(text(_REQUEST))
            await connection.execute(text(_FACT.replace(":", "\\:")))

        await database.upgrade()
        page = await Inbox(database).decided(BORIS)
        mine = await Inbox(database).mine("UANA")

    assert [row.fact.request_id for row in page.rows] == ["REQ-1"]
    assert [record.request_id for record in mine.rows] == ["REQ-1"]


_REQUEST = (
    "INSERT INTO requests VALUES ('REQ-1', 'REQ-1', 'approval', 'UANA', 'pending', '{}', 1, "
    "'0', '2026-11-21 12:00:00', '2026-11-21 12:00:00')"
)
_FACT = (
    "INSERT INTO audit_events VALUES ('REQ-1', 1, 'DecisionRecorded', "
    "'2026-11-21T12:00:00+00:00', "
    '\'{"operator": "", "origin": "slack", "person": "UBORIS"}\', '
    "1, 1, 'r', '', '{\"verdict\": \"approve\"}', '0')"
)
