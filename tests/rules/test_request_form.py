"""The request form: valid drafts, and all errors at once."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import ANA, BORIS, actor, level, policy, table, usd
from tests.rules.hypothesis_settings import QUICK_PROPERTY
from workflows.rules.approvals.form import (
    DraftContent,
    DraftRequest,
    RequestFormErrors,
    draft_errors,
    read_amount,
    read_content,
    read_request,
    read_window,
)
from workflows.rules.approvals.policy import Tier
from workflows.rules.shared.content import Content
from workflows.rules.shared.errors import NotADurationError, RuleError

POLICY = policy(level(BORIS))
WITHOUT_CURRENCY = replace(POLICY, tiers=(Tier(up_to=None, levels=("sales",)),))


def test_a_draft_becomes_content() -> None:
    written = DraftContent(
        title=" A new desk ",
        text=" oak\nplease ",
        amount=" 1,500.00 ",
        links="https://a.example\n https://b.example  https://a.example",
    )

    content = read_content(written, POLICY.currency)

    assert content == Content(
        title="A new desk",
        text="oak\nplease",
        amount=usd("1500.00"),
        links=("https://a.example", "https://b.example"),
    )


def test_a_title_is_enough() -> None:
    content = read_content(DraftContent(title="A day off"), POLICY.currency)

    assert content == Content(title="A day off")


@dataclass(frozen=True, kw_only=True)
class Mistaken:
    description: str
    given: DraftContent
    then: dict[str, str]


@table(
    Mistaken(
        description="a blank title",
        given=DraftContent(title="  "),
        then={"title": "text_missing"},
    ),
    Mistaken(
        description="a title that is too long",
        given=DraftContent(title="x" * 151),
        then={"title": "text_too_long"},
    ),
    Mistaken(
        description="a text that is too long",
        given=DraftContent(title="x", text="x" * 3001),
        then={"text": "text_too_long"},
    ),
    Mistaken(
        description="a text that is not a link",
        given=DraftContent(title="x", links="https://a.example b"),
        then={"links": "not_a_link"},
    ),
    Mistaken(
        description="too many links",
        given=DraftContent(title="x", links=" ".join(f"https://{n}" for n in range(6))),
        then={"links": "too_many_links"},
    ),
    Mistaken(
        description="a word for an amount",
        given=DraftContent(title="x", amount="a lot"),
        then={"amount": "amount_not_a_number"},
    ),
    Mistaken(
        description="an amount of zero",
        given=DraftContent(title="x", amount="0"),
        then={"amount": "amount_not_positive"},
    ),
    Mistaken(
        description="an amount of another currency than the policy's",
        given=DraftContent(title="x", amount="10 EUR"),
        then={"amount": "amount_other_currency"},
    ),
    Mistaken(
        description="everything at once",
        given=DraftContent(title="", text="x" * 3001, amount="-1", links="?"),
        then={
            "title": "text_missing",
            "text": "text_too_long",
            "links": "not_a_link",
            "amount": "amount_not_positive",
        },
    ),
)
def test_every_error_is_reported_at_its_field(row: Mistaken) -> None:
    with pytest.raises(RequestFormErrors) as refused:
        read_content(row.given, POLICY.currency)

    codes = {name: error.code for name, error in refused.value.by_field.items()}
    assert codes == row.then
    assert all(code in str(refused.value) for code in row.then.values())


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("", None),
        ("  ", None),
        ("10 EUR", "10.00 EUR"),
        ("10.5eur", "10.50 EUR"),
        ("1,000 usd", "1,000.00 USD"),
    ],
)
def test_the_amount_names_its_currency_if_the_policy_has_none(
    written: str, amount: str | None
) -> None:
    found = read_amount(written, "")

    assert (None if found is None else str(found)) == amount


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("10", "amount_without_currency"),
        ("10 E", "amount_not_a_number"),
        ("EUR", "amount_not_a_number"),
        ("$10 EUR", "amount_other_currency"),
    ],
)
def test_an_amount_without_a_currency_is_refused(written: str, code: str) -> None:
    with pytest.raises(RuleError) as refused:
        read_amount(written, "")

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("written", "window"),
    [
        ("", None),
        (" ", None),
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        (" 4 H ", timedelta(hours=4)),
        ("9999d", timedelta(days=9999)),
    ],
)
def test_valid_durations(written: str, window: timedelta | None) -> None:
    found = read_window(written)

    assert found == window


@pytest.mark.parametrize(
    "written", ["0m", "-1h", "1", "m", "1w", "1.5h", "10000d", "1h30m", "\u0661h"]
)
def test_invalid_durations(written: str) -> None:
    with pytest.raises(NotADurationError):
        read_window(written)


@QUICK_PROPERTY
@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_any_draft_is_content_or_has_errors(title: str, text: str, amount: str, links: str) -> None:
    written = DraftContent(title=title, text=text, amount=amount, links=links)

    content: Content | None = None
    errors: tuple[str, ...] = ()
    try:
        content = read_content(written, "")
    except RequestFormErrors as found:
        errors = tuple(found.by_field)

    assert (content is None) == bool(errors)
    assert set(errors) <= {"title", "text", "amount", "links"}
    assert content is None or content.title == title.strip()


def test_all_mistakes_of_a_request_come_at_once() -> None:
    content = DraftContent(title="", text="a\x00", amount="many", links="https://a.example/\udc80")
    written = DraftRequest(request_id="REQ-1", content=content, answer_within="9d")

    with pytest.raises(RequestFormErrors) as refused:
        read_request(written, LIMITED, actor(ANA), ())

    assert {name: error.code for name, error in refused.value.by_field.items()} == {
        "title": "text_missing",
        "text": "text_unreadable",
        "amount": "amount_not_a_number",
        "links": "text_unreadable",
        "answer_within": "window_too_long",
    }


def test_without_a_policy_all_but_the_amount_is_checked() -> None:
    content = DraftContent(title="", amount="many", links="ftp://a")
    written = DraftRequest(request_id="REQ-1", content=content, answer_within="soon")

    errors = draft_errors(written)

    assert errors.by_field.keys() == {"title", "links", "answer_within"}


LIMITED = replace(POLICY, levels=(level(BORIS, max_expire_after=timedelta(days=3)),))


@pytest.mark.parametrize(("wish", "then"), [("3d", ""), ("72h", ""), ("73h", "3d"), ("9d", "3d")])
def test_a_requested_expiry_beyond_the_policys_limit_is_refused_with_the_limit(
    wish: str, then: str
) -> None:
    written = DraftRequest(
        request_id="REQ-1",
        policy="order",
        content=DraftContent(title="A desk", amount="1500"),
        answer_within=wish,
    )
    told = ""

    try:
        asked = read_request(written, LIMITED, actor(ANA), ())
    except RequestFormErrors as errors:
        told = errors.by_field["answer_within"].data["limit"]
    else:
        assert asked.expire_after == read_window(wish)

    assert told == then
