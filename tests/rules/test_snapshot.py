"""The snapshot of an approval."""

from dataclasses import replace

import pytest

from tests.rules.builders import (
    BORIS,
    CLARA,
    EMIL,
    FIVE_MINUTES,
    NOON,
    after,
    apply_result,
    blocked,
    directory_result,
    level,
    next_opened,
    open_request,
    opened,
    policy,
    quorum_of,
    reached,
    request,
    request_under,
    submitted,
    usd,
    users,
)
from tests.rules.verbs import amend, comment, decided, delegate_seat, in_status, reassign, yes
from workflows.rules.approvals import approval as rules
from workflows.rules.approvals import deadlines
from workflows.rules.approvals.clock import Tick, TickKind
from workflows.rules.approvals.policy import Escalation, Notify, ReasonRule, RouteReason
from workflows.rules.approvals.request import ApprovalState, Delegate, NotificationKind, Status
from workflows.rules.approvals.snapshot import NamedApprover, approval_snapshot
from workflows.rules.notice import NoticeKind
from workflows.rules.people.actors import Member, Standing

TWO_LEVELS = opened(level(BORIS, CLARA, quorum=quorum_of(2)), level("UDORA", name="hr"))


def test_a_snapshot_shows_the_request_and_its_version() -> None:
    snapshot = approval_snapshot(TWO_LEVELS, 4)

    assert snapshot.card_version == 4
    assert snapshot.request_id == "APR-1"
    assert snapshot.requester == TWO_LEVELS.request.requester
    assert snapshot.content == TWO_LEVELS.request.content
    assert (snapshot.title, snapshot.channel, snapshot.language) == (
        "Customer order",
        "#approvals",
        "en",
    )
    assert snapshot.rule == RouteReason(policy="order", over=usd("1000.00"))
    assert str(snapshot.rule) == "order: over 1,000.00 USD"
    assert snapshot.content_revision == 1
    assert snapshot.levels_in_all == 2
    assert snapshot.submitted_at == NOON


def test_a_snapshot_shows_who_was_asked_and_who_has_decided() -> None:
    snapshot = approval_snapshot(decided(TWO_LEVELS, yes(BORIS, reason="fine")), 1)

    assert snapshot.open_level is not None
    assert snapshot.open_level.name == "sales"
    assert snapshot.open_level.sources == ("user:UBORIS", "user:UCLARA")
    assert snapshot.open_level.eligible == (BORIS, CLARA)
    assert snapshot.open_level.needed == 2
    assert [(said.person, said.reason) for said in snapshot.open_level.decisions] == [
        (BORIS, "fine")
    ]


@pytest.mark.parametrize(
    ("rule", "required"),
    [(ReasonRule.NONE, False), (ReasonRule.OPTIONAL, False), (ReasonRule.REQUIRED, True)],
)
def test_a_snapshot_shows_whether_a_rejection_needs_a_reason(
    rule: ReasonRule,
    required: bool,  # noqa: FBT001 - a column of the table
) -> None:
    snapshot = approval_snapshot(opened(level(BORIS, reject_reason=rule)), 1)

    assert snapshot.levels[0].reject_reason_required is required


@pytest.mark.parametrize(("notify", "mention"), [(Notify.CARD, True), (Notify.NONE, False)])
def test_a_snapshot_mentions_the_approvers_only_if_the_policy_does(
    notify: Notify,
    mention: bool,  # noqa: FBT001 - a column of the table
) -> None:
    request_under = request(level(BORIS))
    request_under = replace(request_under, policy=replace(policy(level(BORIS)), notify=notify))

    snapshot = approval_snapshot(rules.submit(request_under, NOON).state, 1)

    assert snapshot.mention_approvers is mention


@pytest.mark.parametrize(
    ("state", "number"),
    [
        pytest.param(submitted(level(BORIS)), None, id="before the first level"),
        pytest.param(blocked(level(BORIS)), 1, id="a blocked level is the one that waits"),
        pytest.param(TWO_LEVELS, 1, id="an open level"),
        pytest.param(
            decided(TWO_LEVELS, yes(BORIS), yes(CLARA)), None, id="between a level and the next"
        ),
        pytest.param(
            next_opened(decided(TWO_LEVELS, yes(BORIS), yes(CLARA))), 2, id="the next level"
        ),
        *(
            pytest.param(in_status(status), None, id=f"a request that is {status}")
            for status in Status
            if status is not Status.PENDING
        ),
    ],
)
def test_the_open_level_of_a_snapshot(state: ApprovalState, number: int | None) -> None:
    waiting = approval_snapshot(state, 1).open_level

    assert (waiting.number if waiting else None) == number


def test_a_snapshot_of_a_blocked_level_shows_why_and_when_it_expires() -> None:
    snapshot = approval_snapshot(blocked(level(BORIS), expires_at=after(minutes=5)), 1)

    assert snapshot.levels[0].blocked == "approvers_unreadable"
    assert snapshot.levels[0].expires_at == after(minutes=5)


@pytest.mark.parametrize("status", Status)
def test_a_snapshot_of_a_closed_request_shows_how_when_and_by_which_person(status: Status) -> None:
    state = in_status(status)

    snapshot = approval_snapshot(state, 1)

    assert snapshot.status is status
    assert snapshot.closed_at == state.closed_at
    assert snapshot.closed_by == state.closed_by
    assert (snapshot.closing_rule, snapshot.closing_reason) == (
        state.closing_rule,
        state.closing_reason,
    )


def test_two_snapshots_of_one_state_are_equal() -> None:
    again = approval_snapshot(TWO_LEVELS, 4)

    assert again == approval_snapshot(TWO_LEVELS, 4)


# Delegates, comments and amendments


def test_a_snapshot_shows_the_source_of_each_approver() -> None:
    group = Member(person=CLARA, source="group:sales", standing=Standing.ACTIVE)
    twice = Member(person=CLARA, source="manager", standing=Standing.ACTIVE)

    snapshot = approval_snapshot(
        apply_result(reached(level(BORIS)), directory_result(BORIS, group, twice)).state, 1
    )

    assert snapshot.levels[0].asked == (
        NamedApprover(person=BORIS, source="user:UBORIS"),
        NamedApprover(person=CLARA, source="group:sales"),
    )


def test_a_snapshot_of_a_level_that_cannot_be_read_names_the_sources() -> None:
    snapshot = approval_snapshot(blocked(level(BORIS, CLARA)), 1)

    assert snapshot.levels[0].unreadable == ("user:UBORIS",)
    assert snapshot.levels[0].sources == ("user:UBORIS", "user:UCLARA")


def test_a_snapshot_of_a_blocked_level_keeps_its_eligible_people() -> None:
    state = apply_result(
        reached(level(BORIS, CLARA, quorum=quorum_of(2))), directory_result(BORIS)
    ).state

    snapshot = approval_snapshot(state, 1)

    assert snapshot.levels[0].blocked == "too_few_eligible"
    assert snapshot.levels[0].eligible == (BORIS,)


def test_a_snapshot_shows_the_sources_after_a_reassignment() -> None:
    snapshot = approval_snapshot(reassign(opened(level(BORIS)), CLARA).state, 1)

    assert snapshot.levels[0].sources == ("user:UCLARA",)
    assert snapshot.levels[0].eligible == ()


def test_a_snapshot_shows_the_delegates_and_their_seats() -> None:
    state = delegate_seat(opened(level(BORIS)), BORIS, EMIL).state

    snapshot = approval_snapshot(
        apply_result(state, directory_result(BORIS, people=(EMIL,))).state, 1
    )

    assert snapshot.levels[0].delegates == (Delegate(person=EMIL, seat=BORIS),)


def test_a_snapshot_counts_reminders_and_escalations() -> None:
    rule = level(BORIS, escalate=(Escalation(after=FIVE_MINUTES, to=users(CLARA)),))
    clock = (
        Tick(at=after(minutes=1), kind=TickKind.REMIND),
        Tick(at=after(minutes=5), kind=TickKind.ESCALATE),
    )

    snapshot = approval_snapshot(
        deadlines.advance_clock(open_request(request(rule), *clock), after(minutes=5)).state, 1
    )

    assert (snapshot.levels[0].reminders, snapshot.levels[0].escalations) == (1, 1)


def test_a_snapshot_shows_the_last_comments_and_how_many_there_are() -> None:
    state = opened(level(BORIS))
    for number in range(5):
        state = comment(state, BORIS, f"remark {number}").state

    snapshot = approval_snapshot(state, 1)

    assert snapshot.comments == 5
    assert [remark.text for remark in snapshot.remarks] == ["remark 2", "remark 3", "remark 4"]


def test_a_snapshot_of_a_request_that_waits_for_changes_shows_who_asked_for_them() -> None:
    snapshot = approval_snapshot(in_status(Status.CHANGES_REQUESTED), 1)

    assert snapshot.is_open
    assert snapshot.change_request is not None
    assert (snapshot.change_request.person, snapshot.change_request.reason) == (BORIS, "cheaper")


def test_a_snapshot_of_an_amended_request_shows_changes_and_void_decisions() -> None:
    state = decided(TWO_LEVELS, yes(BORIS))
    state = amend(state, replace(state.request.content, text="oak")).state

    snapshot = approval_snapshot(state, 1)

    assert [change.part for change in snapshot.changes] == ["text"]
    assert (snapshot.content_revision, snapshot.voided) == (2, 1)
    assert snapshot.content.text == "oak"


@pytest.mark.parametrize(("allowed", "amendable"), [(0, False), (1, True)])
def test_a_snapshot_shows_whether_the_request_may_still_be_amended(
    allowed: int,
    amendable: bool,  # noqa: FBT001 - a column of the table
) -> None:
    state = open_request(request_under(policy(level(BORIS), max_amendments=allowed)))

    snapshot = approval_snapshot(state, 1)

    assert snapshot.amendable is amendable


def test_a_snapshot_of_an_unamendable_request_shows_that() -> None:
    snapshot = approval_snapshot(
        open_request(request_under(policy(level(BORIS)), amendable=False)), 1
    )

    assert not snapshot.amendable


@pytest.mark.parametrize("rule", ReasonRule)
def test_a_snapshot_shows_whether_an_approval_needs_a_reason(rule: ReasonRule) -> None:
    snapshot = approval_snapshot(opened(level(BORIS, approve_reason=rule)), 1)

    assert snapshot.levels[0].approve_reason_required is (rule is ReasonRule.REQUIRED)


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_of_notification_has_a_notice(kind: NoticeKind) -> None:
    told = {kind.value for kind in NotificationKind}
    others = (
        NoticeKind.OUTCOME,
        NoticeKind.CARD_NOT_POSTED,
        NoticeKind.ATTENTION,
        NoticeKind.START_REFUSED,
        NoticeKind.ENDED_OUTSIDE,
    )
    of_orders = kind.value.startswith("order_")

    assert (kind.value in told) is not (kind in others or of_orders)
