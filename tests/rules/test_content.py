"""Content: its limits, its digest, and the changes between two contents."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import table, usd
from tests.rules.hypothesis_settings import QUICK_PROPERTY
from workflows.rules.shared.content import (
    Content,
    ContentChange,
    ContentField,
    check_content,
    content_changes,
    content_digest,
)
from workflows.rules.shared.errors import RuleError
from workflows.rules.shared.money import Money

DESK = Content(
    title="A new desk",
    text="oak",
    fields=(ContentField(label="Room", value="12"),),
    amount=usd("1500.00"),
    links=("https://example.com/desk",),
)


def links(count: int) -> tuple[str, ...]:
    return tuple(f"https://example.com/{number}" for number in range(count))


@dataclass(frozen=True, kw_only=True)
class Checked:
    description: str
    given: Content
    then: str = ""
    data: tuple[tuple[str, str], ...] = ()


@table(
    Checked(description="complete content is valid", given=DESK),
    Checked(description="a title alone is valid", given=Content(title="x")),
    Checked(description="a title is required", given=Content(title=""), then="text_missing"),
    Checked(
        description="a blank title is refused",
        given=Content(title=" \n\u2003"),
        then="text_missing",
    ),
    Checked(description="a title of 150 characters is valid", given=Content(title="x" * 150)),
    Checked(
        description="a title of 151 characters is refused",
        given=Content(title="x" * 151),
        then="text_too_long",
        data=(("limit", "150"),),
    ),
    Checked(
        description="a NUL in a title is refused, because no database stores it",
        given=Content(title="a\x00b"),
        then="text_unreadable",
    ),
    Checked(
        description="half of a surrogate pair is refused, because it has no UTF-8 encoding",
        given=Content(title="x", text="\ud83d"),
        then="text_unreadable",
    ),
    Checked(description="a whole surrogate pair is valid", given=Content(title="\U0001f600")),
    Checked(
        description="a text of 3,000 characters is valid", given=Content(title="x", text="x" * 3000)
    ),
    Checked(
        description="a text of 3,001 characters is refused",
        given=Content(title="x", text="x" * 3001),
        then="text_too_long",
        data=(("limit", "3,000"),),
    ),
    Checked(
        description="a field has the limit of a text",
        given=Content(title="x", fields=(ContentField(label="a", value="x" * 3001),)),
        then="text_too_long",
        data=(("limit", "3,000"),),
    ),
    Checked(description="five links are valid", given=Content(title="x", links=links(5))),
    Checked(
        description="six links are refused",
        given=Content(title="x", links=links(6)),
        then="too_many_links",
        data=(("limit", "5"),),
    ),
    Checked(
        description="a link of 500 characters is valid",
        given=Content(title="x", links=("http://" + "x" * 493,)),
    ),
    Checked(
        description="a link of 501 characters is refused",
        given=Content(title="x", links=("http://" + "x" * 494,)),
        then="not_a_link",
        data=(("link", "http://" + "x" * 494),),
    ),
    *(
        Checked(
            description=f"{link!r} is not a link",
            given=Content(title="x", links=(link,)),
            then="not_a_link",
            data=(("link", link),),
        )
        for link in (
            "",
            "example.com",
            "ftp://example.com",
            "javascript:alert(1)",
            "https://",
            "https://a b",
            "https://a|b",
            "https://a>b",
            "https://a<b",
            'https://a"b',
            "https://a\n",
            " https://a",
        )
    ),
    *(
        Checked(
            description=f"{amount} is not an amount to approve",
            given=Content(title="x", amount=Money(amount=Decimal(amount), currency="USD")),
            then="amount_not_positive",
        )
        for amount in ("0.00", "-0.01", "NaN", "Infinity")
    ),
)
def test_the_limits_of_content(row: Checked) -> None:
    if not row.then:
        check_content(row.given)
        return

    with pytest.raises(RuleError) as refused:
        check_content(row.given)

    assert refused.value.code == row.then
    assert refused.value.data == dict(row.data)


EDITS: dict[str, Callable[[Content], Content]] = {
    "title": lambda old: replace(old, title="Another desk"),
    "text": lambda old: replace(old, text=""),
    "amount": lambda old: replace(old, amount=None),
    "amount, of another currency": lambda old: replace(
        old, amount=Money(amount=Decimal("1500.00"), currency="EUR")
    ),
    "links": lambda old: replace(old, links=()),
    "field:Room": lambda old: replace(old, fields=(ContentField(label="Room", value="13"),)),
    "field:Floor": lambda old: replace(
        old, fields=(*old.fields, ContentField(label="Floor", value=""))
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_every_edit_of_one_part_shows_as_that_part_and_in_the_digest(edit: str) -> None:
    edited = EDITS[edit](DESK)

    changes = content_changes(DESK, edited)

    assert [change.part for change in changes] == [edit.partition(",")[0]]
    assert content_digest(edited) != content_digest(DESK)


def test_equal_content_has_no_changes() -> None:
    same = replace(DESK, text="oak")

    assert content_changes(DESK, same) == ()
    assert content_digest(DESK) == content_digest(same)


def test_a_change_has_the_values_before_and_after() -> None:
    changes = content_changes(DESK, replace(DESK, amount=usd("1200.00"), links=links(2)))

    assert changes == (
        ContentChange(part="amount", before="1,500.00 USD", after="1,200.00 USD"),
        ContentChange(
            part="links",
            before="https://example.com/desk",
            after="https://example.com/0\nhttps://example.com/1",
        ),
    )


def test_two_fields_with_the_same_label_are_compared_together() -> None:
    room = ContentField(label="Room", value="12")

    changes = content_changes(DESK, replace(DESK, fields=(room, room)))

    assert changes == (ContentChange(part="field:Room", before="12", after="12\n12"),)


texts = st.text(max_size=5)
contents = st.builds(
    Content,
    title=texts,
    text=texts,
    amount=st.none() | st.sampled_from([usd("1.00"), usd("2.00")]),
    links=st.lists(st.sampled_from(links(3)), max_size=3, unique=True).map(tuple),
)


@QUICK_PROPERTY
@given(contents, contents)
def test_two_contents_share_a_digest_only_if_nothing_changed(one: Content, two: Content) -> None:
    changed = bool(content_changes(one, two))

    assert changed == (content_digest(one) != content_digest(two))
