"""Pages of lists for the tests of views, with snapshots from the rules or with any snapshot."""

from dataclasses import replace
from datetime import timedelta

from tests.views import examples, states
from tests.views.any_snapshot import AnySnapshot
from views.home import ROWS, HomePage, HomePlace, Tab
from views.home_rows import Decided, Mine, ToDecide
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.people.actors import Absence

AWAY = Absence(
    person="U0BORIS",
    delegate="U0DORA",
    starts=examples.NOW,
    ends=examples.NOW + timedelta(days=7),
)
THEIRS = replace(AWAY, person="U0CLARA", delegate="U0BORIS")


def row(snapshot: ApprovalSnapshot, seat: str = "U0BORIS") -> ToDecide:
    return ToDecide(
        snapshot=snapshot,
        person="U0BORIS",
        seat=seat,
        source="group:sales-leads",
        since=examples.NOW,
        expires_at=snapshot.levels[-1].expires_at,
    )


def to_decide() -> HomePage:
    snapshots = replace(examples.pending(), request_id="ORD-7K2M4QXA.approval")
    return HomePage(
        place=HomePlace(),
        waiting=3,
        in_all=3,
        to_decide=(
            row(snapshots),
            row(examples.two_levels(), seat="U0CLARA"),
            row(states.reason_required()),
        ),
    )


def mine() -> HomePage:
    rows = (
        *(
            Mine(snapshot=snapshot)
            for snapshot in (examples.pending(), examples.blocked(), examples.two_levels())
        ),
        *(Mine(snapshot=snapshot) for snapshot in (examples.unread(), states.waits_for_changes())),
        Mine(snapshot=examples.order_waiting(), approval=examples.pending()),
        Mine(snapshot=examples.order_in_progress()),
    )
    return HomePage(place=HomePlace(tab=Tab.MINE), waiting=1, in_all=len(rows), mine=rows)


def closed() -> HomePage:
    rows = (
        Mine(snapshot=examples.approved()),
        Mine(snapshot=examples.expired()),
        Mine(snapshot=examples.rejected()),
    )
    return replace(mine(), mine=rows, in_all=25, place=HomePlace(tab=Tab.MINE, page=1))


def decided() -> HomePage:
    decided = Decided(
        snapshot=examples.rejected(),
        verdict="reject",
        seat="",
        reason="They owe us.",
        at=examples.NOW,
    )
    for_clara = replace(
        decided, snapshot=examples.two_levels(), verdict="approve", seat="U0CLARA", reason=""
    )
    return HomePage(place=HomePlace(tab=Tab.HISTORY), in_all=2, decided=(decided, for_clara))


def away() -> HomePage:
    return HomePage(place=HomePlace(tab=Tab.AWAY), away=(AWAY,), stands_in=(THEIRS,))


def any_page(pool: list[str], seed: int, tab: Tab) -> HomePage:
    """Return a full page of snapshots with any text that a user may type."""
    any_snapshot = AnySnapshot(pool, seed)
    snapshots = [any_snapshot.approval(Status.PENDING) for _ in range(ROWS)]
    level = any_snapshot.level(1)
    snapshots = [
        approval if approval.levels else replace(approval, levels=(level,))
        for approval in snapshots
    ]
    waiting = tuple(replace(row(approval), seat=any_snapshot.person()) for approval in snapshots)
    own = tuple(
        Mine(
            snapshot=any_snapshot.order() if seed % 2 else any_snapshot.approval(),
            approval=approval,
        )
        for approval in snapshots
    )
    decided = tuple(
        Decided(
            snapshot=approval,
            verdict=any_snapshot.text(),
            seat=any_snapshot.person(),
            reason=any_snapshot.text(),
            at=any_snapshot.instant(),
        )
        for approval in snapshots
    )
    gone = tuple(replace(AWAY, person=any_snapshot.person()) for _ in range(ROWS))
    return HomePage(
        place=HomePlace(tab=tab, page=seed % 2, notice="*Noted.*"),
        waiting=99,
        in_all=99,
        to_decide=waiting if tab is Tab.DECIDE else (),
        mine=own if tab is not Tab.HISTORY else (),
        decided=decided if tab is Tab.HISTORY else (),
        away=gone,
        stands_in=gone,
    )
