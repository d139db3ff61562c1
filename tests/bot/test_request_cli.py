"""Every verb of a request from the command line: done, refused, repeated, recorded."""

import asyncio

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.bot.command_line import ANA, BORIS, CLARA, FAY, OPERATOR, CommandLine, by
from tests.bot.commands import send
from workflows.rules.approvals.request import Closing, Decision, Verdict, Withdrawal
from workflows.rules.shared.audit import Fact

pytestmark = pytest.mark.usefixtures("worker")

REFUSED = 6


async def test_a_request_is_asked_shown_decided_and_waited_for(shell: CommandLine) -> None:
    what = ("--text", "Two days\nby the lake", "--link", "https://x.test/a")
    request = await shell.ask("general", *what)

    shown = await shell.request("show", request, "--as", BORIS)
    done = await shell.request("decide", request, "approve", "--as", BORIS, "--reason", "Fine")
    again = ("create", "--id", request, "--policy", "general", "--title", "Team offsite", "--wait")
    waited = await shell.request(*again, *what, "--amount", "1500 USD", "--as", ANA)

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
    decided = await shell.fact(request, Fact.DECISION_RECORDED)
    assert (decided.actor, decided.reason) == (by(BORIS), "Fine")
    assert waited.code == 0
    assert f"{request} already exists" in waited.err
    assert "U0BORIS approved" in waited.out
    assert "Ended:" in waited.out


async def test_what_needs_nobody_is_told_to_be_approved_at_once(shell: CommandLine) -> None:
    small = ("create", "--policy", "general", "--title", "Pens", "--amount", "9.90", "--as", ANA)

    said = await shell.request(*small)
    waited = await shell.request(*small, "--wait", "--json", "--text-file", "-", stdin="Blue ones")

    assert said.code == 0
    assert said.out.startswith("REQ-")
    assert said.err == "Approved: “general: up to 100.00 USD” needs no approval.\n"
    assert waited.code == 0
    assert waited.json["status"] == "approved"
    assert waited.json["content"]["text"] == "Blue ones"


NO = Decision(
    actor=by(CLARA), verdict=Verdict.REJECT, reason="Too far", content_revision=1, level=1
)


@pytest.mark.parametrize("code", [3, 4])
async def test_the_exit_code_of_a_wait_tells_how_it_ended(shell: CommandLine, code: int) -> None:
    words = ("create", "--policy", "travel", "--title", "Offsite", "--as", ANA, "--wait")
    request = f"REQ-WAIT-{code}"
    waiting = asyncio.create_task(shell.request(*words, "--id", request))
    await shell.until_open(request)

    if code == 3:
        await send(shell.workflows, request, "click", NO)
    else:
        await send(shell.workflows, request, "click", Withdrawal(actor=by(ANA)))
    said = await waiting

    assert said.code == code
    assert said.out.startswith(f"{request}\n")
    assert ("Reason: “Too far”" in said.out) == (code == 3)


async def test_an_amendment_prints_what_it_changed(shell: CommandLine) -> None:
    request = await shell.ask("travel", "--link", "https://x.test/a")

    said = await shell.request("amend", request, "--amount", "900", "--link", "", "--as", ANA)

    assert said.code == 0, said.err
    assert "  amount: “1,500.00 USD” → “900.00 USD”" in said.out
    assert "  links: “https://x.test/a” → (empty)" in said.out


async def test_the_same_key_is_the_same_deed_also_once_the_request_has_ended(
    shell: CommandLine, temporal: WorkflowEnvironment
) -> None:
    request = await shell.ask("travel")
    approve = ("decide", request, "approve", "--as", BORIS, "--key", "step-1")
    close = ("close", request, "--as", FAY, "--reason", "Over", "--key", "step-2", "--json")

    said = [await shell.request(*words) for words in (approve, approve, close)]
    await temporal.client.get_workflow_handle(request).result()
    said += [await shell.request(*words) for words in (approve, close)]
    another = await shell.request("close", request, "--as", FAY, "--reason", "Again")

    assert [one.code for one in said] == [0] * 5, said
    assert said[-1].json["status"] == "admin_closed"
    assert another.code == 2
    assert another.err.startswith("U0FAY (admin) closed this request")
    kinds = [fact.kind for fact in await shell.trail.facts(request)]
    assert kinds.count(Fact.DECISION_RECORDED) == 1
    assert await shell.refused(request) == [(by(FAY), "close", "request_closed")]


async def test_what_temporal_has_forgotten_is_shown_and_repeated_from_the_records(
    shell: CommandLine,
) -> None:
    request = await shell.ask()
    close = ("--as", FAY, "--reason", "Over")
    await shell.request("close", request, *close)
    await shell.fact(request, Fact.REQUEST_CLOSED)
    forgotten = await shell.forgotten_copy(request)

    shown = await shell.request("show", forgotten, "--as", FAY, "--json")
    again = await shell.request("close", forgotten, *close, "--key", "once")
    other = await shell.request("comment", forgotten, "Hm", "--as", FAY)

    assert shown.code == 0
    assert (shown.json["status"], shown.json["may"]) == ("admin_closed", [])
    assert "as_of" in shown.json
    assert (again.code, again.err) == (0, "This was already done, so nothing was changed.\n")
    assert other.code == 2
    assert "U0FAY" in other.err


async def test_what_temporal_lost_while_it_was_open_is_shown_as_of_when(
    shell: CommandLine,
) -> None:
    request = await shell.ask()
    await shell.fact(request, Fact.LEVEL_OPENED)
    lost = await shell.forgotten_copy(request)

    shown = await shell.request("show", lost)
    late = await shell.request("withdraw", lost, "--as", ANA)

    assert shown.code == 0
    assert "waiting for approval" in shown.out
    assert shown.out.rstrip().endswith("UTC: the last recorded state.")
    assert late.code == 2
    assert late.err.startswith(f"{lost} is no longer running, so nothing was changed.")


async def test_the_list_is_the_newest_first_and_can_be_narrowed(shell: CommandLine) -> None:
    first = await shell.ask("general", "--title", 'Not "policy":"travel"')
    second = await shell.ask("travel")
    await send(shell.workflows, first, "click", Closing(actor=by(FAY), reason="Over"))
    await shell.fact(first, Fact.REQUEST_CLOSED)

    async def listed(*words: str) -> list[str]:
        said = await shell.request("list", "--json", *words)
        assert said.code == 0, said.err
        return [snapshot["request_id"] for snapshot in said.json]

    plain = await shell.request("list")

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
