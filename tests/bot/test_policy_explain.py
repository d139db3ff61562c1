"""`policy explain`: what would happen is told for every feature; what cannot be read is a sentence."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot.cli import main
from bot.cli.policy_explain import ExplainError, Question, explain, read_question
from bot.policies.file import Policies, UnknownPolicyError, load, parse
from workflows.rules.approvals.policy import route

SHIPPED = Path(__file__).parents[2] / "policies.toml"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # 13:00 in Berlin
ODD = """\
[countersign]
admins = ["user:U0FAY"]
admin_channel = "#admins"
timezone = "Asia/Tokyo"

[policy.odd]
title = "[bold]Odd"
channel = "#odd"
max_amendments = 0

[[policy.odd.tier]]
levels = ["two"]

[policy.odd.level.two]
approvers = ["user:U0BORIS", "user:U0CLARA", "user:U0DINA"]
quorum = 2
reject_quorum = 2
approve_reason = "none"
expire_after = "1h"
"""


@pytest.fixture(scope="module")
def policies() -> Policies:
    return load(SHIPPED)


def told(
    policies: Policies, name: str, amount: str = "", requester: str = "", wish: str = ""
) -> str:
    """Return the explanation as one line."""
    question = read_question(policies, name, amount, requester, wish)
    written = StringIO()
    Console(width=200, file=written, highlight=False).print(explain(policies, question, NOW))
    return " ".join(written.getvalue().replace("│", " ").split())


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        # the amount
        (("order", "1000.00"), "1,000.00 USD falls under the rule “order: up to 1,000.00 USD”"),
        (("order", "1000.00"), "Nobody is asked and nobody is notified: it is approved at once."),
        (("order", "1000.00"), "▸ 1,000.00 USD nobody is asked everything above sales"),
        (("order", "1000.01"), "1,000.00 USD nobody is asked ▸ everything above sales"),
        (("order", "1000.01"), "falls under the rule “order: over 1,000.00 USD”"),
        (("order",), "A request without an amount falls under the rule “order: over 1,000.00 USD”"),
        (("budget", "10000.01"), "everything above manager, then finance"),
        (("badge", "5 EUR"), "An amount of 5.00 EUR falls under the rule “badge: always”"),
        (("badge",), "▸ every amount office"),
        # who is asked, by which rule
        (("order", "1000.01"), "the members of the user group sales-leads, by group:sales-leads"),
        (("access",), "U0DINA, by user:U0DINA"),
        (("access",), "whoever has the e-mail boris@example.com in Slack"),
        (("access", "", "U0DINA"), "U0DINA, by user:U0DINA: asks, and so never decides"),
        (("vacation",), "the manager of whoever asks, by manager: as Slack's profile field Manager says, or the table [managers] where that is empty"),
        (("vacation", "", "U0CLARA"), "the manager of U0CLARA, by manager: as Slack's profile field Manager says, or U0BORIS by the table [managers]"),
        (("vacation", "", "U0ANA"), "says (the table [managers] names nobody)"),
        (("vacation", "", "U0CLARA"), "the manager of the manager of U0CLARA, by manager:2"),
        (("budget", "10000.01"), "Nobody who has counted at an earlier level counts again."),
        # how many
        (("order", "1000.01"), "1 approval of those who may decide; 1 rejection ends the request"),
        (("access",), "all of those who may decide must approve"),
        (("contract",), "more than half of those who may decide must approve; 2 rejections end"),
        # who is told
        (("access",), "mentioned on the card in #approvals, in its thread where more than 8 are asked"),
        (("budget", "10000.01"), "mentioned in the thread of the card; who is no member of #approvals"),
        (("secret",), "each gets a copy as a direct message; the card stands in #hr-private"),
        (("quiet",), "nobody: the card stands in #approvals"),
        (("broken",), "the card says so, #approvals-admin is told"),
        (("broken",), "Admins: group:approval-admins; they may name other approvers, but not decide"),
        (("order", "1000.01", "U0ANA"), "outcome U0ANA is told by direct message."),
        # when
        (("order", "1000.01"), "at (Europe/Berlin)"),
        (("order", "1000.01"), "5m Sat 21 Nov 2026 13:05:00 the request expires"),
        (("order", "1000.01", "", "2d"), "2d Mon 23 Nov 2026 13:00:00 the request expires"),
        (("order", "1000.01", "", "1m"), "1m Sat 21 Nov 2026 13:01:00 the request expires"),
        (("order", "1000.01", "", "9d"), "9d is too long: at most 7d here."),
        (("order", "1000.01", "", "9d"), "7d Sat 28 Nov 2026 13:00:00 the request expires"),
        (("vacation",), "20s Sat 21 Nov 2026 13:00:20 who has not decided is reminded"),
        (("vacation",), "asked too: the members of the user group hr-team"),
        (("vacation",), "2m Sat 21 Nov 2026 13:02:00 asked instead: the manager of the manager"),
        (("budget", "10000.01"), "It runs from when the level before it has passed"),
        (("contract",), "Nothing falls due: it waits until somebody decides."),
        (("contract", "", "", "4h"), "4h Sat 21 Nov 2026 17:00:00 the request expires"),
        # reasons, and what else holds
        (("badge",), "with an approval: one must be given; with a rejection: one must be given"),
        (("order", "1000.01"), "with an approval: one may be given; with a rejection: one must"),
        (("hiring",), "The request may be changed once."),
        (("access",), "The request may be changed 3 times at most."),
        (("quiet",), "Approvers may not have somebody stand in for them."),
        (("access",), "Approvers may have somebody stand in for them."),
    ],
)  # fmt: skip
def test_what_would_happen_is_told(
    policies: Policies, asked: tuple[str, ...], expected: str
) -> None:
    assert expected in told(policies, *asked)


def test_another_house_has_another_clock_and_other_rules() -> None:
    words = told(parse(ODD), "odd")

    assert "[bold]Odd (odd, version" in words
    assert "2 approvals of those who may decide; 2 rejections end the request" in words
    assert "with an approval: none" in words
    assert "Sat 21 Nov 2026 22:00:00 the request expires" in words
    assert "at (Asia/Tokyo)" in words
    assert "The request may be changed never." not in words
    assert "The request cannot be changed." in words


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (("order", "ten", "", ""), "“ten” is not an amount: not a number. Write --amount 1000.01."),
        (("order", "0", "", ""), "“0” is not an amount: not positive."),
        (("order", "1.001", "", ""), "“1.001” is not an amount: too many decimals."),
        (("order", "5 EUR", "", ""), "“5 EUR”: order counts in USD."),
        (("badge", "5", "", ""), "“5” has no currency. Write --amount '5 EUR'."),
        (("order", "5", "ana", ""), "“ana” is not a Slack member id. Write --requester U0ANA"),
        (("order", "5", "", "soon"), "“soon” is not a duration. Write --answer-within 30m, 4h or"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(
    policies: Policies, asked: tuple[str, str, str, str], refusal: str
) -> None:
    with pytest.raises(ExplainError) as refused:
        read_question(policies, *asked)

    assert refusal in str(refused.value)


def test_an_unknown_policy_names_the_nearest(policies: Policies) -> None:
    with pytest.raises(UnknownPolicyError, match=r"Did you mean “budget”\?"):
        read_question(policies, "bugdet", "", "", "")


@pytest.mark.parametrize("name", load(SHIPPED).names)
@pytest.mark.parametrize("amount", ["", "1", "999999"])
def test_every_shipped_policy_is_explained_and_marks_the_tier_that_routes(
    policies: Policies, name: str, amount: str
) -> None:
    policy = policies.policy(name)
    money = amount and f"{amount} {policy.currency or 'EUR'}"
    question = read_question(policies, name, money, "U0ANA", "")

    words = told(policies, name, money, "U0ANA")

    levels = route(policy, question.amount).levels
    assert words.count("▸") == 1
    assert [f"Level {n} of" in words for n in (len(levels), len(levels) + 1)] == [
        bool(levels),
        False,
    ]
    assert isinstance(question, Question)


def test_the_command_prints_it_and_refuses_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["policy", "explain", "order", "--amount", "1000.01", "--file", str(SHIPPED)]
    result = CliRunner().invoke(main.app, asked)

    assert result.exit_code == 0
    assert "order: over 1,000.00 USD" in result.output

    monkeypatch.setattr("sys.argv", ["countersign", *asked[:3], "--amount", "x", *asked[5:]])
    with pytest.raises(SystemExit) as left:
        main.main()

    assert left.value.code == 2
    assert capsys.readouterr().err == (
        "“x” is not an amount: not a number. Write --amount 1000.01.\n"
    )


def test_a_wish_is_kept_as_it_was_typed(policies: Policies) -> None:
    assert read_question(policies, "order", "", "", "4h").answer_within == timedelta(hours=4)
