"""The HR request form: valid drafts and every refusal, field by field."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import BORIS, level, policy, usd
from tests.rules.hypothesis_settings import QUICK_PROPERTY
from workflows.rules.approvals.policy import Tier
from workflows.rules.hr.form import DraftHr, HrFormErrors, read_hr
from workflows.rules.hr.request import (
    HrRequest,
    HrType,
    Priority,
    content_from_request,
    request_from_content,
)

TODAY = date(2027, 3, 1)
PRODUCTS = {"DESK-1": "Desk, oak"}
POLICY = policy(level("manager", BORIS))
ONLY_LEVEL = (POLICY.levels[0].name,)
SMALL_ONLY = replace(POLICY, tiers=(Tier(up_to=usd("100.00"), levels=ONLY_LEVEL),))
ALWAYS = (Tier(up_to=None, levels=ONLY_LEVEL),)


def draft(**changed: Any) -> DraftHr:
    """Return a valid draft for time off with these changes."""
    good = DraftHr(
        request_id="HR-1",
        type="time_off",
        title=" A week at the sea ",
        description=" With the family. ",
        priority="low",
        starts="2027-03-01",
        ends=" 2027-03-05 ",
    )
    return replace(good, **changed)


def test_all_mistakes_of_an_hr_request_come_at_once() -> None:
    wrong = draft(
        title="", description="\ud800", priority="asap", starts="2026-01-01", ends="never"
    )

    with pytest.raises(HrFormErrors) as refused:
        read_hr(wrong, POLICY, TODAY, PRODUCTS)

    assert refused.value.by_field.keys() == {"title", "description", "priority", "starts", "ends"}


def test_without_a_policy_the_type_and_the_common_fields_are_refused() -> None:
    with pytest.raises(HrFormErrors) as refused:
        read_hr(draft(title="", priority="asap"), None, TODAY, PRODUCTS)

    assert {name: error.code for name, error in refused.value.by_field.items()} == {
        "title": "text_missing",
        "priority": "unknown_priority",
        "type": "unknown_hr_type",
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "\ud800"},
        {"description": "\udc80"},
        {"link": "https://a.example/\ud800"},
        {"type": "promotion", "new_role": "\ud800"},
        {"type": "transfer", "new_team": "\ud800"},
    ],
)
def test_half_of_a_surrogate_pair_is_an_error_of_its_field(changed: dict[str, str]) -> None:
    with pytest.raises(HrFormErrors) as refused:
        read_hr(draft(**changed), POLICY, TODAY, PRODUCTS)

    (field,) = changed.keys() - {"type"}
    assert [error.code for error in refused.value.by_field.values()] == ["text_unreadable"]
    assert refused.value.by_field.keys() == {field}


def test_a_draft_is_parsed() -> None:
    assert read_hr(draft(), POLICY, TODAY, PRODUCTS) == HrRequest(
        request_id="HR-1",
        type=HrType.TIME_OFF,
        title="A week at the sea",
        description="With the family.",
        priority=Priority.LOW,
        starts=date(2027, 3, 1),
        ends=date(2027, 3, 5),
    )


@pytest.mark.parametrize(
    ("changed", "read"),
    [
        ({"type": "expense", "amount": "1,250.00 USD"}, {"amount": usd("1250.00")}),
        ({"type": "equipment", "item": "DESK-1"}, {"item": "DESK-1"}),
        ({"type": "promotion", "new_role": " Team  lead "}, {"new_role": "Team lead"}),
        ({"type": "transfer", "new_team": "Rail"}, {"new_team": "Rail"}),
    ],
)
def test_each_type_parses_only_its_own_fields(
    changed: dict[str, str], read: dict[str, Any]
) -> None:
    """The form may still have dates that were typed before another type was chosen."""
    request = read_hr(draft(**changed), POLICY, TODAY, PRODUCTS)

    assert {name: getattr(request, name) for name in read} == read
    assert (request.starts, request.ends) == (None, None)


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"type": "raise"}, {"type": "unknown_hr_type"}),
        ({"priority": "now"}, {"priority": "unknown_priority"}),
        ({"title": " "}, {"title": "text_missing"}),
        ({"title": "x" * 151}, {"title": "text_too_long"}),
        ({"title": "a\x00b"}, {"title": "text_unreadable"}),
        ({"description": "x" * 3001}, {"description": "text_too_long"}),
        ({"link": "javascript:alert(1)"}, {"link": "not_a_link"}),
        ({"starts": ""}, {"starts": "hr_field_missing"}),
        ({"starts": "1.3.2027"}, {"starts": "not_a_date"}),
        ({"starts": "2027-02-30"}, {"starts": "not_a_date"}),
        ({"ends": "20270305"}, {"ends": "not_a_date"}),
        ({"starts": "2027-02-28"}, {"starts": "day_past"}),
        ({"ends": "2027-02-28"}, {"ends": "ends_before_start"}),
        ({"ends": "2028-03-01"}, {"ends": "period_too_long"}),
        ({"type": "expense"}, {"amount": "hr_field_missing"}),
        ({"type": "expense", "amount": "12.50"}, {"amount": "amount_without_currency"}),
        ({"type": "expense", "amount": "0 USD"}, {"amount": "amount_not_positive"}),
        ({"type": "expense", "amount": "twelve"}, {"amount": "amount_not_a_number"}),
        ({"type": "equipment"}, {"item": "hr_field_missing"}),
        ({"type": "equipment", "item": "SOFA"}, {"item": "unknown_product"}),
        ({"type": "promotion", "new_role": " "}, {"new_role": "hr_field_missing"}),
        ({"type": "promotion", "new_role": "x" * 81}, {"new_role": "text_too_long"}),
        ({"type": "transfer", "new_team": "\ud800"}, {"new_team": "text_unreadable"}),
        (
            {"title": "", "starts": "x", "ends": ""},
            {"title": "text_missing", "starts": "not_a_date", "ends": "hr_field_missing"},
        ),
    ],
)
def test_errors_are_reported_at_their_field(
    changed: dict[str, str], errors: dict[str, str]
) -> None:
    with pytest.raises(HrFormErrors) as caught:
        read_hr(draft(**changed), replace(POLICY, tiers=ALWAYS), TODAY, PRODUCTS)

    assert {name: error.code for name, error in caught.value.by_field.items()} == errors


def test_an_amount_that_no_tier_covers_is_refused_at_its_field() -> None:
    with pytest.raises(HrFormErrors) as caught:
        read_hr(draft(type="expense", amount="100.01 USD"), SMALL_ONLY, TODAY, PRODUCTS)

    assert caught.value.by_field["amount"].code == "no_tier"


@QUICK_PROPERTY
@given(
    st.builds(
        DraftHr,
        request_id=st.just("HR-1"),
        type=st.sampled_from([*HrType, "raise"]),
        title=st.text(max_size=160),
        description=st.text(max_size=20),
        priority=st.sampled_from([*Priority, ""]),
        starts=st.dates().map(str) | st.text(max_size=12),
        ends=st.dates().map(str) | st.text(max_size=12),
        amount=st.text(max_size=12) | st.just("12.50 USD"),
        item=st.sampled_from(["DESK-1", "", "SOFA"]),
        new_role=st.text(max_size=90),
        new_team=st.text(max_size=90),
        link=st.text(max_size=12) | st.just("https://local.slack.com/archives/C1/p1"),
    )
)
def test_any_draft_is_parsed_or_refused_and_parsed_drafts_can_be_approved(
    typed: DraftHr,
) -> None:
    try:
        request = read_hr(typed, POLICY, TODAY, PRODUCTS)
    except HrFormErrors as found:
        unknown = set(found.by_field) - set(DraftHr.__slots__)
    else:
        unknown = set()
        assert request_from_content("HR-1", content_from_request(request)) == request
    assert not unknown
