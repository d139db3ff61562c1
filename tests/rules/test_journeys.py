"""The journey registry: every kind of request has one complete entry."""

import re
from typing import get_args

import pytest

from tests.rules.builders import ANA, BORIS, NOON, actor, level, policy
from tests.views.any_snapshot import AnySnapshot
from workflows.rules.approvals.request import RequestKind
from workflows.rules.hr import saga as hr_saga
from workflows.rules.hr.request import HrRequest, HrType
from workflows.rules.hr.snapshot import hr_snapshot
from workflows.rules.journeys import JOURNEYS, Journey, journey_of, journey_of_id, public
from workflows.rules.shared.ids import approval_id
from workflows.rules.snapshots import Snapshot

EVERY = pytest.mark.parametrize("journey", JOURNEYS.values(), ids=JOURNEYS)


def test_every_kind_of_request_and_every_snapshot_type_has_one_journey() -> None:
    assert [journey.kind for journey in JOURNEYS.values()] == list(RequestKind)
    assert {journey.snapshot_type for journey in JOURNEYS.values()} == set(get_args(Snapshot))


@EVERY
def test_a_snapshot_leads_to_its_journey(journey: Journey) -> None:
    snapshot = _snapshots()[journey.kind]

    assert journey_of(snapshot) is journey
    assert isinstance(snapshot, journey.snapshot_type)
    assert isinstance(public(snapshot), journey.snapshot_type)


@EVERY
def test_an_id_leads_to_its_journey_and_a_child_approvals_id_to_none(journey: Journey) -> None:
    request_id = f"{journey.id_prefix}-7K2M4QXA"

    assert journey_of_id(request_id) is journey
    assert re.fullmatch(journey.id_pattern, request_id)
    assert journey_of_id(approval_id(request_id)) is None


def _snapshots() -> dict[RequestKind, Snapshot]:
    expense = HrRequest(request_id="HR-7K2M4QXA", type=HrType.EXPENSE, title="Taxi")
    received = hr_saga.receive(expense, actor(ANA), policy(level(BORIS)), NOON)
    drawn = AnySnapshot(["U0BORIS", "U0CLARA"], seed=1)
    return {
        RequestKind.APPROVAL: drawn.approval(),
        RequestKind.ORDER: drawn.order(),
        RequestKind.HR: hr_snapshot(received.state, 1),
    }
