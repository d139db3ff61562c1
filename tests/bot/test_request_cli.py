"""The `countersign request` commands: accepted, refused, repeated and recorded."""

import asyncio

import pytest
from temporalio.testing import WorkflowEnvironment

from emulator.client import StandInClient, text_of
from tests.bot.cli_driver import ANA, BORIS, CLARA, FAY, OPERATOR, CliDriver, cli_actor
from tests.bot.commands import send
from workflows.rules.approvals.request import Closing, Decision, Verdict, Withdrawal
from workflows.rules.approvals.verbs import Verb
from workflows.rules.shared.audit import Fact

pytestmark = pytest.mark.usefixtures("worker")

REFUSED = 6


async def test_a_request_is_created_shown_decided_and_awaited(cli: CliDriver) -> None:
    what = ("--text", "Two days\nby the lake", "--link", "https://x.test/a")
    request = await cli.create_request("general", *what)

    shown = await cli.request("show", request, "--as", BORIS)
    done = await cli.request("decide", request, "approve", "--as", BORIS, "--reason", "Fine")
    again = ("create", "--id", request, "--policy", "general", "--title", "Team offsite", "--wait")
    waited = await cli.request(*again, *what, "--amount", "1500 USD", "--as", ANA)

    assert shown.code == 0
    for words in (
        f"{request} · General: Team offsite",
        "waiting for approval, level 1 of 1",
        f"{ANA} (command line: {OPERATOR})",
        "1,500.00 USD",
        "https://x.test/a",
        "  by the lake",
        "U0BORIS (user:U0BORIS)",
        "U0BORIS can now: approve, reject, request-changes, comment, delegate",
    ):
        assert words in shown.out
    assert (done.code, done.err) == (0, "")
    assert f"{request} · approved" in done.out
    decided = await cli.fact(request, Fact.DECISION_RECORDED)
    assert (decided.actor, decided.reason) == (cli_actor(BORIS), "Fine")
    assert waited.code == 0
    assert f"{request} already exists" in waited.err
    assert "U0BORIS approved" in waited.out
    assert "Ended:" in waited.out


async def test_a_request_without_approvers_is_approved_immediately(cli: CliDriver) -> None:
    small = ("create", "--policy", "general", "--title", "Pens", "--amount", "9.90", "--as", ANA)

    result = await cli.request(*small)
    waited = await cli.request(*small, "--wait", "--json", "--text-file", "-", stdin="Blue ones")

    assert result.code == 0
    assert result.out.startswith("REQ-")
    assert result.err == "Approved: “general: up to 100.00 USD” needs no approval.\n"
    assert waited.code == 0
    assert waited.json["status"] == "approved"
    assert waited.json["content"]["text"] == "Blue ones"


NO = Decision(
    actor=cli_actor(CLARA), verdict=Verdict.REJECT, reason="Too far", content_revision=1, level=1
)


@pytest.mark.parametrize("code", [3, 4])
async def test_the_exit_code_of_a_wait_depends_on_the_outcome(cli: CliDriver, code: int) -> None:
    words = ("create", "--policy", "travel", "--title", "Offsite", "--as", ANA, "--wait")
    request = f"REQ-WAIT-{code}"
    waiting = asyncio.create_task(cli.request(*words, "--id", request))
    await cli.until_decidable(request)

    if code == 3:
        await send(cli.workflows, request, "click", NO)
    else:
        await send(cli.workflows, request, "click", Withdrawal(actor=cli_actor(ANA)))
    result = await waiting

    assert result.code == code
    assert result.out.startswith(f"{request}\n")
    assert ("Reason: “Too far”" in result.out) == (code == 3)


async def test_an_amendment_prints_its_changes(cli: CliDriver) -> None:
    request = await cli.create_request("travel", "--link", "https://x.test/a")

    result = await cli.request("amend", request, "--amount", "900", "--link", "", "--as", ANA)

    assert result.code == 0, result.err
    assert "  amount: “1,500.00 USD” → “900.00 USD”" in result.out
    assert "  links: “https://x.test/a” → (empty)" in result.out


async def test_the_same_key_is_the_same_command_even_after_the_end(
    cli: CliDriver, temporal: WorkflowEnvironment
) -> None:
    request = await cli.create_request("travel")
    approve = ("decide", request, "approve", "--as", BORIS, "--key", "step-1")
    close = ("close", request, "--as", FAY, "--reason", "Over", "--key", "step-2", "--json")

    result = [await cli.request(*words) for words in (approve, approve, close)]
    await temporal.client.get_workflow_handle(request).result()
    result += [await cli.request(*words) for words in (approve, close)]
    another = await cli.request("close", request, "--as", FAY, "--reason", "Again")

    assert [run.code for run in result] == [0] * 5, result
    assert result[-1].json["status"] == "admin_closed"
    assert another.code == 2
    assert another.err.startswith("U0FAY (admin) closed this request")
    kinds = [fact.kind for fact in await cli.trail.facts(request)]
    assert kinds.count(Fact.DECISION_RECORDED) == 1
    assert await cli.refusals_of(request) == [(cli_actor(FAY), "close", "request_closed")]


async def test_a_request_deleted_from_temporal_is_shown_and_repeated_from_the_records(
    cli: CliDriver,
) -> None:
    request = await cli.create_request()
    close = ("--as", FAY, "--reason", "Over")
    await cli.request("close", request, *close)
    await cli.fact(request, Fact.REQUEST_CLOSED)
    forgotten = await cli.copy_unknown_to_temporal(request)

    shown = await cli.request("show", forgotten, "--as", FAY, "--json")
    again = await cli.request("close", forgotten, *close, "--key", "once")
    other = await cli.request("comment", forgotten, "Hm", "--as", FAY)

    assert shown.code == 0
    assert (shown.json["status"], shown.json["may"]) == ("admin_closed", [])
    assert "as_of" in shown.json
    assert (again.code, again.err) == (0, "This was already done, so nothing was changed.\n")
    assert other.code == 2
    assert "U0FAY" in other.err


async def test_a_request_that_temporal_lost_while_open_is_shown_with_its_age(
    cli: CliDriver,
) -> None:
    request = await cli.create_request()
    await cli.fact(request, Fact.LEVEL_OPENED)
    lost = await cli.copy_unknown_to_temporal(request)

    shown = await cli.request("show", lost)
    late = await cli.request("withdraw", lost, "--as", ANA)

    assert shown.code == 0
    assert "waiting for approval" in shown.out
    assert "last recorded state" in shown.out
    assert late.code == 2
    assert late.err.startswith(f"{lost} is no longer running, so nothing was changed.")


async def test_the_list_is_newest_first_and_can_be_filtered(cli: CliDriver) -> None:
    first = await cli.create_request("general", "--title", 'Not "policy":"travel"')
    second = await cli.create_request("travel")
    await send(cli.workflows, first, "click", Closing(actor=cli_actor(FAY), reason="Over"))
    await cli.fact(first, Fact.REQUEST_CLOSED)

    async def listed(*words: str) -> list[str]:
        result = await cli.request("list", "--json", *words)
        assert result.code == 0, result.err
        return [snapshot["request_id"] for snapshot in result.json]

    plain = await cli.request("list")

    assert [line for line in plain.out.splitlines() if line.startswith("REQ-")] == [
        f"{second} · waiting for approval · level 1 of 1: U0BORIS, U0CLARA",
        f"{first} · closed by an admin",
    ]
    assert await listed() == [second, first]
    assert await listed("--open") == [second]
    assert await listed("--policy", "travel") == [second]
    assert await listed("--policy", "general") == [first]
    assert await listed("--requester", ANA, "--limit", "1") == [second]
    assert await listed("--requester", BORIS) == []


async def test_an_amendment_leaves_the_person_off_whom_an_admin_took_off(
    cli: CliDriver, slack: StandInClient
) -> None:
    request = await cli.create_request("general")
    why = ("--as", FAY, "--reason", "Boris sells them")
    await cli.request("reassign", request, "--approver", f"user:{CLARA}", *why)
    await cli.until(request, CLARA, Verb.APPROVE)

    await cli.request("amend", request, "--title", "Team offsite.", "--as", ANA)
    await cli.until(request, CLARA, Verb.APPROVE)
    shown = await cli.request("show", request)
    decided = await cli.request("decide", request, "approve", "--as", BORIS)

    assert f"Taken off by {FAY} (admin): {BORIS}" in shown.out
    assert decided.code == REFUSED
    words = "was changed after an admin had reassigned it"
    await slack.wait_for_message("C0APPROVALS", FAY, lambda m: words in text_of(m))
