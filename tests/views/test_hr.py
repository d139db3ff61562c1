"""The card and the notices of an HR request: valid for any text, and without private content."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.views import examples
from tests.views.any_snapshot import AnySnapshot, any_snapshots
from tests.views.slack_limits import check_message, formatted, mrkdwn_of
from tests.views.test_any_text import VIEWS
from views import hr_card, notice_messages
from views.blocks import Message
from views.translator import ENGLISH
from workflows.rules.approvals.request import OPEN, Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.privacy import public_hr
from workflows.rules.hr.request import HrRequest, HrType, content_from_request
from workflows.rules.hr.snapshot import (
    STEPS,
    DaysLeft,
    HrSnapshot,
    HrStep,
    HrStepName,
    HrStuck,
    Provisioning,
)
from workflows.rules.notice import Notice, NoticeKind
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.failure import Failure
from workflows.rules.shared.money import Money
from workflows.rules.shared.saga import StepStatus

SEA = HrRequest(
    request_id="HR-1",
    type=HrType.TIME_OFF,
    title="A week at the sea",
    starts=date(2027, 3, 1),
    ends=date(2027, 3, 5),
)
LINK = "https://local.slack.com/archives/C0HR/p1732185000000100"
TOO_FEW = Failure(code="not_enough_days", data={"year": "2027", "wanted": "5", "left": "2"})


def hr(approval: ApprovalSnapshot | None, request: HrRequest = SEA, **parts: object) -> HrSnapshot:
    """Return an HR request with this approval; `parts` are other fields of the snapshot."""
    snapshot = HrSnapshot(
        request=request,
        requester=Actor(person="U0ANA", origin=Origin.SLACK),
        title="Time off",
        channel="#people",
        admin_channel="#approvals-admin",
        language="en",
        status=approval.status if approval else Status.PENDING,
        approval=replace(approval, content=content_from_request(request)) if approval else None,
        provisioning=Provisioning.NOT_NEEDED,
        steps=(),
        failure=None,
        stuck=None,
        card_version=7,
        received_at=examples.NOW,
        changed_at=examples.NOW,
        ended_at=examples.NOW,
    )
    return replace(snapshot, **parts)  # type: ignore[arg-type]  # parts of a face, by name


def done() -> HrSnapshot:
    steps = (
        HrStep(
            name=HrStepName.BOOK_DAYS,
            status=StepStatus.DONE,
            reference="OFF-1",
            left=(DaysLeft(year=2027, days=25),),
        ),
        HrStep(name=HrStepName.REGISTER, status=StepStatus.DONE, reference="FILE-1"),
    )
    return hr(examples.approved(), provisioning=Provisioning.DONE, steps=steps)


def failed() -> HrSnapshot:
    step = HrStep(name=HrStepName.BOOK_DAYS, status=StepStatus.FAILED, problem=TOO_FEW)
    return hr(
        examples.approved(),
        provisioning=Provisioning.FAILED,
        steps=(step, HrStep(name=HrStepName.REGISTER)),
        failure=TOO_FEW,
    )


def notice(
    snapshot: HrSnapshot, kind: NoticeKind = NoticeKind.OUTCOME, channel: str = ""
) -> Message:
    notice = Notice(key="n-1", kind=kind, face=snapshot, person="U0ANA", channel=channel)
    return notice_messages.message(notice, LINK)


def whole(message: Message) -> str:
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def test_a_successful_outcome_has_the_reference_and_the_days_left() -> None:
    message = whole(notice(done()))

    assert "was approved by <@U0BORIS> and carried out" in message
    assert "OFF-1" in message
    assert "25 days off left in 2027" in message
    assert "FILE-1" in message


def test_the_outcome_and_the_card_of_an_expense_have_its_amount() -> None:
    amount = Money(amount=Decimal("86.4"), currency="EUR")
    expense = HrRequest(request_id="HR-1", type=HrType.EXPENSE, title="Train", amount=amount)
    snapshot = hr(examples.approved(), expense, provisioning=Provisioning.DONE)

    german = notice_messages.message(
        Notice(key="n-1", kind=NoticeKind.OUTCOME, face=snapshot, person="U0ANA"), LINK, "de"
    )
    card = hr_card.build(snapshot, ENGLISH)

    assert "„Train“ (86,40 EUR) wurde von <@U0BORIS> genehmigt" in german.text
    assert "86,40 EUR" in str(german.blocks[1:])
    assert "86.40 EUR" in str(card.blocks)


def test_a_private_expense_shows_its_amount_to_its_requester_only() -> None:
    amount = Money(amount=Decimal("86.4"), currency="EUR")
    expense = HrRequest(request_id="HR-1", type=HrType.EXPENSE, title="Train", amount=amount)
    approval = replace(examples.approved(), private=True)
    snapshot = hr(approval, expense, provisioning=Provisioning.DONE)

    assert "86.40" not in whole(hr_card.build(public_hr(snapshot), ENGLISH))
    assert "86.40" in whole(notice(snapshot))


def test_a_failed_outcome_has_the_cause() -> None:
    message = notice(failed())

    assert "couldn't be carried out. Not enough days off left in 2027" in message.text
    assert "5 requested, 2 left" in message.text
    assert "OFF-" not in whole(message)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (examples.rejected, "was rejected by <@U0CLARA>"),
        (examples.expired, "expired: no one decided in time"),
    ],
)
def test_every_other_outcome_has_its_text(make: object, sentence: str) -> None:
    snapshot = hr(make())  # type: ignore[operator]  # a builder of a face

    assert sentence in notice(snapshot).text


def test_a_rejection_has_its_reason() -> None:
    snapshot = hr(examples.rejected())

    assert "The customer still owes us" in whole(notice(snapshot))


def test_a_lost_approval_names_no_person() -> None:
    snapshot = hr(None, status=Status.ADMIN_CLOSED, failure=Failure(code="approval_lost"))

    assert "ended without a decision. An operator terminated the approval." in notice(snapshot).text


def test_private_content_comes_from_the_approval_only() -> None:
    """With the approval's public snapshot, the card shows nothing else that is private."""
    secret = replace(
        SEA,
        title="Clinic",
        description="surgery",
        link="https://x.test/secret",
        item="DESK-1",
        new_role="Boss",
    )
    snapshot = failed()
    hidden = replace(snapshot, request=secret)
    blank = replace(
        hidden, approval=replace(examples.approved(), content=content_from_request(SEA))
    )

    message = whole(hr_card.build(blank, ENGLISH))

    for word in ("Clinic", "surgery", "secret", "DESK-1", "Boss", "Not enough days", "5 requested"):
        assert word not in message
    assert "processing failed. <@U0ANA> was notified" in message


def test_the_card_has_no_buttons() -> None:
    blocks = [
        block
        for snapshot in (done(), failed())
        for block in hr_card.build(snapshot, ENGLISH).blocks
    ]

    assert not [block for block in blocks if block["type"] == "actions"]


def test_the_admins_notice_has_the_stuck_step_and_nothing_private() -> None:
    stuck = HrStuck(step=HrStepName.BOOK_DAYS, problem=TOO_FEW, since=examples.NOW)
    snapshot = hr(examples.approved(), provisioning=Provisioning.COMPENSATING, stuck=stuck)

    message = notice(snapshot, NoticeKind.ATTENTION, "#approvals-admin").text

    assert "HR-1 from <@U0ANA>" in message
    assert "A week at the sea" not in message


def test_a_card_that_cannot_be_shown_is_named_by_its_policy() -> None:
    message = notice_messages.card_not_posted(done(), "slack.not_in_channel", ENGLISH)

    assert "Time off" in message.text
    assert "A week at the sea" not in message.text


@given(
    any_snapshots,
    st.sampled_from(HrType),
    st.sampled_from(Provisioning),
    st.sampled_from(NoticeKind),
    st.sampled_from(("HR-7F3K2M9Q", "")),
)
@VIEWS
def test_the_card_and_all_notices_are_valid_for_any_text(
    some: AnySnapshot, type_: HrType, provisioning: Provisioning, kind: NoticeKind, minted: str
) -> None:
    approval = some.approval()
    if approval.status in OPEN:
        approval = replace(approval, status=Status.APPROVED)
    typed = HrRequest(
        request_id=minted or some.text(),
        type=type_,
        title=some.text(),
        description=some.text(),
        item=some.text(),
        new_role=some.text(),
        new_team=some.text(),
        link=some.link(),
    )
    problem = Failure(code=some.text(), data={"sku": some.text(), "left": some.text()})
    snapshot = hr(
        approval,
        typed,
        title=some.text(),
        channel=some.text(),
        requester=some.actor(),
        provisioning=provisioning,
        steps=tuple(
            HrStep(name=name, status=StepStatus.DONE, reference=some.text())
            for name in STEPS[type_]
        ),
        failure=problem,
        stuck=HrStuck(step=HrStepName.REGISTER, problem=problem, since=examples.NOW),
    )

    for message in (
        hr_card.build(snapshot, ENGLISH),
        notice(snapshot, kind),
        notice(snapshot, kind, some.text()),
    ):
        check_message(message.text, message.blocks)
        for text in (message.text, *mrkdwn_of(message.blocks)):
            assert not [mark for mark in formatted(text) if not mark.startswith(("*", "`"))], text
