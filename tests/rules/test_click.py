"""Click ids: the same click has the same id, and another click has another."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import table
from tests.rules.hypothesis_settings import QUICK_PROPERTY
from workflows.rules.shared.click import click_id

PRESS = ("APR-1", "UBORIS", "approve", "1700000000.000100", "1700000009.000200")


@dataclass(frozen=True, kw_only=True)
class Another:
    description: str
    given: tuple[str, ...]


def test_the_same_click_has_the_same_id() -> None:
    again = click_id(*PRESS)

    assert again == click_id(*PRESS)
    assert len(again) == 32


@table(
    Another(description="on another request", given=("APR-2", *PRESS[1:])),
    Another(description="by another person", given=(*PRESS[:1], "UCLARA", *PRESS[2:])),
    Another(description="of another button", given=(*PRESS[:2], "reject", *PRESS[3:])),
    Another(description="on another message", given=(*PRESS[:3], "1700000000.000101", PRESS[4])),
    Another(description="a moment later", given=(*PRESS[:4], "1700000009.000201")),
    Another(description="with one part less", given=PRESS[:4]),
    Another(description="with an additional empty part", given=(*PRESS, "")),
    Another(description="with two parts joined", given=(PRESS[0] + PRESS[1], *PRESS[2:])),
    Another(
        description="with two parts joined by a separator",
        given=(f"{PRESS[0]}\x1f{PRESS[1]}", *PRESS[2:]),
    ),
    Another(description="in another order", given=PRESS[::-1]),
)
def test_another_click_has_another_id(row: Another) -> None:
    other = click_id(*row.given)

    assert other != click_id(*PRESS)


parts = st.lists(st.text(max_size=5), max_size=4)


@QUICK_PROPERTY
@given(parts, parts)
def test_two_clicks_share_an_id_only_if_they_are_the_same(one: list[str], other: list[str]) -> None:
    same = click_id(*one) == click_id(*other)

    assert same == (one == other)
