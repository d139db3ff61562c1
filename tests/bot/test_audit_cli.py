"""`countersign audit`: shown, handed out, checked against Temporal's history, and redacted."""

import asyncio
import csv
import json
from collections.abc import Awaitable, Callable
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import delete
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from bot.cli import audit_file
from bot.policies.file import Policies
from records.database import Database
from records.schema import audit_events, requests
from records.trail import fact_of
from tests.bot.command_line import ANA, BORIS, FAY, GUS, CommandLine, by
from tests.bot.desk import PATIENCE, RunningWorker, an_order
from tests.records.stories import change, contents, forge
from workflows.rules.messages import OrderInput
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.ids import approval_id

CANNOT, FLAWED, UNCHECKED = 2, 7, 8
NOWHERE = "127.0.0.1:1"
SAME = "the chain is intact, and Temporal's history matches."
SECRET = "=HYPERLINK(swordfish)"

pytestmark = pytest.mark.usefixtures("worker")


async def rejected(shell: CommandLine) -> str:
    """Return a request that Boris has refused in words that he regrets, after Gus was refused."""
    request = await shell.ask()
    assert (await shell.request("decide", request, "approve", "--as", GUS)).code == 6
    said = await shell.request("decide", request, "reject", "--as", BORIS, "--reason", SECRET)
    assert said.code == 0, said.err
    await shell.fact(request, Fact.REQUEST_REJECTED)
    return request


async def test_a_trail_is_shown_with_who_and_when_and_by_which_rule(shell: CommandLine) -> None:
    request = await rejected(shell)

    shown = await shell.type("audit", "show", request)
    plain = await shell.type("audit", "show", request, "--json")
    refused = await shell.type("audit", "refusals", request)
    counted = await shell.type("audit", "refusals", "--json")
    unknown = await shell.type("audit", "show", "REQ-NEVERWAS")

    assert shown.code == 0
    for words in (
        "eligible: U0BORIS,U0CLARA",
        "verdict: reject",
        "U0BORIS (command line:",
        "member by user:U0BORIS",
        SECRET,
    ):
        assert words in shown.out
    decision = plain.json[2]
    assert (decision["kind"], decision["reason"]) == ("DecisionRecorded", SECRET)
    assert decision["actor"]["person"] == BORIS
    assert (decision["data"]["member_by"], len(decision["chain_hash"])) == ("user:U0BORIS", 64)
    assert "not_an_approver" in refused.out
    (gus,) = counted.json
    assert (gus["person"], gus["verb"], gus["times"]) == (GUS, "approve", 1)
    assert (unknown.code, unknown.out) == (CANNOT, "")
    assert unknown.err == "Nothing is recorded for REQ-NEVERWAS.\n"


async def test_what_is_rewritten_with_all_its_hashes_is_found_out_by_the_history_alone(
    shell: CommandLine, database: Database
) -> None:
    """Guard: `bot.actions.audit_verification.check` without its call of `replay_facts` finds nothing."""
    request = await rejected(shell)
    before = await shell.type("audit", "verify", request)
    await forge(database, request, 3, reason="We have no money")

    alone = await shell.type("audit", "verify", request, "--no-temporal")
    compared = await shell.type("audit", "verify", request)
    everything = await shell.type("audit", "verify", "--all")

    assert (before.code, before.err) == (0, "")
    assert before.out == (f"{request}: 4 facts, {SAME}\n")
    assert (alone.code, alone.out) == (
        0,
        f"{request}: 4 facts, the chain is intact; not compared with Temporal.\n",
    )
    sentence = f"{request}: fact 3 fits the chain, but differs from Temporal's history.\n"
    assert (compared.code, compared.out) == (FLAWED, sentence)
    assert everything.code == FLAWED
    assert everything.out == (
        f"{sentence}The refusals: 1 refusal, the chain is intact.\n1 trail, 1 altered.\n"
    )


async def test_a_changed_fact_a_changed_state_and_a_changed_refusal_are_named(
    shell: CommandLine, database: Database
) -> None:
    request = await rejected(shell)
    await change(
        database, "UPDATE requests SET status = 'approved' WHERE request_id = :it", it=request
    )
    state = await shell.type("audit", "verify", request)
    await change(
        database,
        "UPDATE audit_events SET rule = 'x' WHERE request_id = :it AND sequence = 2",
        it=request,
    )
    await change(database, "UPDATE refusals SET code = 'x'")

    fact = await shell.type("audit", "verify", request)
    everything = await shell.type("audit", "verify", "--all", "--no-temporal")

    assert (state.code, fact.code, everything.code) == (FLAWED, FLAWED, FLAWED)
    assert state.out == (
        f"{request}: fact 4 is intact, but the recorded state of the request does not match it.\n"
    )
    assert fact.out == f"{request}: fact 2 was altered.\n"
    assert "The refusals: refusal 1 was altered.\n" in everything.out


async def test_a_trail_that_was_wiped_out_is_missed_by_the_history(
    shell: CommandLine, database: Database, temporal: WorkflowEnvironment
) -> None:
    request = await rejected(shell)
    async with database.writing() as connection:
        for table in (audit_events, requests):
            await connection.execute(delete(table).where(table.c.request_id == request))

    one = await shell.type("audit", "verify", request)
    await until(lambda: is_listed(temporal, request))
    everything = await shell.type("audit", "verify", "--all")
    alone = await shell.type("audit", "verify", request, "--no-temporal")

    sentence = f"{request}: fact 1 is missing, but was recorded according to Temporal's history.\n"
    assert (one.code, one.out) == (FLAWED, sentence)
    assert (everything.code, everything.out.startswith(sentence)) == (FLAWED, True)
    assert (alone.code, alone.out) == (CANNOT, f"{request}: nothing is recorded.\n")


async def test_an_open_request_an_order_and_its_approval_are_what_their_histories_yield(
    shell: CommandLine, policies: Policies
) -> None:
    waiting = await shell.ask("travel")
    order = an_order()
    await shell.workflows.start(
        OrderInput(order=order, requester=by(ANA), policy=policies.policy("order"), managers=())
    )
    approval = approval_id(order.order_id)
    await shell.until_open(approval)
    done = await shell.request("decide", approval, "approve", "--as", BORIS)
    assert done.code == 0, done.err
    await shell.fact(order.order_id, Fact.ORDER_ENDED)

    said = await shell.type("audit", "verify", waiting, order.order_id, approval)
    everything = await shell.type("audit", "verify", "--all")

    assert (said.code, said.err) == (0, ""), said.out
    assert said.out.count("and Temporal's history matches.\n") == 3
    assert (everything.code, everything.out.splitlines()[-1]) == (
        0,
        "3 trails, every chain is intact.",
    )


async def test_without_temporal_it_is_said_that_the_chain_alone_was_checked(
    shell: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await rejected(shell)
    monkeypatch.setenv("TEMPORAL_ADDRESS", NOWHERE)

    down = await shell.type("audit", "verify", request)
    enough = await shell.type("audit", "verify", "--all", "--no-temporal")

    assert down.code == UNCHECKED
    assert down.out == f"{request}: 4 facts, the chain is intact; not compared with Temporal.\n"
    assert down.err.startswith(f"Temporal does not answer at {NOWHERE}.")
    assert (enough.code, enough.err) == (0, "")


async def test_a_history_that_temporal_has_forgotten_leaves_the_chain(
    shell: CommandLine, temporal: WorkflowEnvironment, worker: RunningWorker
) -> None:
    request = await rejected(shell)
    await worker.stop()
    client = temporal.client
    await client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=request),
        )
    )
    await until(lambda: is_forgotten(temporal, request))
    await worker.start()

    said = await shell.type("audit", "verify", request)

    assert (said.code, said.out) == (
        0,
        f"{request}: 4 facts, the chain is intact; Temporal's history of it is deleted.\n",
    )


async def is_listed(temporal: WorkflowEnvironment, workflow_id: str) -> bool:
    """Say whether Temporal's list has it yet: that is a little late."""
    found = temporal.client.list_workflows(f"WorkflowId = '{workflow_id}'")
    return bool([one async for one in found])


async def is_forgotten(temporal: WorkflowEnvironment, workflow_id: str) -> bool:
    try:
        await temporal.client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        return error.status is RPCStatusCode.NOT_FOUND
    return False


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until this holds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.02)


async def test_a_namespace_that_is_not_there_is_not_taken_for_a_forgotten_history(
    shell: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await rejected(shell)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "nowhere")

    said = await shell.type("audit", "verify", request)

    assert said.code == UNCHECKED
    assert said.err.startswith("Temporal has no namespace “nowhere”.")


async def test_a_text_is_taken_out_for_good_and_everything_still_verifies(
    shell: CommandLine, database: Database, tmp_path: Path
) -> None:
    request = await rejected(shell)
    redact = ("audit", "redact", request, "3", "--as", FAY, "--reason", "He is sorry")

    done = await shell.type(*redact)
    again = await shell.type(*redact)
    content = await shell.type(*redact[:3], "1", *redact[4:], "--field", "content")
    verified = await shell.type("audit", "verify", request)
    shown = await shell.type("audit", "show", request)
    out = tmp_path / "export.jsonl"
    exported = await shell.type("audit", "export", "--output", str(out))
    file = await shell.type("audit", "verify", "--file", str(out))
    request_shown = await shell.request("show", request)

    assert (done.code, done.out.splitlines()) == (
        0,
        [f"Redacted in {request}, fact {number}: reason" for number in (3, 4)],
    )
    assert "docs/audit.md" in done.err
    assert (again.code, again.out) == (0, "")
    assert again.err == (f"Fact 3 of {request}: already redacted; nothing was changed.\n")
    assert content.code == 0
    left = await contents(database)
    assert "swordfish" not in left
    assert "Team offsite" not in left
    assert (verified.code, verified.out) == (
        0,
        f"{request}: 4 facts (3 texts redacted), {SAME}\n",
    )
    assert "(redacted)" in shown.out
    assert "Redacted in 3: reason, by U0FAY (command line:" in shown.out
    assert "“He is sorry”" in shown.out
    assert (exported.code, file.code) == (0, 0)
    assert "swordfish" not in out.read_text()
    assert request_shown.code == 0


async def test_what_cannot_be_redacted_is_told_with_what_to_do(shell: CommandLine) -> None:
    request = await shell.ask()
    await shell.fact(request, Fact.LEVEL_OPENED)
    reason = ("--reason", "Because")

    wrong = {
        (
            "1",
            "--field",
            "content",
            "--as",
            FAY,
            *reason,
        ): f"{request} has not ended, so its workflow",
        ("9", "--as", FAY, *reason): f"{request} has no fact 9 with a text.",
        ("2", "--as", FAY, *reason): "Fact 2 has no such --field. Its fields: ",
        ("1", "--field", "content", *reason): "Use --as to name the person",
        ("1", "--field", "content", "--as", FAY): "--reason is required",
    }

    for words, sentence in wrong.items():
        said = await shell.type("audit", "redact", request, *words)
        assert (said.code, said.out) == (CANNOT, ""), words
        assert said.err.startswith(sentence)
    unknown = await shell.type("audit", "redact", "REQ-NEVERWAS", "1", "--as", FAY, *reason)
    assert unknown.err == "Nothing is recorded for REQ-NEVERWAS.\n"


async def test_facts_and_refusals_are_handed_out_and_can_be_checked_elsewhere(
    shell: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, other = await rejected(shell), await shell.ask()
    await shell.fact(other, Fact.LEVEL_OPENED)

    one = await shell.type("audit", "export", request)
    everything = await shell.type("audit", "export")
    refusals = await shell.type("audit", "export", "--refusals")
    table = await shell.type("audit", "export", request, "--format", "csv")
    refused = await shell.type("audit", "export", "--refusals", "--format", "csv")
    monkeypatch.setenv("DATABASE_URL", "nonsense")  # a file is checked with nothing else
    checked = []
    for said in (one, everything, refusals):
        file = tmp_path / "export.jsonl"
        file.write_text(said.out)
        checked.append(await shell.type("audit", "verify", "--file", str(file)))

    documents = [json.loads(line) for line in one.out.splitlines()]
    assert [document["type"] for document in documents] == [*("fact",) * 4, "head", "end"]
    facts = [{name: value for name, value in one.items() if name != "type"} for one in documents]
    row = facts[2] | {name: json.dumps(facts[2][name]) for name in ("actor", "data")}
    assert fact_of(row) == (await shell.trail.facts(request))[2]
    assert [said.code for said in checked] == [0, 0, 0]
    assert f"{other}: 2 facts, the chain is intact.\n" in checked[1].out
    assert "The refusals: 1 refusal, the chain is intact.\n" in checked[2].out
    rows = list(csv.DictReader(StringIO(table.out)))
    assert [one["kind"] for one in rows] == [one["kind"] for one in facts[:4]]
    assert (rows[2]["person"], rows[2]["reason"]) == (BORIS, f"'{SECRET}")
    assert next(csv.DictReader(StringIO(refused.out)))["code"] == "not_an_approver"


async def test_what_is_to_be_verified_or_exported_is_said_once(
    shell: CommandLine, tmp_path: Path
) -> None:
    for words in (
        ("verify",),
        ("verify", "REQ-1", "--all"),
        ("verify", "--file", str(tmp_path / "none.jsonl")),
        ("verify", "REQ 1"),
        ("export", "REQ-NEVERWAS"),
        ("export", "REQ-1", "--refusals"),
        ("export", "--output", str(tmp_path / "no" / "folder")),
    ):
        said = await shell.type("audit", *words)
        assert (said.code, said.out) == (CANNOT, ""), words
        assert said.err.count("\n") == 1, said.err


async def test_whoever_reads_only_the_beginning_of_an_export_is_not_told_of_a_bug(
    shell: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.here = True

    def closed(*_: object) -> None:
        raise BrokenPipeError

    request = await rejected(shell)
    monkeypatch.setattr(audit_file.JsonLines, "line", closed)

    said = await shell.type("audit", "export", request)

    assert (said.code, said.out, said.err) == (CANNOT, "", "")
