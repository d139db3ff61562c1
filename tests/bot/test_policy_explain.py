"""`policy explain`: the explanation of every feature, and one sentence for invalid options."""

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


def explained(
    policies: Policies, name: str, amount: str = "", requester: str = "", answer_within: str = ""
) -> str:
    """Return the explanation as one line."""
    question = read_question(policies, name, amount, requester, answer_within)
    written = StringIO()
    Console(width=200, file=written, highlight=False).print(explain(policies, question, NOW))
    return " ".join(written.getvalue().replace("│", " ").split())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # the amount
        (("order", "1000.00"), "1,000.00 USD matches the rule “order: up to 1,000.00 USD”"),
        (("order", "1000.00"), "No approval is needed and no one is notified: it is approved at once."),
        (("order", "1000.00"), "▸ 1,000.00 USD no approval needed any higher amount sales"),
        (("order", "1000.01"), "1,000.00 USD no approval needed ▸ any higher amount sales"),
        (("order", "1000.01"), "matches the rule “order: over 1,000.00 USD”"),
        (("order",), "A request without an amount matches the rule “order: over 1,000.00 USD”"),
        (("budget", "10000.01"), "any higher amount manager, then finance"),
        (("badge", "5 EUR"), "An amount of 5.00 EUR matches the rule “badge: always”"),
        (("badge",), "▸ any amount office"),
        # approvers and their sources
        (("order", "1000.01"), "the members of the user group sales-leads (group:sales-leads)"),
        (("access",), "U0DINA (user:U0DINA)"),
        (("access",), "the person whose email in Slack is boris@example.com"),
        (("access", "", "U0DINA"), "U0DINA (user:U0DINA): the requester, so cannot decide"),
        (("vacation",), "the manager of the requester (manager), from the Slack profile field Manager; if that is empty, the table [managers]"),
        (("vacation", "", "U0CLARA"), "the manager of U0CLARA (manager), from the Slack profile field Manager; if that is empty, U0BORIS from the table [managers]"),
        (("vacation", "", "U0ANA"), "Manager (the table [managers] has no entry)"),
        (("vacation", "", "U0CLARA"), "the manager of the manager of U0CLARA (manager:2)"),
        (("budget", "10000.01"), "A person who decided at an earlier level cannot decide again."),
        # quorum
        (("order", "1000.01"), "1 approval; 1 rejection ends the request"),
        (("access",), "all approvers must approve"),
        (("contract",), "more than half of the approvers must approve; 2 rejections end"),
        # notifications
        (("access",), "mentioned on the card in #approvals (in its thread if there are more than 8)"),
        (("budget", "10000.01"), "mentioned in the thread of the card; approvers outside #approvals"),
        (("secret",), "each approver receives the card as a direct message; it is also in #hr-private"),
        (("quiet",), "no one; the card is in #approvals"),
        (("broken",), "the card says so, #approvals-admin is notified"),
        (("broken",), "Admins (group:approval-admins) can choose other approvers, but they cannot decide"),
        (("order", "1000.01", "U0ANA"), "outcome U0ANA receives a direct message."),
        # deadlines
        (("order", "1000.01"), "at (Europe/Berlin)"),
        (("order", "1000.01"), "5m Sat 21 Nov 2026 13:05:00 the request expires"),
        (("order", "1000.01", "", "2d"), "2d Mon 23 Nov 2026 13:00:00 the request expires"),
        (("order", "1000.01", "", "1m"), "1m Sat 21 Nov 2026 13:01:00 the request expires"),
        (("order", "1000.01", "", "9d"), "9d is too long: the limit is 7d."),
        (("order", "1000.01", "", "9d"), "7d Sat 28 Nov 2026 13:00:00 the request expires"),
        (("vacation",), "20s Sat 21 Nov 2026 13:00:20 approvers who have not decided are reminded"),
        (("vacation",), "added: the members of the user group hr-team"),
        (("vacation",), "2m Sat 21 Nov 2026 13:02:00 replaced by: the manager of the manager"),
        (("budget", "10000.01"), "Counted from when the previous level is approved"),
        (("contract",), "None: the level waits until it is decided."),
        (("contract", "", "", "4h"), "4h Sat 21 Nov 2026 17:00:00 the request expires"),
        # reasons, changes, delegates
        (("badge",), "approve: required; reject: required"),
        (("order", "1000.01"), "approve: optional; reject: required"),
        (("hiring",), "The request can be changed once."),
        (("access",), "The request can be changed up to 3 times."),
        (("quiet",), "Approvers cannot delegate their decision."),
        (("access",), "Approvers can delegate their decision."),
    ],
)  # fmt: skip
def test_the_explanation_describes_the_outcome(
    policies: Policies, options: tuple[str, ...], expected: str
) -> None:
    assert expected in explained(policies, *options)


def test_the_explanation_follows_the_time_zone_and_rules_of_the_file() -> None:
    words = explained(parse(ODD), "odd")

    assert "[bold]Odd (odd, version" in words
    assert "2 approvals; 2 rejections end the request" in words
    assert "approve: none" in words
    assert "Sat 21 Nov 2026 22:00:00 the request expires" in words
    assert "at (Asia/Tokyo)" in words
    assert "The request can be changed never." not in words
    assert "The request cannot be changed." in words


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        (("order", "ten", "", ""), "“ten” is not an amount: not a number. Write --amount 1000.01."),
        (("order", "0", "", ""), "“0” is not an amount: not positive."),
        (("order", "1.0001", "", ""), "“1.0001” is not an amount: too many decimals."),
        (("order", "1.001", "", ""), "“1.001” can mean 1.001 or 1,001.00."),
        (("order", "5 EUR", "", ""), "“5 EUR”: the policy order uses USD."),
        (("badge", "5", "", ""), "“5” has no currency. Write --amount '5 EUR'."),
        (("order", "5", "ana", ""), "“ana” is not a Slack member ID. Write --requester U0ANA"),
        (("order", "5", "", "soon"), "“soon” is not a duration. Write --answer-within 30m, 4h or"),
    ],
)
def test_an_invalid_option_is_refused_with_a_sentence(
    policies: Policies, options: tuple[str, str, str, str], refusal: str
) -> None:
    with pytest.raises(ExplainError) as refused:
        read_question(policies, *options)

    assert refusal in str(refused.value)


def test_an_unknown_policy_suggests_the_closest(policies: Policies) -> None:
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

    words = explained(policies, name, money, "U0ANA")

    levels = route(policy, question.amount).levels
    assert words.count("▸") == 1
    assert [f"Level {n} of" in words for n in (len(levels), len(levels) + 1)] == [
        bool(levels),
        False,
    ]
    assert isinstance(question, Question)


def test_the_command_prints_the_explanation_or_one_error_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["policy", "explain", "order", "--amount", "1000.01", "--file", str(SHIPPED)]
    result = CliRunner().invoke(main.app, options)

    assert result.exit_code == 0
    assert "order: over 1,000.00 USD" in result.output

    monkeypatch.setattr("sys.argv", ["countersign", *options[:3], "--amount", "x", *options[5:]])
    with pytest.raises(SystemExit) as left:
        main.main()

    assert left.value.code == 2
    assert capsys.readouterr().err == (
        "“x” is not an amount: not a number. Write --amount 1000.01.\n"
    )


def test_the_requested_deadline_is_kept(policies: Policies) -> None:
    assert read_question(policies, "order", "", "", "4h").answer_within == timedelta(hours=4)
