"""The lossless conversion between an HR request and its content, and amendments."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import usd
from tests.rules.hypothesis_settings import QUICK_PROPERTY
from workflows.rules.hr.request import (
    ALL_FIELDS,
    FIELDS,
    HrRequest,
    HrType,
    Priority,
    check_amended,
    content_from_request,
    field_errors,
    request_from_content,
)
from workflows.rules.shared.content import Content, ContentField, content_changes
from workflows.rules.shared.errors import NotAnHrContentError, RuleError
from workflows.rules.shared.money import Money

MONDAY = date(2027, 3, 1)
SEA = HrRequest(
    request_id="HR-1",
    type=HrType.TIME_OFF,
    title="The sea",
    description="A week",
    priority=Priority.HIGH,
    starts=MONDAY,
    ends=date(2027, 3, 5),
    link="https://local.slack.com/archives/C1/p1",
)
TRAIN = HrRequest(request_id="HR-1", type=HrType.EXPENSE, title="Train", amount=usd("12.50"))

_days = st.none() | st.dates()
_texts = st.text(max_size=20)
_amounts = st.none() | st.builds(
    Money,
    amount=st.decimals(min_value=Decimal("0.01"), max_value=Decimal("9" * 13), places=2),
    currency=st.sampled_from(["USD", "EUR"]),
)
REQUESTS = st.builds(
    HrRequest,
    request_id=st.just("HR-1"),
    type=st.sampled_from(HrType),
    title=_texts,
    description=_texts,
    priority=st.sampled_from(Priority),
    starts=_days,
    ends=_days,
    amount=_amounts,
    item=_texts,
    new_role=_texts,
    new_team=_texts,
    link=_texts,
)
_FIELDS = st.builds(
    ContentField,
    label=st.sampled_from(["type", "priority", "starts", "Room"]),
    value=st.sampled_from(["time_off", "high", "2027-03-01", "20270301", ""]),
    key=st.sampled_from(["type", "priority", "starts", "colour", ""]),
)
CONTENTS = st.builds(
    Content,
    title=_texts,
    text=_texts,
    fields=st.lists(_FIELDS, max_size=4).map(tuple),
    amount=_amounts,
    links=st.lists(_texts, max_size=2).map(tuple),
)


@QUICK_PROPERTY
@given(REQUESTS)
def test_a_request_survives_the_round_trip_through_its_content(request_: HrRequest) -> None:
    assert request_from_content("HR-1", content_from_request(request_)) == request_


@QUICK_PROPERTY
@given(CONTENTS)
def test_content_is_parsed_completely_or_refused(content: Content) -> None:
    """Content that a request does not have would be approved and never provisioned."""
    try:
        request = request_from_content("HR-1", content)
    except NotAnHrContentError:
        return
    assert content_from_request(request) == content


@QUICK_PROPERTY
@given(REQUESTS, REQUESTS)
def test_two_requests_never_have_the_same_content(one: HrRequest, other: HrRequest) -> None:
    assert (content_from_request(one) == content_from_request(other)) is (one == other)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(content_from_request(SEA), fields=()),
        replace(content_from_request(SEA), links=("https://a.example", "https://b.example")),
        replace(
            content_from_request(SEA),
            fields=(*content_from_request(SEA).fields, ContentField(label="Room", value="12")),
        ),
        replace(
            content_from_request(SEA),
            fields=tuple(
                replace(field, value="20270301") if field.key == "starts" else field
                for field in content_from_request(SEA).fields
            ),
        ),
        replace(content_from_request(SEA), fields=content_from_request(SEA).fields[::-1]),
    ],
    ids=["no fields", "two links", "another field", "a day in other words", "another order"],
)
def test_content_that_no_request_has_is_refused(wrong: Content) -> None:
    with pytest.raises(NotAnHrContentError):
        request_from_content("HR-1", wrong)


def test_every_type_needs_fields_that_exist() -> None:
    assert set(FIELDS) == set(HrType)
    assert all(hasattr(SEA, name) for name in ALL_FIELDS)


def test_a_change_is_identified_by_its_key() -> None:
    longer = replace(SEA, ends=date(2027, 3, 8), priority=Priority.LOW)

    changes = content_changes(content_from_request(SEA), content_from_request(longer))

    assert {change.part: change.after for change in changes} == {
        "key:priority": "low",
        "key:ends": "2027-03-08",
    }


@pytest.mark.parametrize(
    ("starts", "ends", "days"),
    [
        (MONDAY, MONDAY, {2027: 1}),
        (MONDAY, MONDAY + timedelta(days=6), {2027: 7}),
        (date(2027, 12, 30), date(2028, 1, 3), {2027: 2, 2028: 3}),
        (date(2028, 2, 28), date(2028, 3, 1), {2028: 3}),
    ],
)
def test_each_day_counts_in_its_year(starts: date, ends: date, days: dict[int, int]) -> None:
    request = replace(SEA, starts=starts, ends=ends)

    assert request.days_by_year == days
    assert request.days == sum(days.values())


@pytest.mark.parametrize(
    ("request_", "mistakes"),
    [
        (SEA, {}),
        (TRAIN, {}),
        (replace(SEA, ends=SEA.starts), {}),
        (replace(SEA, ends=MONDAY - timedelta(days=1)), {"ends": "ends_before_start"}),
        (replace(SEA, ends=MONDAY + timedelta(days=365)), {}),
        (replace(SEA, ends=MONDAY + timedelta(days=366)), {"ends": "period_too_long"}),
        (replace(SEA, starts=None), {"starts": "hr_field_missing"}),
        (replace(SEA, amount=usd("1.00")), {"type": "not_an_hr_content"}),
        (replace(TRAIN, amount=None), {"amount": "hr_field_missing"}),
        (
            replace(TRAIN, type=HrType.TRANSFER, amount=None, new_team="x" * 81),
            {"new_team": "text_too_long"},
        ),
    ],
)
def test_the_fields_of_a_type_are_checked(request_: HrRequest, mistakes: dict[str, str]) -> None:
    found = field_errors(request_)

    assert {name: error.code for name, error in found.items()} == mistakes


def test_an_amendment_may_change_everything_but_the_type() -> None:
    check_amended(
        content_from_request(SEA),
        content_from_request(replace(SEA, title="The hills", starts=SEA.ends)),
    )

    with pytest.raises(RuleError) as caught:
        check_amended(content_from_request(SEA), content_from_request(TRAIN))

    assert caught.value.code == "other_hr_type"
