"""The policy file: what it yields, and every mistake with its line and a suggestion."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.policy_file import PolicyFileError, Problem, UnknownPolicyError, load, parse
from workflows.rules.money import Money
from workflows.rules.policy import (
    Notify,
    Policy,
    Quorum,
    QuorumKind,
    ReasonRule,
    digest,
    route,
)

SHIPPED = Path(__file__).parents[2] / "policies.toml"
GOOD = """\
[countersign]
admins = ["user:U0FAY"]
admin_channel = "#approvals-admin"
timezone = "Europe/Berlin"
language = "en"

[policy.order]
title = "Customer order"
channel = "#approvals"
visibility = "channel"
notify = "card"
self_approval = "never"
distinct_approvers = true

[[policy.order.tier]]
up_to = "1000.00 USD"
levels = []

[[policy.order.tier]]
levels = ["sales"]

[policy.order.level.sales]
approvers = ["user:U0BORIS", "user:U0CLARA"]
quorum = 1
reject_quorum = 1
reject_reason = "required"
expire_after = "5m"
max_expire_after = "7d"
"""


def _problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(PolicyFileError) as caught:
        parse(text)
    return caught.value.problems


def _usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def _levels(policy: Policy, amount: str) -> list[str]:
    return [level.name for level in route(policy, _usd(amount)).levels]


def test_the_shipped_file_asks_for_a_yes_above_one_thousand() -> None:
    policies = load(SHIPPED)
    order = policies.policy("order")

    assert policies.names == ("order",)
    assert _levels(order, "1000.00") == []
    assert _levels(order, "1000.01") == ["sales"]
    assert route(order, _usd("1000.01")).rule == "order: over 1,000.00 USD"
    assert order.version == digest(order)
    assert (order.title, order.channel, order.notify) == (
        "Customer order",
        "#approvals",
        Notify.CARD,
    )


def test_a_level_is_read_whole() -> None:
    sales = load(SHIPPED).policy("order").level("sales")

    assert [str(one) for one in sales.approvers] == ["user:U0BORIS", "user:U0CLARA"]
    assert sales.quorum == Quorum(count=1)
    assert (sales.reject_quorum, sales.approve_reason, sales.reject_reason) == (
        1,
        ReasonRule.OPTIONAL,
        ReasonRule.REQUIRED,
    )
    assert (sales.expire_after, sales.max_expire_after) == (
        timedelta(minutes=5),
        timedelta(days=7),
    )


def test_the_house_is_read() -> None:
    policies = parse(GOOD)

    assert [str(one) for one in policies.admins] == ["user:U0FAY"]
    assert (policies.admin_channel, policies.timezone, policies.language) == (
        "#approvals-admin",
        "Europe/Berlin",
        "en",
    )


@pytest.mark.parametrize(
    ("written", "quorum"),
    [
        ("2", Quorum(count=2)),
        ('"all"', Quorum(kind=QuorumKind.ALL)),
        ('"majority"', Quorum(kind=QuorumKind.MAJORITY)),
    ],
)
def test_quorums(written: str, quorum: Quorum) -> None:
    text = GOOD.replace("quorum = 1\n", f"quorum = {written}\n", 1)

    assert parse(text).policy("order").level("sales").quorum == quorum


@pytest.mark.parametrize(
    ("written", "duration"),
    [
        ("10s", timedelta(seconds=10)),
        ("90m", timedelta(minutes=90)),
        ("24h", timedelta(hours=24)),
        ("7d", timedelta(days=7)),
    ],
)
def test_durations(written: str, duration: timedelta) -> None:
    text = GOOD.replace('expire_after = "5m"', f'expire_after = "{written}"', 1)

    assert parse(text).policy("order").level("sales").expire_after == duration


def test_the_version_follows_what_is_written() -> None:
    edited = parse(GOOD.replace('title = "Customer order"', 'title = "Order"'))

    assert parse(GOOD + "# a remark\n").policy("order").version == (
        parse(GOOD).policy("order").version
    )
    assert edited.policy("order").version != parse(GOOD).policy("order").version


REFUSALS = [
    # (replace this, with that, at line, message, suggestion)
    ('notify = "card"', 'notifier = "card"', 11, "Unknown key “notifier”.", "Did you mean “notify”?"),
    ("[countersign]", "[countersgn]", 1, "Unknown key “countersgn”.", "Did you mean “countersign”?"),
    ("reject_quorum = 1", "reject_qorum = 1", 25, "Unknown key “reject_qorum”.", "Did you mean “reject_quorum”?"),
    ('up_to = "1000.00 USD"', 'upto = "1000.00 USD"', 16, "Unknown key “upto”.", "Did you mean “up_to”?"),
    ("reject_quorum = 1", 'remind_after = ["2m"]', 25, "“remind_after” is not supported yet.", "Please remove it."),
    ("reject_quorum = 1", "escalate = []", 25, "“escalate” is not supported yet.", "Please remove it."),
    ("[policy.order]\n", "[managers]\nU0ANA = 'U0FAY'\n[policy.order]\n", 7, "“managers” is not supported yet.", "Please remove it."),
    ('"user:U0CLARA"', '"group:sales-leads"', 23, "approvers: “group:sales-leads” is not supported yet.", "Name people as user:U…."),
    ('"user:U0CLARA"', '"manager"', 23, "approvers: “manager” is not supported yet.", "Name people as user:U…."),
    ('"user:U0CLARA"', '"email:a@b.example"', 23, "approvers: “email:a@b.example” is not supported yet.", "Name people as user:U…."),
    ('"user:U0CLARA"', '"U0CLARA"', 23, "approvers: “U0CLARA” names nobody.", "Write user: and a Slack member id: user:U0BORIS."),
    ('"user:U0CLARA"', "7", 23, "approvers: “7” names nobody.", "Write user: and a Slack member id: user:U0BORIS."),
    ('"user:U0CLARA"', '"user:U0BORIS"', 23, "Somebody stands there twice.", "Name each person once."),
    ('["user:U0BORIS", "user:U0CLARA"]', "[]", 23, "approvers: nobody is named.", "Write user:U… for each person."),
    ('["user:U0BORIS", "user:U0CLARA"]', '"user:U0BORIS"', 23, "approvers: this must be a list.", 'Write approvers = ["…"].'),
    ('visibility = "channel"', 'visibility = "private"', 10, "visibility: “private” is not supported yet.", "Possible now: channel."),
    ('notify = "card"', 'notify = "dm"', 11, "notify: “dm” is not supported yet.", "Possible now: card, none."),
    ('notify = "card"', 'notify = "cart"', 11, "notify: “cart” is unknown here.", "Did you mean “card”?"),
    ('self_approval = "never"', 'self_approval = "always"', 12, "self_approval: “always” is unknown here.", "Possible: never."),
    ("distinct_approvers = true", 'distinct_approvers = "yes"', 13, "distinct_approvers: this must be true or false.", "Write it without quotes."),
    ('title = "Customer order"', 'title = " "', 8, "title: This must be a text of 1 to 100 characters.", ""),
    ('title = "Customer order"\n', "", 7, "“title” is missing.", "Please add it."),
    ('channel = "#approvals"', 'channel = "Approvals Team"', 9, "channel: “Approvals Team” is not a channel.", 'Write "#approvals-team", or the channel\'s id.'),
    ('language = "en"', 'language = "fr"', 5, "language: “fr” is unknown here.", "Possible: en."),
    ('timezone = "Europe/Berlin"', 'timezone = "Europe/Berln"', 4, "timezone: “Europe/Berln” is not a time zone.", "Did you mean “Europe/Berlin”?"),
    ('"1000.00 USD"', '"1000.00"', 16, "up_to: '1000.00' is not an amount with a currency.", 'Write "1000.00 USD".'),
    ('"1000.00 USD"', "1000.00", 16, "up_to: 1000.0 is not an amount with a currency.", 'Write "1000.00 USD".'),
    ('"1000.00 USD"', '"1000.001 USD"', 16, "up_to: “1000.001 USD” is not an amount: too many decimals.", 'Write "1000.00 USD".'),
    ('"1000.00 USD"', '"0 USD"', 16, "up_to: “0 USD” is not an amount: not positive.", 'Write "1000.00 USD".'),
    ("levels = []\n", 'levels = []\n[[policy.order.tier]]\nup_to = "500.00 USD"\nlevels = ["sales"]\n', 19, "This overlaps the tier up to 1,000.00 USD.", "Write the tiers in ascending order, each limit once."),
    ("levels = []\n", 'levels = []\n[[policy.order.tier]]\nup_to = "1000 USD"\nlevels = ["sales"]\n', 19, "This overlaps the tier up to 1,000.00 USD.", "Write the tiers in ascending order, each limit once."),
    ("levels = []\n", 'levels = []\n[[policy.order.tier]]\nup_to = "5000.00 EUR"\nlevels = ["sales"]\n', 19, "Two currencies cannot be compared.", "Use USD in all tiers of a policy."),
    ('up_to = "1000.00 USD"\n', "", 15, "This tier takes every amount: the next overlaps it.", "Give it up_to, or put it last."),
    ('[[policy.order.tier]]\nlevels = ["sales"]', '[[policy.order.tier]]\nup_to = "9000.00 USD"\nlevels = ["sales"]', 19, "There is a gap: no tier takes more than 9,000.00 USD.", "Add a last [[policy.order.tier]] without up_to."),
    ('levels = ["sales"]', 'levels = ["sale"]', 20, "There is no level “sale”.", "Did you mean “sales”?"),
    ('levels = ["sales"]', 'levels = ["sales", "sales"]', 20, "A level stands there twice.", "Name each level once."),
    ('levels = ["sales"]', "levels = []", 22, "No tier uses the level “sales”.", "Name it in a tier's levels, or remove it."),
    ("quorum = 1\nreject", "quorum = 3\nreject", 24, "With 2 named, 3 approvals can never be given.", "Write at most 2, or name more people."),
    ("quorum = 1\nreject", "quorum = 0\nreject", 24, "quorum: 0 is not a quorum.", 'Write 1, 2, …, "all" or "majority".'),
    ("quorum = 1\nreject", "quorum = true\nreject", 24, "quorum: True is not a quorum.", 'Write 1, 2, …, "all" or "majority".'),
    ("quorum = 1\nreject", 'quorum = "most"\nreject', 24, "quorum: 'most' is not a quorum.", 'Write 1, 2, …, "all" or "majority".'),
    ("reject_quorum = 1", "reject_quorum = 3", 25, "This can never matter. After 2 of 2 say no, the quorum of 1 is out of reach anyway.", "Write reject_quorum = 2 or less."),
    ("quorum = 1\nreject_quorum = 1", "quorum = 'all'\nreject_quorum = 2", 25, "This can never matter. After 1 of 2 say no, the quorum of 2 is out of reach anyway.", "Write reject_quorum = 1 or less."),
    ("reject_quorum = 1", "reject_quorum = 0", 25, "reject_quorum: this must be a whole number from 1.", "Write 1 or more."),
    ("reject_quorum = 1", "reject_quorum = 1.5", 25, "reject_quorum: this must be a whole number from 1.", "Write it without quotes."),
    ("reject_quorum = 1", 'approve_reason = "required"', 25, "approve_reason: “required” is not supported yet.", "Possible now: none, optional."),
    ('reject_reason = "required"', 'reject_reason = "require"', 26, "reject_reason: “require” is unknown here.", "Did you mean “required”?"),
    ('expire_after = "5m"', 'expire_after = "5 minutes"', 27, "expire_after: '5 minutes' is not a duration.", 'Write "10s", "5m", "24h" or "7d".'),
    ('expire_after = "5m"', 'expire_after = "0m"', 27, "expire_after: '0m' is not a duration.", 'Write "10s", "5m", "24h" or "7d".'),
    ('expire_after = "5m"', "expire_after = 5", 27, "expire_after: 5 is not a duration.", 'Write "10s", "5m", "24h" or "7d".'),
    ('expire_after = "5m"\n', "", 27, "Without expire_after this has no effect.", "Add expire_after, or remove this."),
    ('max_expire_after = "7d"', 'max_expire_after = "1m"', 28, "This is shorter than expire_after.", "Make it the longer of the two."),
    ("[countersign]\n", "[countersign\n", 1, "This is not TOML: Expected ']' at the end of a table declaration.", ""),
    ("quorum = 1\n", "quorum = 1\nquorum = 2\n", 25, "This is not TOML: Cannot overwrite a value.", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "suggestion"), REFUSALS, ids=[row[3] for row in REFUSALS]
)
def test_a_mistake_is_told_with_its_line_and_what_to_write(
    old: str, new: str, line: int, message: str, suggestion: str
) -> None:
    assert old in GOOD

    problems = _problems(GOOD.replace(old, new, 1))
    assert Problem(line=line, message=message, suggestion=suggestion) in problems
    assert len(problems) <= 2  # a wrong table name is missing under its right one too


def test_an_upper_case_name_is_refused() -> None:
    problems = _problems(GOOD.replace("policy.order", "policy.Order"))

    assert problems == (
        Problem(
            line=7,
            message="“Order” is not a name.",
            suggestion="Use a-z, 0-9, - and _, at most 40.",
        ),
    )


def test_a_policy_without_tiers_is_refused() -> None:
    head, _, rest = GOOD.partition("[[policy.order.tier]]")
    text = head + "[policy.order.level.sales]" + rest.partition("[policy.order.level.sales]")[2]
    problems = _problems(text)

    assert [one.message for one in problems] == [
        "There is no tier, so no amount has a rule.",
        "No tier uses the level “sales”.",
    ]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        GOOD.replace('title = "Customer order"', "title = 7")
        .replace('"1000.00 USD"', '"1000 dollars"')
        .replace('levels = ["sales"]', 'levels = ["finance"]')
        .replace("reject_quorum = 1", "reject_quorum = 9")
        .replace('timezone = "Europe/Berlin"', 'timezone = "Mars"')
    )
    with pytest.raises(PolicyFileError) as caught:
        parse(text, "policies.toml")

    assert [one.line for one in caught.value.problems] == [4, 8, 16, 20, 25]
    assert str(caught.value).splitlines()[1] == (
        "policies.toml, line 8: title: This must be a text of 1 to 100 characters."
    )


@pytest.mark.parametrize("text", ["", "[policy]\norder = 1\n", "policy = 1\ncountersign = 2\n"])
def test_a_file_of_another_shape_is_refused(text: str) -> None:
    assert _problems(text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="cannot be read") as caught:
        load(tmp_path / "policies.toml")

    assert "POLICIES" in str(caught.value)


def test_an_unknown_policy_names_the_nearest() -> None:
    with pytest.raises(UnknownPolicyError, match=r"Did you mean “order”\?"):
        parse(GOOD).policy("orders")
