"""The last snapshot of a request that was ended outside Countersign claims nothing that did not happen."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.rules.builders import ANA, BORIS, NOON, actor, level, open_request, policy, request
from tests.rules.test_hr import SEA
from tests.rules.test_order import done
from views import order_notices
from views.order_card import build
from views.translator import ENGLISH
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import approval_snapshot
from workflows.rules.ended_outside import ended_approval, ended_hr, ended_order, is_ended_outside
from workflows.rules.hr import saga as hr_saga
from workflows.rules.hr.snapshot import Provisioning, hr_snapshot
from workflows.rules.inbox import waiting_approvers
from workflows.rules.orders import saga
from workflows.rules.orders.order import OrderStatus, StepName, order_snapshot

LATER = NOON + timedelta(hours=1)


def test_an_approval_is_closed_and_waits_for_no_one() -> None:
    before = approval_snapshot(open_request(request(level(BORIS))), 3)
    after = ended_approval(before, LATER)

    assert waiting_approvers(before)
    assert waiting_approvers(after) == ()
    assert (after.is_open, after.card_version, after.closed_at) == (False, 4, LATER)


def test_an_order_keeps_the_steps_that_were_done() -> None:
    state = saga.step_started(done(StepName.RESERVE), StepName.PAY, NOON).state
    after = ended_order(order_snapshot(state, 1), LATER)

    assert [step.status.value for step in after.steps] == ["done", "failed", "waiting", "waiting"]
    assert (after.status, after.is_cancellable, after.ended_at) == (
        OrderStatus.FAILED,
        False,
        LATER,
    )
    card, told = build(after, ENGLISH), order_notices.outcome(after, "", ENGLISH)
    for message in (card, told):
        text = f"{message.text} {message.blocks}"
        assert "weren't undone" in text
        assert "steps were undone" not in text


@pytest.mark.parametrize("status", [Status.PENDING, Status.APPROVED])
def test_an_hr_request_ends_undecided_or_not_carried_out(status: Status) -> None:
    received = hr_saga.receive(SEA, actor(ANA), policy(), NOON).state
    before = hr_snapshot(replace(received, status=status), 1)
    after = ended_hr(before, LATER)

    assert not after.is_open
    assert is_ended_outside(after)
    assert (after.status, after.provisioning) == {
        Status.PENDING: (Status.ADMIN_CLOSED, Provisioning.NOT_NEEDED),
        Status.APPROVED: (Status.APPROVED, Provisioning.FAILED),
    }[status]
