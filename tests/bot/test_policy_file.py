"""The policy file: its parsed policies, and every mistake with its line and a suggestion."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from bot.policies.file import PolicyFileError, Problem, UnknownPolicyError, load, parse
from bot.policies.keys import LANGUAGES, SourceError, read_source
from workflows.rules.approvals.policy import (
    Escalation,
    LevelRule,
    Notify,
    Policy,
    Quorum,
    QuorumKind,
    ReasonRule,
    digest,
    route,
)
from workflows.rules.people.actors import ManagedBy, SourceKind
from workflows.rules.shared.money import Money

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


def test_the_shipped_policy_needs_an_approval_above_one_thousand() -> None:
    policies = load(SHIPPED)
    order = policies.policy("order")

    assert policies.names[0] == "order"
    assert _levels(order, "1000.00") == []
    assert _levels(order, "1000.01") == ["sales"]
    assert route(order, _usd("1000.01")).rule == "order: over 1,000.00 USD"
    assert order.version == digest(order)
    assert (order.title, order.channel, order.notify) == (
        "Customer order",
        "#approvals",
        Notify.CARD,
    )


def test_the_shipped_file_uses_every_policy_feature() -> None:
    policies = [load(SHIPPED).policy(name) for name in load(SHIPPED).names]
    levels = [level for policy in policies for level in policy.levels]
    sources = {source.kind for level in levels for source in level.approvers}

    assert sources == set(SourceKind)
    assert {level.quorum.kind for level in levels} == set(QuorumKind)
    assert {policy.notify for policy in policies} == set(Notify)
    assert {policy.delegation for policy in policies} == {True, False}
    assert any(policy.max_amendments != 3 for policy in policies)
    assert any(level.reject_quorum > 1 for level in levels)
    assert any(level.remind_after for level in levels)
    assert {step.replace for level in levels for step in level.escalate} == {True, False}
    assert any(level.approve_reason is ReasonRule.REQUIRED for level in levels)
    assert any(len(tier.levels) > 1 for policy in policies for tier in policy.tiers)


def test_all_keys_of_a_level_are_read() -> None:
    sales = load(SHIPPED).policy("order").level("sales")

    assert [str(source) for source in sales.approvers] == ["group:sales-leads"]
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


def test_the_organisation_settings_are_read() -> None:
    policies = parse(GOOD)

    assert [str(source) for source in policies.admins] == ["user:U0FAY"]
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


def test_the_version_depends_on_the_content() -> None:
    edited = parse(GOOD.replace('title = "Customer order"', 'title = "Order"'))

    assert parse(GOOD + "# a remark\n").policy("order").version == (
        parse(GOOD).policy("order").version
    )
    assert edited.policy("order").version != parse(GOOD).policy("order").version


def test_a_discount_is_a_mistake_in_a_policy_without_products() -> None:
    text = GOOD.replace("policy.order", "policy.other").replace(
        "distinct_approvers = true", "max_discount = 10"
    )

    with pytest.raises(PolicyFileError, match="line 13: This never takes effect: only the lines"):
        parse(text)


LANGUAGE_NAMES = ", ".join(LANGUAGES)
WHO = "Write user:U…, email:…, group:… or manager."
REFUSALS = [
    # (text to replace, replacement, line, message, suggestion)
    ('notify = "card"', 'notifier = "card"', 11, "Unknown key “notifier”.", "Did you mean “notify”?"),
    ("[countersign]", "[countersgn]", 1, "Unknown key “countersgn”.", "Did you mean “countersign”?"),
    ("reject_quorum = 1", "reject_qorum = 1", 25, "Unknown key “reject_qorum”.", "Did you mean “reject_quorum”?"),
    ('up_to = "1000.00 USD"', 'upto = "1000.00 USD"', 16, "Unknown key “upto”.", "Did you mean “up_to”?"),
    ('"user:U0CLARA"', '"U0CLARA"', 23, "approvers: “U0CLARA” names no approver.", WHO),
    ('"user:U0CLARA"', '"usr:U0CLARA"', 23, "approvers: “usr:U0CLARA” names no approver.", WHO),
    ('"user:U0CLARA"', '"user"', 23, "approvers: “user” names no approver.", WHO),
    ('"user:U0CLARA"', '"user:clara"', 23, "approvers: “user:clara” is not a Slack member ID.", "Write user: and the id, such as user:U0BORIS."),
    ('"user:U0CLARA"', '"email:clara"', 23, "approvers: “email:clara” is not an email address.", "Write email:boris@example.com."),
    ('"user:U0CLARA"', '"email:clara@example"', 23, "approvers: “email:clara@example” is not an email address.", "Write email:boris@example.com."),
    ('"user:U0CLARA"', '"group:"', 23, "approvers: “group:” is not a user group.", "Write its handle, group:sales-leads, or its id, group:S0…."),
    ('"user:U0CLARA"', '"group:@Sales Leads"', 23, "approvers: “group:@Sales Leads” is not a user group.", "Write its handle, group:sales-leads, or its id, group:S0…."),
    ('"user:U0CLARA"', '"manager:1"', 23, "approvers: “manager:1” is not a valid manager.", "Write manager, or manager:2 to manager:5."),
    ('"user:U0CLARA"', '"manager:6"', 23, "approvers: “manager:6” is not a valid manager.", "Write manager, or manager:2 to manager:5."),
    ('admins = ["user:U0FAY"]', 'admins = ["manager"]', 2, "admins: “manager” depends on the requester, so it cannot be an admin.", "Write user:U…, email:… or group:…."),
    ('admins = ["user:U0FAY"]', 'admins = ["manager:2"]', 2, "admins: “manager:2” depends on the requester, so it cannot be an admin.", "Write user:U…, email:… or group:…."),
    ("[policy.order]\n", "[managers]\nU0ANA = 'fay'\n[policy.order]\n", 8, "managers: “fay” is not a Slack member ID.", 'Write U0ANA = "U0FAY": the person, then their manager.'),
    ("[policy.order]\n", "[managers]\nana = 'U0FAY'\n[policy.order]\n", 8, "managers: “ana” is not a Slack member ID.", 'Write U0ANA = "U0FAY": the person, then their manager.'),
    ("[policy.order]\n", "[managers]\nU0ANA = 'U0ANA'\n[policy.order]\n", 8, "This is a cycle: U0ANA → U0ANA.", "Remove one of these entries."),
    ("[policy.order]\n", "[managers]\nU0GUS = 'U0ANA'\nU0ANA = 'U0FAY'\nU0FAY = 'U0ANA'\n[policy.order]\n", 9, "This is a cycle: U0ANA → U0FAY → U0ANA.", "Remove one of these entries."),
    ("distinct_approvers = true", 'delegation = "no"', 13, "delegation must be true or false.", "Write it without quotes."),
    ("distinct_approvers = true", "max_amendments = 11", 13, "max_amendments: 11 is not a number of amendments.", "Write a whole number from 0 to 10."),
    ("distinct_approvers = true", 'requesters = "everyone"', 13, "requesters: “everyone” is not allowed here.", "Use one of: members, guests, anyone."),
    ("distinct_approvers = true", "max_discount = 101", 13, "max_discount: 101 is not a percentage.", "Write a whole number from 0 to 100."),
    ("distinct_approvers = true", "max_discount = true", 13, "max_discount: True is not a percentage.", "Write a whole number from 0 to 100."),
    ("distinct_approvers = true", "max_amendments = true", 13, "max_amendments: True is not a number of amendments.", "Write a whole number from 0 to 10."),
    ("reject_quorum = 1", 'remind_after = ["2"]', 25, "remind_after: '2' is not a duration.", 'Write "10s", "5m", "24h" or "7d".'),
    ("reject_quorum = 1", 'remind_after = "2m"', 25, "remind_after must be a list.", 'Write remind_after = ["…"].'),
    ("reject_quorum = 1", 'remind_after = ["2m", "7d"]', 25, "The reminder after 7d is too late: the request has expired by then.", "Make it shorter, or let the request expire later."),
    ('max_expire_after = "7d"', 'remind_after = ["5m"]', 28, "The reminder after 5m is too late: the request has expired by then.", "Make it shorter, or let the request expire later."),
    ("reject_quorum = 1", 'remind_after = ["3m", "2m"]', 25, "The reminder after 2m is not later than the one before it.", "Write them in ascending order, each once."),
    ("reject_quorum = 1", 'remind_after = ["2m", "120s"]', 25, "The reminder after 2m is not later than the one before it.", "Write them in ascending order, each once."),
    ("reject_quorum = 1", 'escalate = [{ after = "8d", to = ["manager"] }]', 25, "The escalation after 8d is too late: the request has expired by then.", "Make it shorter, or let the request expire later."),
    ("reject_quorum = 1", 'escalate = [{ after = "2m", to = ["manager"] }, { after = "2m", to = ["manager:2"] }]', 25, "The escalation after 2m is not later than the one before it.", "Write them in ascending order, each once."),
    ("reject_quorum = 1", 'escalate = [{ after = "2m", to = ["user:U0CLARA"] }]', 25, "This adds no approver: user:U0CLARA is already an approver.", "Name someone else, or remove it."),
    ("reject_quorum = 1", 'escalate = [{ after = "2m", to = ["user:U0CLARA"], replace = true }]', 25, "This adds no approver: user:U0CLARA is already an approver.", "Name someone else, or remove it."),
    ("reject_quorum = 1", 'escalate = [{ after = "2m", to = ["manager"] }, { after = "3m", to = ["manager"] }]', 25, "This adds no approver: manager is already an approver.", "Name someone else, or remove it."),
    ("reject_quorum = 1", 'escalate = [{ after = "2m", to = ["manager", "manager"] }]', 25, "An approver is listed twice.", "List each approver once."),
    ("reject_quorum = 1", 'escalate = [{ after = "2m", to = [] }]', 25, "to is empty.", WHO),
    ("reject_quorum = 1", 'escalate = [{ after = "2m", to = ["bob"] }]', 25, "to: “bob” names no approver.", WHO),
    ("reject_quorum = 1", 'escalate = [{ after = "2m" }]', 25, "“to” is missing.", "Please add it."),
    ("reject_quorum = 1", 'escalate = [{ after = "2m", to = ["manager"], replaces = true }]', 25, "Unknown key “replaces”.", "Did you mean “replace”?"),
    ("reject_quorum = 1", 'escalate = [{ after = "2m", to = ["manager"], replace = 1 }]', 25, "replace must be true or false.", "Write it without quotes."),
    ("reject_quorum = 1\n", "reject_quorum = 3\nescalate = [{ after = '2m', to = ['email:fay@example.com'], replace = true }]\n", 25, "This never takes effect. After 2 of 2 rejections, the quorum of 1 is out of reach.", "Write reject_quorum = 2 or less."),
    ('"user:U0CLARA"', "7", 23, "approvers: “7” names no approver.", WHO),
    ('"user:U0CLARA"', '"user:U0BORIS"', 23, "An approver is listed twice.", "List each approver once."),
    ('["user:U0BORIS", "user:U0CLARA"]', "[]", 23, "approvers is empty.", WHO),
    ('["user:U0BORIS", "user:U0CLARA"]', '"user:U0BORIS"', 23, "approvers must be a list.", 'Write approvers = ["…"].'),
    ('visibility = "channel"', 'visibility = "private"', 10, "An order cannot be private: its card shows customer, lines and amount.", 'Write visibility = "channel", and use a private channel.'),
    ('visibility = "channel"', 'visibility = "privat"', 10, "visibility: “privat” is not allowed here.", "Did you mean “private”?"),
    ('visibility = "channel"', 'layout = "threads"', 10, "layout: “threads” is not allowed here.", "Did you mean “thread”?"),
    ('visibility = "channel"', 'language = "xx"', 10, "language: “xx” is not allowed here.", f"Use one of: {LANGUAGE_NAMES}."),
    ('notify = "card"', 'notify = "cart"', 11, "notify: “cart” is not allowed here.", "Did you mean “card”?"),
    ('self_approval = "never"', 'self_approval = "always"', 12, "self_approval: “always” is not allowed here.", "Use one of: never."),
    ("distinct_approvers = true", 'distinct_approvers = "yes"', 13, "distinct_approvers must be true or false.", "Write it without quotes."),
    ('title = "Customer order"', 'title = " "', 8, "title: This must be a string of 1 to 100 characters.", ""),
    ('title = "Customer order"\n', "", 7, "“title” is missing.", "Please add it."),
    ('channel = "#approvals"', 'channel = "Approvals Team"', 9, "channel: “Approvals Team” is not a channel.", 'Write "#approvals-team", or the channel\'s id.'),
    ('language = "en"', 'language = "xx"', 5, "language: “xx” is not allowed here.", f"Use one of: {LANGUAGE_NAMES}."),
    ('timezone = "Europe/Berlin"', 'timezone = "Europe/Berln"', 4, "timezone: “Europe/Berln” is not a time zone.", "Did you mean “Europe/Berlin”?"),
    ('"1000.00 USD"', '"1000.00"', 16, "up_to: '1000.00' is not an amount with a currency.", 'Write "1000.00 USD".'),
    ('"1000.00 USD"', "1000.00", 16, "up_to: 1000.0 is not an amount with a currency.", 'Write "1000.00 USD".'),
    ('"1000.00 USD"', '"1000.001 USD"', 16, "up_to: “1000.001 USD” is not an amount: too many decimals.", 'Write "1000.00 USD".'),
    ('"1000.00 USD"', '"0 USD"', 16, "up_to: “0 USD” is not an amount: not positive.", 'Write "1000.00 USD".'),
    ("levels = []\n", 'levels = []\n[[policy.order.tier]]\nup_to = "500.00 USD"\nlevels = ["sales"]\n', 19, "This overlaps the tier up to 1,000.00 USD.", "Write the tiers in ascending order, each limit once."),
    ("levels = []\n", 'levels = []\n[[policy.order.tier]]\nup_to = "1000 USD"\nlevels = ["sales"]\n', 19, "This overlaps the tier up to 1,000.00 USD.", "Write the tiers in ascending order, each limit once."),
    ("levels = []\n", 'levels = []\n[[policy.order.tier]]\nup_to = "5000.00 EUR"\nlevels = ["sales"]\n', 19, "Two currencies cannot be compared.", "Use USD in all tiers of a policy."),
    ('up_to = "1000.00 USD"\n', "", 15, "This tier takes every amount, so the next one overlaps it.", "Add up_to, or put it last."),
    ('[[policy.order.tier]]\nlevels = ["sales"]', '[[policy.order.tier]]\nup_to = "9000.00 USD"\nlevels = ["sales"]', 19, "There is a gap: no tier takes amounts over 9,000.00 USD.", "Add a last [[policy.order.tier]] without up_to."),
    ('levels = ["sales"]', 'levels = ["sale"]', 20, "There is no level “sale”.", "Did you mean “sales”?"),
    ('levels = ["sales"]', 'levels = ["sales", "sales"]', 20, "A level is listed twice.", "List each level once."),
    ('levels = ["sales"]', "levels = []", 22, "No tier uses the level “sales”.", "Add it to a tier's levels, or remove it."),
    ("quorum = 1\nreject", "quorum = 3\nreject", 24, "With 2 approvers, 3 approvals are impossible.", "Write at most 2, or name more people."),
    ("quorum = 1\nreject", "quorum = 0\nreject", 24, "quorum: 0 is not a quorum.", 'Write 1, 2, …, "all" or "majority".'),
    ("quorum = 1\nreject", "quorum = true\nreject", 24, "quorum: True is not a quorum.", 'Write 1, 2, …, "all" or "majority".'),
    ("quorum = 1\nreject", 'quorum = "most"\nreject', 24, "quorum: 'most' is not a quorum.", 'Write 1, 2, …, "all" or "majority".'),
    ("reject_quorum = 1", "reject_quorum = 3", 25, "This never takes effect. After 2 of 2 rejections, the quorum of 1 is out of reach.", "Write reject_quorum = 2 or less."),
    ("quorum = 1\nreject_quorum = 1", "quorum = 'all'\nreject_quorum = 2", 25, "This never takes effect. If all must approve, one rejection ends the level.", "Write reject_quorum = 1 or less."),
    ("reject_quorum = 1", "reject_quorum = 0", 25, "reject_quorum must be a whole number, 1 or more.", "Write 1 or more."),
    ("reject_quorum = 1", "reject_quorum = 1.5", 25, "reject_quorum must be a whole number, 1 or more.", "Write it without quotes."),
    ('reject_reason = "required"', 'reject_reason = "require"', 26, "reject_reason: “require” is not allowed here.", "Did you mean “required”?"),
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
def test_a_mistake_is_reported_with_its_line_and_a_suggestion(
    old: str, new: str, line: int, message: str, suggestion: str
) -> None:
    assert old in GOOD

    problems = _problems(GOOD.replace(old, new, 1))
    assert Problem(line=line, message=message, suggestion=suggestion) in problems
    assert len(problems) <= 2  # a misspelt table is also missing under its correct name


def _level(lines: str) -> LevelRule:
    """Return the level `sales` of the valid file, with these lines in place of its quorums."""
    text = GOOD.replace("quorum = 1\nreject_quorum = 1\n", lines, 1)
    return parse(text).policy("order").level("sales")


def test_every_kind_of_source_is_read() -> None:
    written = '["user:W0HANA", "email:Ana@Example.com", "group:sales-leads", "group:S0HR", "manager", "manager:2", "manager:5"]'
    text = GOOD.replace('["user:U0BORIS", "user:U0CLARA"]', written, 1)
    sources = parse(text).policy("order").level("sales").approvers

    assert [str(source) for source in sources] == [
        "user:W0HANA",
        "email:ana@example.com",
        "group:sales-leads",
        "group:S0HR",
        "manager",
        "manager:2",
        "manager:5",
    ]
    assert [source.value for source in sources[-3:]] == ["1", "2", "5"]


def test_a_source_has_the_same_syntax_outside_the_file() -> None:
    assert str(read_source(" group:hr-team ")) == "group:hr-team"
    with pytest.raises(SourceError, match=r"“bob” names no approver\. Write user:U…"):
        read_source("bob")


def test_reminders_and_escalations_are_read() -> None:
    level = _level(
        'remind_after = ["30s", "2m"]\n'
        'escalate = [{ after = "3m", to = ["manager"] }, '
        '{ after = "1d", to = ["group:hr-team"], replace = true }]\n'
    )

    assert level.remind_after == (timedelta(seconds=30), timedelta(minutes=2))
    assert level.escalate == (
        Escalation(after=timedelta(minutes=3), to=(read_source("manager"),)),
        Escalation(after=timedelta(days=1), to=(read_source("group:hr-team"),), replace=True),
    )


def test_an_escalation_may_be_a_separate_table() -> None:
    table = '[[policy.order.level.sales.escalate]]\nafter = "8d"\nto = ["manager"]\n'

    (problem,) = _problems(GOOD + table)
    assert (problem.line, problem.message[:24]) == (30, "The escalation after 8d ")


def test_a_replaced_approver_may_be_added_again() -> None:
    level = _level(
        'escalate = [{ after = "2m", to = ["manager"], replace = true }, '
        '{ after = "3m", to = ["user:U0BORIS"] }]\n'
    )

    assert len(level.escalate) == 2


def test_an_escalation_may_come_after_the_default_expiry_if_requests_may_extend_it() -> None:
    level = _level('remind_after = ["1d"]\nescalate = [{ after = "6d", to = ["manager"] }]\n')

    assert (level.expire_after, level.remind_after) == (timedelta(minutes=5), (timedelta(days=1),))


@pytest.mark.parametrize(
    "lines",
    [
        'quorum = 3\nescalate = [{ after = "2m", to = ["user:U0DINA"] }]\n',
        'reject_quorum = 3\nescalate = [{ after = "2m", to = ["user:U0DINA"] }]\n',
        'quorum = 9\nescalate = [{ after = "2m", to = ["group:hr-team"] }]\n',
    ],
)
def test_a_quorum_that_an_escalation_makes_possible_is_valid(lines: str) -> None:
    assert _level(lines).escalate


@pytest.mark.parametrize("source", ["group:sales-leads", "manager"])
def test_a_quorum_is_not_checked_against_groups_and_managers(source: str) -> None:
    text = GOOD.replace('["user:U0BORIS", "user:U0CLARA"]', f'["{source}"]', 1)
    text = text.replace("quorum = 1\nreject_quorum = 1\n", "quorum = 7\nreject_quorum = 5\n")

    assert parse(text).policy("order").level("sales").quorum == Quorum(count=7)


def test_with_quorum_all_one_rejection_ends_the_level() -> None:
    text = GOOD.replace('["user:U0BORIS", "user:U0CLARA"]', '["group:sales-leads"]', 1)
    text = text.replace("quorum = 1\nreject_quorum = 1\n", 'quorum = "all"\nreject_quorum = 2\n')

    assert "one rejection ends the level" in _problems(text)[0].message


def test_organisation_settings_are_part_of_every_policy_and_its_version() -> None:
    order = parse(GOOD).policy("order")
    other = parse(GOOD.replace("user:U0FAY", "group:approval-admins")).policy("order")
    elsewhere = parse(GOOD.replace("#approvals-admin", "#elsewhere")).policy("order")

    assert ([str(source) for source in order.admins], order.admin_channel) == (
        ["user:U0FAY"],
        "#approvals-admin",
    )
    assert len({policy.version for policy in (order, other, elsewhere)}) == 3


def test_permissions_have_defaults_and_can_be_set() -> None:
    plain = parse(GOOD).policy("order")
    text = GOOD.replace('notify = "card"', 'notify = "dm"\ndelegation = false\nmax_amendments = 0')
    text = text.replace("reject_quorum = 1", 'approve_reason = "required"')
    strict = parse(text).policy("order")

    assert (plain.notify, plain.delegation, plain.max_amendments) == (Notify.CARD, True, 3)
    assert (strict.notify, strict.delegation, strict.max_amendments) == (Notify.DM, False, 0)
    assert strict.level("sales").approve_reason is ReasonRule.REQUIRED


def test_the_chain_of_managers_has_at_most_five_people() -> None:
    line = [f"U0P{n}" for n in range(8)]
    table = "".join(f'{person} = "{above}"\n' for person, above in pairwise(line))
    policies = parse(GOOD + "[managers]\n" + table)

    assert policies.chain_of("U0P0") == tuple(
        ManagedBy(person=person, manager=above) for person, above in pairwise(line[:6])
    )
    assert policies.chain_of("U0P6") == (ManagedBy(person="U0P6", manager="U0P7"),)
    assert policies.chain_of("U0P7") == policies.chain_of("U0ANA") == ()


def test_an_upper_case_name_is_refused() -> None:
    problems = _problems(GOOD.replace("policy.order", "policy.Order"))

    assert problems == (
        Problem(
            line=7,
            message="“Order” is not a valid name.",
            suggestion="Use at most 40 of the characters a-z, 0-9, - and _.",
        ),
    )


def test_a_policy_without_tiers_is_refused() -> None:
    head, _, rest = GOOD.partition("[[policy.order.tier]]")
    text = head + "[policy.order.level.sales]" + rest.partition("[policy.order.level.sales]")[2]
    problems = _problems(text)

    assert [problem.message for problem in problems] == [
        "There is no tier, so no request matches.",
        "No tier uses the level “sales”.",
    ]


def test_all_mistakes_are_reported_in_file_order() -> None:
    text = (
        GOOD.replace('title = "Customer order"', "title = 7")
        .replace('"1000.00 USD"', '"1000 dollars"')
        .replace('levels = ["sales"]', 'levels = ["finance"]')
        .replace("reject_quorum = 1", "reject_quorum = 9")
        .replace('timezone = "Europe/Berlin"', 'timezone = "Mars"')
    )
    with pytest.raises(PolicyFileError) as caught:
        parse(text, "policies.toml")

    assert [problem.line for problem in caught.value.problems] == [4, 8, 16, 20, 25]
    assert str(caught.value).splitlines()[1] == (
        "policies.toml, line 8: title: This must be a string of 1 to 100 characters."
    )


@pytest.mark.parametrize("text", ["", "[policy]\norder = 1\n", "policy = 1\ncountersign = 2\n"])
def test_a_file_with_another_structure_is_refused(text: str) -> None:
    assert _problems(text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="cannot be read") as caught:
        load(tmp_path / "policies.toml")

    assert "POLICIES" in str(caught.value)


def test_an_unknown_policy_suggests_the_nearest_name() -> None:
    with pytest.raises(UnknownPolicyError, match=r"Did you mean “order”\?"):
        parse(GOOD).policy("orders")
