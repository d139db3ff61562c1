"""Policies: the tier of an amount, and the digest."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import ALL, BORIS, CLARA, level, policy, quorum_of, table, usd
from tests.rules.hypothesis_settings import QUICK_PROPERTY
from workflows.rules.approvals.policy import (
    Escalation,
    Notify,
    Policy,
    ReasonRule,
    Tier,
    digest,
    route,
)
from workflows.rules.people.actors import ApproverSource, SourceKind
from workflows.rules.shared.errors import NoTierError
from workflows.rules.shared.money import Money

SALES = level(BORIS, name="sales")
BOARD = level(CLARA, name="board")
TWO_TIERS = policy(SALES)
THREE_TIERS = replace(
    policy(SALES, BOARD),
    tiers=(
        Tier(up_to=usd("1000.00"), levels=()),
        Tier(up_to=usd("5000.00"), levels=("sales",)),
        Tier(up_to=None, levels=("sales", "board")),
    ),
)
ONE_TIER = replace(TWO_TIERS, tiers=(Tier(up_to=None, levels=("sales",)),))


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


@dataclass(frozen=True, kw_only=True)
class Routed:
    description: str
    given: Policy
    amount: Money | None
    then: tuple[str, ...]
    rule: str


@table(
    Routed(
        description="999.99 needs no approval",
        given=TWO_TIERS,
        amount=usd("999.99"),
        then=(),
        rule="order: up to 1,000.00 USD",
    ),
    Routed(
        description="1,000.00 still needs no approval",
        given=TWO_TIERS,
        amount=usd("1000.00"),
        then=(),
        rule="order: up to 1,000.00 USD",
    ),
    Routed(
        description="1,000.01 needs an approval",
        given=TWO_TIERS,
        amount=usd("1000.01"),
        then=("sales",),
        rule="order: over 1,000.00 USD",
    ),
    Routed(
        description="a cent needs no approval",
        given=TWO_TIERS,
        amount=usd("0.01"),
        then=(),
        rule="order: up to 1,000.00 USD",
    ),
    Routed(
        description="the largest amount needs an approval",
        given=TWO_TIERS,
        amount=usd("999999999999999.00"),
        then=("sales",),
        rule="order: over 1,000.00 USD",
    ),
    Routed(
        description="5,000.00 is still in the middle tier",
        given=THREE_TIERS,
        amount=usd("5000.00"),
        then=("sales",),
        rule="order: up to 5,000.00 USD",
    ),
    Routed(
        description="5,000.01 needs both levels, in order",
        given=THREE_TIERS,
        amount=usd("5000.01"),
        then=("sales", "board"),
        rule="order: over 5,000.00 USD",
    ),
    Routed(
        description="a policy with one tier covers every amount",
        given=ONE_TIER,
        amount=usd("0.01"),
        then=("sales",),
        rule="order: always",
    ),
    Routed(
        description="without an amount the strictest tier applies",
        given=THREE_TIERS,
        amount=None,
        then=("sales", "board"),
        rule="order: over 5,000.00 USD",
    ),
    Routed(
        description="for another currency the strictest tier applies",
        given=THREE_TIERS,
        amount=euros("1.00"),
        then=("sales", "board"),
        rule="order: over 5,000.00 USD",
    ),
)
def test_the_tier_of_an_amount(row: Routed) -> None:
    found = route(row.given, row.amount)

    assert tuple(rule.name for rule in found.levels) == row.then
    assert found.rule == row.rule


@pytest.mark.parametrize("amount", [usd("1000.01"), euros("1.00"), None])
def test_an_amount_that_no_tier_covers_is_refused(amount: Money | None) -> None:
    gap = replace(TWO_TIERS, tiers=TWO_TIERS.tiers[:1])

    with pytest.raises(NoTierError) as refused:
        route(gap, amount)

    assert refused.value.data == {"policy": "order"}


@QUICK_PROPERTY
@given(st.integers(min_value=1, max_value=10**9), st.integers(min_value=0, max_value=10**9))
def test_a_larger_amount_never_needs_fewer_levels(amount: int, more: int) -> None:
    small = route(THREE_TIERS, usd(str(Decimal(amount) / 100)))
    large = route(THREE_TIERS, usd(str(Decimal(amount + more) / 100)))

    assert len(small.levels) <= len(large.levels)


def test_the_digest_is_the_same_in_every_process() -> None:
    version = digest(TWO_TIERS)

    # A constant. It may change only when policies get a new key.
    assert version == "29da00adefb1"


def test_the_digest_does_not_depend_on_the_policys_version() -> None:
    version = digest(replace(TWO_TIERS, version="something else"))

    assert version == digest(TWO_TIERS)


def test_the_digest_is_short_enough_to_read() -> None:
    version = digest(THREE_TIERS)

    assert len(version) == 12
    assert int(version, 16) >= 0


TO_CLARA = Escalation(
    after=timedelta(minutes=4), to=(ApproverSource(kind=SourceKind.USER, value=CLARA),)
)


def with_level(**changed: Any) -> Callable[[Policy], Policy]:
    def edit(written: Policy) -> Policy:
        edited = replace(written.levels[0], **changed)
        return replace(written, levels=(edited, *written.levels[1:]))

    return edit


def with_policy(**changed: Any) -> Callable[[Policy], Policy]:
    return lambda written: replace(written, **changed)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(with_policy(name="hr"), id="its name"),
        pytest.param(with_policy(title="Order"), id="its title"),
        pytest.param(with_policy(channel="#other"), id="its channel"),
        pytest.param(with_policy(notify=Notify.NONE), id="who is told"),
        pytest.param(with_policy(distinct_approvers=False), id="who may count twice"),
        pytest.param(with_policy(language="de"), id="its language"),
        pytest.param(with_policy(delegation=False), id="whether anybody stands in"),
        pytest.param(with_policy(max_amendments=4), id="how often it may be amended"),
        pytest.param(with_policy(admins=()), id="its admins"),
        pytest.param(with_policy(admin_channel="#other"), id="where its admins are told"),
        pytest.param(with_policy(tiers=THREE_TIERS.tiers[:2]), id="a tier less"),
        pytest.param(with_policy(tiers=THREE_TIERS.tiers[::-1]), id="the order of tiers"),
        pytest.param(
            with_policy(tiers=(Tier(up_to=usd("1000.01"), levels=()), *THREE_TIERS.tiers[1:])),
            id="a cent more in a tier",
        ),
        pytest.param(
            with_policy(tiers=(Tier(up_to=euros("1000.00"), levels=()), *THREE_TIERS.tiers[1:])),
            id="the currency of a tier",
        ),
        pytest.param(with_policy(levels=THREE_TIERS.levels[::-1]), id="the order of levels"),
        pytest.param(with_level(name="retail"), id="a level's name"),
        pytest.param(
            with_level(approvers=(ApproverSource(kind=SourceKind.USER, value=CLARA),)),
            id="who approves",
        ),
        pytest.param(with_level(quorum=quorum_of(2)), id="how many"),
        pytest.param(with_level(quorum=ALL), id="how many, in a word"),
        pytest.param(with_level(reject_quorum=2), id="how many to reject"),
        pytest.param(with_level(approve_reason=ReasonRule.REQUIRED), id="an approval's reason"),
        pytest.param(with_level(reject_reason=ReasonRule.NONE), id="a rejection's reason"),
        pytest.param(with_level(remind_after=(timedelta(minutes=1),)), id="a reminder"),
        pytest.param(with_level(escalate=(TO_CLARA,)), id="an escalation"),
        pytest.param(
            with_level(escalate=(replace(TO_CLARA, replace=True),)), id="an escalation's place"
        ),
        pytest.param(with_level(expire_after=timedelta(minutes=6)), id="a deadline"),
        pytest.param(with_level(expire_after=None), id="no deadline"),
        pytest.param(with_level(max_expire_after=timedelta(days=1)), id="a deadline's bound"),
    ],
)
def test_any_edit_of_a_policy_changes_its_digest(edit: Callable[[Policy], Policy]) -> None:
    version = digest(edit(THREE_TIERS))

    assert version != digest(THREE_TIERS)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (ApproverSource(kind=SourceKind.USER, value=BORIS), "user:UBORIS"),
        (ApproverSource(kind=SourceKind.EMAIL, value="b@example.com"), "email:b@example.com"),
        (ApproverSource(kind=SourceKind.GROUP, value="sales-leads"), "group:sales-leads"),
        (ApproverSource(kind=SourceKind.MANAGER, value="1"), "manager"),
        (ApproverSource(kind=SourceKind.MANAGER, value="2"), "manager:2"),
    ],
)
def test_a_source_is_formatted_as_in_the_policy_file(source: ApproverSource, words: str) -> None:
    written = str(source)

    assert written == words
