"""The public snapshot of every kind of request."""

import pytest

from tests.rules.builders import ANA, BORIS, NOON, actor, level, policy
from tests.views.any_snapshot import AnySnapshot
from workflows.rules.hr import saga as hr_saga
from workflows.rules.hr.request import HrRequest, HrType
from workflows.rules.hr.snapshot import HrSnapshot, hr_snapshot
from workflows.rules.snapshots import Snapshot, public


def _hr() -> HrSnapshot:
    expense = HrRequest(request_id="HR-7K2M4QXA", type=HrType.EXPENSE, title="Taxi")
    return hr_snapshot(hr_saga.receive(expense, actor(ANA), policy(level(BORIS)), NOON).state, 1)


DRAWN = AnySnapshot(["U0BORIS", "U0CLARA"], seed=1)


@pytest.mark.parametrize("snapshot", [DRAWN.approval(), DRAWN.order(), _hr()])
def test_the_public_snapshot_is_of_the_same_kind_and_stays_public(snapshot: Snapshot) -> None:
    shown = public(snapshot)

    assert type(shown) is type(snapshot)
    assert shown.request_id == snapshot.request_id
    assert public(shown) == shown
