"""`countersign audit`: showing, exporting, verifying and redacting trails."""

import asyncio
import csv
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import delete
from temporalio.testing import WorkflowEnvironment

from bot.actions.execute import Accepted, Refused
from bot.cli import audit_file, audit_output
from bot.policies.file import Policies
from records.database import Database
from records.personnel import Personnel
from records.schema import audit_events, requests
from records.trail import Flaw, fact_of
from tests.bot.cli_driver import ANA, BORIS, FAY, GUS, CliDriver, cli_actor
from tests.bot.forgetting import delete_workflow, until
from tests.bot.order_driver import RunningWorker, make_order
from tests.records.stories import change, contents, forge
from workflows.rules.approvals.request import Decision, Verdict
from workflows.rules.hr.request import HrRequest, HrType
from workflows.rules.messages import OrderInput
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.ids import approval_id

CANNOT, FLAWED, UNCHECKED = 2, 7, 8
NOWHERE = "127.0.0.1:1"
SAME = "the chain is intact, and Temporal's history matches."
SECRET = "=HYPERLINK(swordfish)"

pytestmark = pytest.mark.usefixtures("worker")


async def rejected(cli: CliDriver) -> str:
    """Return a request that Boris rejected with the reason SECRET, after Gus was refused."""
    request = await cli.create_request()
    decision = Decision(actor=cli_actor(GUS), verdict=Verdict.APPROVE, content_revision=1, level=1)
    assert isinstance(await cli.execute(request, decision), Refused)
    rejection = replace(decision, actor=cli_actor(BORIS), verdict=Verdict.REJECT, reason=SECRET)
    assert isinstance(await cli.execute(request, rejection), Accepted)
    await cli.fact(request, Fact.REQUEST_REJECTED)
    return request


async def test_a_trail_shows_actors_times_and_rules(cli: CliDriver) -> None:
    request = await rejected(cli)

    shown, plain, refused, counted, unknown = await asyncio.gather(
        cli.run("audit", "show", request),
        cli.run("audit", "show", request, "--json"),
        cli.run("audit", "refusals", request),
        cli.run("audit", "refusals", "--json"),
        cli.run("audit", "show", "REQ-NEVERWAS"),
    )

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


async def test_a_trail_forged_with_valid_hashes_is_detected_by_the_history(
    cli: CliDriver, database: Database
) -> None:
    """Without `replay_facts`, `bot.actions.audit_verification.check` detects nothing here."""
    request = await rejected(cli)
    before = await cli.run("audit", "verify", request)
    await forge(database, request, 3, reason="We have no money")

    alone, compared, everything = await asyncio.gather(
        cli.run("audit", "verify", request, "--no-temporal"),
        cli.run("audit", "verify", request),
        cli.run("audit", "verify", "--all"),
    )

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


async def test_changed_facts_states_and_refusals_are_reported(
    cli: CliDriver, database: Database
) -> None:
    request = await rejected(cli)
    await change(
        database, "UPDATE requests SET status = 'approved' WHERE request_id = :it", it=request
    )
    state = await cli.run("audit", "verify", request)
    await change(
        database,
        "UPDATE audit_events SET rule = 'x' WHERE request_id = :it AND sequence = 2",
        it=request,
    )
    await change(database, "UPDATE refusals SET code = 'x'")

    fact, everything = await asyncio.gather(
        cli.run("audit", "verify", request),
        cli.run("audit", "verify", "--all", "--no-temporal"),
    )

    assert (state.code, fact.code, everything.code) == (FLAWED, FLAWED, FLAWED)
    assert state.out == (
        f"{request}: fact 4 is intact, but the recorded state of the request does not match it.\n"
    )
    assert fact.out == f"{request}: fact 2 was altered.\n"
    assert "The refusals: refusal 1 was altered.\n" in everything.out


async def test_a_deleted_trail_is_detected_by_the_history(
    cli: CliDriver, database: Database, temporal: WorkflowEnvironment
) -> None:
    request = await rejected(cli)
    async with database.writing() as connection:
        for table in (audit_events, requests):
            await connection.execute(delete(table).where(table.c.request_id == request))

    await until(lambda: is_listed(temporal, request))
    verified, everything, alone = await asyncio.gather(
        cli.run("audit", "verify", request),
        cli.run("audit", "verify", "--all"),
        cli.run("audit", "verify", request, "--no-temporal"),
    )

    sentence = f"{request}: fact 1 is missing, but was recorded according to Temporal's history.\n"
    assert (verified.code, verified.out) == (FLAWED, sentence)
    assert (everything.code, everything.out.startswith(sentence)) == (FLAWED, True)
    assert (alone.code, alone.out) == (
        FLAWED,  # the inbox still lists the decision
        f"{request}: fact 1 {audit_output.FLAWS[Flaw.DELETED]}.\n",
    )


async def test_a_deleted_trail_of_an_hr_request_is_detected_without_temporal_too(
    cli: CliDriver, database: Database
) -> None:
    request = await rejected(cli)
    entry = HrRequest(request_id="HR-1", type=HrType.PROMOTION, title="Up", new_role="Lead")
    await Personnel(database).register("HR-1;register", ANA, entry)

    everything, alone, unknown = await asyncio.gather(
        cli.run("audit", "verify", "--all"),
        cli.run("audit", "verify", "--all", "--no-temporal"),
        cli.run("audit", "verify", "HR-2", "--no-temporal"),
    )

    sentence = f"HR-1: fact 1 {audit_output.FLAWS[Flaw.DELETED]}.\n"
    for result in (everything, alone):
        assert (result.code, result.out.startswith(sentence)) == (FLAWED, True)
        assert result.out.endswith("2 trails, 1 altered.\n")
    assert (unknown.code, unknown.out) == (CANNOT, "HR-2: nothing is recorded.\n")
    assert request not in everything.out


async def test_trails_of_a_request_an_order_and_its_approval_match_their_histories(
    cli: CliDriver, policies: Policies
) -> None:
    waiting = await cli.create_request("travel")
    order = make_order()
    await cli.workflows.start(
        OrderInput(
            order=order, requester=cli_actor(ANA), policy=policies.policy("order"), managers=()
        )
    )
    approval = approval_id(order.order_id)
    await cli.until_decidable(approval)
    approve = Decision(actor=cli_actor(BORIS), verdict=Verdict.APPROVE, content_revision=1, level=1)
    assert isinstance(await cli.execute(approval, approve), Accepted)
    await cli.fact(order.order_id, Fact.ORDER_ENDED)

    result, everything = await asyncio.gather(
        cli.run("audit", "verify", waiting, order.order_id, approval),
        cli.run("audit", "verify", "--all"),
    )

    assert (result.code, result.err) == (0, ""), result.out
    assert result.out.count("and Temporal's history matches.\n") == 3
    assert (everything.code, everything.out.splitlines()[-1]) == (
        0,
        "3 trails, every chain is intact.",
    )


async def test_without_temporal_the_report_says_that_only_the_chain_was_checked(
    cli: CliDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await rejected(cli)
    monkeypatch.setenv("TEMPORAL_ADDRESS", NOWHERE)

    down = await cli.run("audit", "verify", request)
    enough = await cli.run("audit", "verify", "--all", "--no-temporal")

    assert down.code == UNCHECKED
    assert down.out == f"{request}: 4 facts, the chain is intact; not compared with Temporal.\n"
    assert down.err.startswith(f"Temporal does not answer at {NOWHERE}.")
    assert (enough.code, enough.err) == (0, "")


async def test_with_a_deleted_history_only_the_chain_is_checked(
    cli: CliDriver, temporal: WorkflowEnvironment, worker: RunningWorker
) -> None:
    request = await rejected(cli)
    await worker.stop()
    await delete_workflow(temporal.client, request)
    await worker.start()

    result = await cli.run("audit", "verify", request)

    assert (result.code, result.out) == (
        0,
        f"{request}: 4 facts, the chain is intact; Temporal's history of it is deleted.\n",
    )


async def is_listed(temporal: WorkflowEnvironment, workflow_id: str) -> bool:
    """Return whether Temporal lists the workflow; its list is eventually consistent."""
    found = temporal.client.list_workflows(f"WorkflowId = '{workflow_id}'")
    return bool([workflow async for workflow in found])


async def test_a_missing_namespace_is_not_reported_as_a_deleted_history(
    cli: CliDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await rejected(cli)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "nowhere")

    result = await cli.run("audit", "verify", request)

    assert result.code == UNCHECKED
    assert result.err.startswith("Temporal has no namespace “nowhere”.")


async def test_a_redacted_text_is_gone_and_the_trail_still_verifies(
    cli: CliDriver, database: Database, tmp_path: Path
) -> None:
    request = await rejected(cli)
    redact = ("audit", "redact", request, "3", "--as", FAY, "--reason", "He is sorry")

    done = await cli.run(*redact)
    again = await cli.run(*redact)
    content = await cli.run(*redact[:3], "1", *redact[4:], "--field", "content")
    out = tmp_path / "export.jsonl"
    verified, shown, exported, request_shown = await asyncio.gather(
        cli.run("audit", "verify", request),
        cli.run("audit", "show", request),
        cli.run("audit", "export", "--output", str(out)),
        cli.request("show", request),
    )
    file = await cli.run("audit", "verify", "--file", str(out))

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


async def test_a_refused_redaction_says_what_to_do(cli: CliDriver) -> None:
    request = await cli.create_request()
    await cli.fact(request, Fact.LEVEL_OPENED)
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

    results = await asyncio.gather(
        *(cli.run("audit", "redact", request, *words) for words in wrong)
    )
    for (words, sentence), result in zip(wrong.items(), results, strict=True):
        assert (result.code, result.out) == (CANNOT, ""), words
        assert result.err.startswith(sentence)
    unknown = await cli.run("audit", "redact", "REQ-NEVERWAS", "1", "--as", FAY, *reason)
    assert unknown.err == "Nothing is recorded for REQ-NEVERWAS.\n"


async def test_exported_facts_and_refusals_can_be_verified_without_a_database(
    cli: CliDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, other = await rejected(cli), await cli.create_request()
    await cli.fact(other, Fact.LEVEL_OPENED)

    single, everything, refusals, table, refused = await asyncio.gather(
        cli.run("audit", "export", request),
        cli.run("audit", "export"),
        cli.run("audit", "export", "--refusals"),
        cli.run("audit", "export", request, "--format", "csv"),
        cli.run("audit", "export", "--refusals", "--format", "csv"),
    )
    monkeypatch.setenv("DATABASE_URL", "nonsense")  # verifying a file needs no database
    checked = []
    for result in (single, everything, refusals):
        file = tmp_path / "export.jsonl"
        file.write_text(result.out)
        checked.append(await cli.run("audit", "verify", "--file", str(file)))

    documents = [json.loads(line) for line in single.out.splitlines()]
    assert [document["type"] for document in documents] == [*("fact",) * 4, "head", "end"]
    facts = [
        {name: value for name, value in document.items() if name != "type"}
        for document in documents
    ]
    row = facts[2] | {name: json.dumps(facts[2][name]) for name in ("actor", "data")}
    assert fact_of(row) == (await cli.trail.facts(request))[2]
    assert [result.code for result in checked] == [0, 0, 0]
    assert f"{other}: 2 facts, the chain is intact.\n" in checked[1].out
    assert "The refusals: 1 refusal, the chain is intact.\n" in checked[2].out
    rows = list(csv.DictReader(StringIO(table.out)))
    assert [row["kind"] for row in rows] == [fact["kind"] for fact in facts[:4]]
    assert (rows[2]["person"], rows[2]["reason"]) == (BORIS, f"'{SECRET}")
    assert next(csv.DictReader(StringIO(refused.out)))["code"] == "not_an_approver"


async def test_invalid_targets_of_verify_and_export_are_rejected(
    cli: CliDriver, tmp_path: Path
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
        result = await cli.run("audit", *words)
        assert (result.code, result.out) == (CANNOT, ""), words
        assert result.err.count("\n") == 1, result.err


async def test_a_closed_pipe_during_an_export_is_not_reported_as_a_bug(
    cli: CliDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.in_process = True

    def closed(*_: object) -> None:
        raise BrokenPipeError

    request = await rejected(cli)
    monkeypatch.setattr(audit_file.JsonLines, "line", closed)

    result = await cli.run("audit", "export", request)

    assert (result.code, result.out, result.err) == (CANNOT, "", "")
