"""What a command cannot do is a sentence and an exit code, never a traceback and never a secret."""

import asyncio
import re
import threading
from io import StringIO
from pathlib import Path

import pytest
import typer
from rich.console import Console

from bot.actions import connection
from bot.cli import context, execution, main, terminal
from bot.cli.terminal import Exit, Line
from bot.policies.file import Policies
from bot.temporal.calls import TemporalUnavailableError
from bot.temporal.client import WorkflowClient
from tests.bot.command_line import ANA, BORIS, FAY, GUS, CommandLine, by
from tests.bot.desk import PATIENCE, RunningWorker, an_order
from tests.journeys.programs import clean_environment, run
from tests.journeys.starter import ROOT
from workflows.rules.messages import OrderInput
from workflows.rules.shared.audit import Fact

CANNOT, UNCONFIRMED, REFUSED = 2, 5, 6
NOWHERE = "127.0.0.1:1"

GENERAL = ("create", "--policy", "general", "--title", "Pens", "--as", ANA)
WRONG: list[tuple[tuple[str, ...], str]] = [
    (GENERAL[:-2], "Use --as to name the person who acts, such as --as U0ANA."),
    ((*GENERAL[:-1], "ana"), "--as: “ana” is not a Slack member ID. They look like U0ANA."),
    ((*GENERAL, "--policy", "genera"), "There is no policy “genera”. Did you mean “general”?"),
    *(
        (
            (*GENERAL, "--policy", name),
            f"Requests of the policy “{name}” have a form of their own: type {form} in Slack.",
        )
        for name, form in {
            "order": "/order",
            "time_off": "/request time_off",
            "expense": "/request expense",
        }.items()
    ),
    ((*GENERAL, "--amount", "lots"), "--amount: Enter the amount as a number"),
    ((*GENERAL, "--amount", "5 EUR"), "--amount: Enter the amount in USD."),
    ((*GENERAL, "--title", " "), "--title: This field is required."),
    ((*GENERAL, "--link", "ftp://x.test"), "--link: "),
    ((*GENERAL, "--answer-within", "soon"), "--answer-within: "),
    ((*GENERAL, "--id", "ORD-1"), "--id: a request number is REQ- and then"),
    ((*GENERAL, "--text", "a", "--text-file", "b"), "Use --text or --text-file, not both."),
    ((*GENERAL, "--text-file", "b"), "--text-file: b cannot be read (FileNotFoundError)."),
    ((*GENERAL, "--text", "\udcff"), "--text: this is not valid UTF-8."),
    (("withdraw", "REQ 1", "--as", ANA), "REQUEST: this is not a request number."),
    (("delegate", "REQ-1", "--to", "bob", "--as", ANA), "--to: “bob” is not a Slack member ID."),
    (("reassign", "REQ-1", "--as", FAY), "Choose approvers: --approver user:U…"),
    (
        ("reassign", "REQ-1", "--as", FAY, "--approver", "bob"),
        "--approver: “bob” names no approver.",
    ),
    (("list", "--requester", "bob"), "--requester: “bob” is not a Slack member ID."),
]


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case[1][:30])
async def test_a_wrong_option_is_named(
    shell: CommandLine, case: tuple[tuple[str, ...], str]
) -> None:
    words, sentence = case

    said = await shell.request(*words)

    assert (said.code, said.out) == (CANNOT, "")
    assert said.err.startswith(sentence)
    assert said.err.count("\n") == 1


async def test_every_wrong_option_is_named_at_once(shell: CommandLine) -> None:
    said = await shell.request(*GENERAL, "--amount", "0", "--answer-within", "soon")

    assert said.code == CANNOT
    assert [line.partition(":")[0] for line in said.err.splitlines()] == [
        "--amount",
        "--answer-within",
    ]


@pytest.mark.usefixtures("worker")
async def test_who_names_no_request_is_told_so(shell: CommandLine, policies: Policies) -> None:
    order = an_order()
    policy = policies.policy("order")
    await shell.workflows.start(
        OrderInput(order=order, requester=by(ANA), policy=policy, managers=())
    )
    await shell.fact(order.order_id, Fact.ORDER_RECEIVED)

    for words in (("show",), ("decide", "approve"), ("comment", "Hm")):
        verb, *more = words
        said = await shell.request(verb, "REQ-NEVERWAS", *more, *(("--as", BORIS)))
        assert (said.code, said.out) == (CANNOT, "")
        assert said.err.startswith("There is no request REQ-NEVERWAS.")
        said = await shell.request(verb, order.order_id, *more, *(("--as", BORIS)))
        assert (said.code, said.out) == (CANNOT, "")
        assert f"Its approval is a request: {order.order_id}.approval" in said.err


@pytest.mark.usefixtures("worker")
async def test_one_number_is_one_request(shell: CommandLine) -> None:
    await shell.ask("travel", "--id", "REQ-INVOICE-17")
    again = ("create", "--id", "REQ-INVOICE-17", "--policy", "travel", "--amount", "1500.00 USD")

    same = await shell.request(*again, "--title", "Team offsite", "--as", ANA, "--json")
    other = await shell.request(*again, "--title", "A car", "--as", ANA)
    stranger = await shell.request(*again, "--title", "Team offsite", "--as", GUS)

    assert (same.code, same.json["request_id"]) == (0, "REQ-INVOICE-17")
    for said in (other, stranger):
        assert (said.code, said.out) == (CANNOT, "")
        assert said.err.startswith("REQ-INVOICE-17 already exists with different content")


async def test_with_temporal_down_nothing_is_done_and_the_last_state_is_shown(
    shell: CommandLine, worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await shell.ask()
    await shell.fact(request, Fact.LEVEL_OPENED)
    monkeypatch.setenv("TEMPORAL_ADDRESS", NOWHERE)
    monkeypatch.setenv("TEMPORAL_API_KEY", "a-secret")
    sentence = f"Temporal does not answer at {NOWHERE}. Start it, or set TEMPORAL_ADDRESS.\n"

    asked = await shell.request(*GENERAL)
    decided = await shell.request("decide", request, "approve", "--as", BORIS)
    shown = await shell.request("show", request)
    listed = await shell.request("list", "--open")

    assert (asked.code, asked.out, asked.err) == (CANNOT, "", sentence)
    assert (decided.code, decided.out, decided.err) == (CANNOT, "", sentence)
    assert (shown.code, shown.err) == (CANNOT, sentence)
    assert "waiting for approval" in shown.out
    assert "the last recorded state" in shown.out
    assert listed.code == 0
    assert request in listed.out


async def test_a_namespace_that_is_not_there_is_not_taken_for_an_ended_request(
    shell: CommandLine, worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await shell.ask()
    await shell.fact(request, Fact.LEVEL_OPENED)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "elsewhere")
    sentence = "Temporal has no namespace “elsewhere”. Check TEMPORAL_NAMESPACE.\n"

    asked = await shell.request(*GENERAL, "--patience", "0")
    remarked = await shell.request("comment", request, "Hm", "--as", BORIS)
    shown = await shell.request("show", request)

    assert (asked.code, asked.err) == (CANNOT, sentence)
    assert (remarked.code, remarked.err) == (CANNOT, sentence)
    assert (shown.code, shown.err) == (CANNOT, sentence)
    assert await shell.refused(request) == []


async def test_an_answer_that_does_not_come_is_asked_for_and_can_be_repeated(
    shell: CommandLine, worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.here = True
    monkeypatch.setattr(connection, "WAIT", 0.3)
    await worker.stop()
    request = (await shell.request(*GENERAL)).out.strip()

    given_up = await shell.request("comment", request, "A", "--as", ANA, "--patience", "0.1")
    key = given_up.err.partition("--key ")[2].partition(":")[0]
    told = threading.Event()
    with monkeypatch.context() as patched:
        patched.setattr(execution, "remark", lambda _: told.set())
        waiting = asyncio.create_task(shell.request("comment", request, "B", "--as", ANA))
        await asyncio.to_thread(told.wait, PATIENCE)
        await worker.start()
        late = await waiting
    repeated = await shell.request("comment", request, "A", "--as", ANA, "--key", key)
    snapshot = await shell.request("show", request, "--json")

    assert (given_up.code, given_up.out) == (UNCONFIRMED, "")
    assert "Still not confirmed. Repeat the command with --key" in given_up.err
    assert told.is_set()
    assert late.code == 0
    assert (repeated.code, repeated.err) == (0, "")
    assert sorted(one["text"] for one in snapshot.json["remarks"]) == ["A", "B"]


async def test_a_request_that_may_have_been_taken_names_its_number(
    shell: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.here = True

    async def no_answer(*_: object) -> bool:
        raise TemporalUnavailableError("start_approval")

    monkeypatch.setattr(WorkflowClient, "start", no_answer)

    said = await shell.request(*GENERAL, "--id", "REQ-1", "--patience", "0")

    assert (said.code, said.out) == (UNCONFIRMED, "")
    assert said.err.endswith("Repeat the command with --id REQ-1: only one request is created.\n")


async def test_what_was_asked_without_a_worker_is_told_to_wait_for_one(
    shell: CommandLine,
) -> None:
    said = await shell.request(*GENERAL, "--id", "REQ-IDLE", "--json", "--patience", "0.5")
    lost = await shell.request(*GENERAL, "--id", "REQ-IDLE", "--wait", "--patience", "0.5")
    decided = await shell.request(
        "decide", "REQ-IDLE", "approve", "--as", BORIS, "--patience", "0.1"
    )

    assert (said.code, said.out) == (UNCONFIRMED, "")
    assert said.err.startswith("REQ-IDLE was created, but there is no answer yet")
    assert lost.code == CANNOT
    assert decided.code == CANNOT
    assert "so nothing was changed" in decided.err


async def test_without_its_database_a_refusal_is_still_told(
    shell: CommandLine, worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await shell.ask()
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")

    refused = await shell.request("comment", request, "Hm", "--as", GUS)
    done = await shell.request("comment", request, "Hm", "--as", BORIS)
    listed = await shell.request("list")
    away = await shell.type("away", "show")

    assert refused.code == REFUSED
    assert "(This refusal could not be recorded: OperationalError.)" in refused.err
    assert done.code == 0
    for said in (listed, away):
        assert (said.code, said.out) == (CANNOT, "")
        assert said.err.startswith("The database cannot be used (OperationalError).")


SETTINGS = [
    ("DATABASE_URL", "sqlite:///empty.db", "run `countersign db upgrade`"),
    ("DATABASE_URL", "mysql://root:a-secret@db/x", "cannot use mysql"),
    ("DATABASE_URL", "not a url a-secret", "The database cannot be used (ArgumentError)."),
    ("DATABASE_URL", "postgresql://me:a-secret@127.0.0.1:1/x", "The database cannot be used ("),
    ("WEB_PORT", "many", "WEB_PORT cannot be used"),
]


@pytest.mark.parametrize("case", SETTINGS, ids=lambda case: case[1][:12])
async def test_a_wrong_setting_is_a_sentence(
    shell: CommandLine, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, str]
) -> None:
    name, value, sentence = case
    monkeypatch.setenv(name, value)

    said = await shell.request("list")

    assert (said.code, said.out) == (CANNOT, "")
    assert sentence in said.err
    assert "a-secret" not in said.err


async def test_a_wrong_policy_file_is_told_with_its_line(
    shell: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLICIES", "missing.toml")

    said = await shell.request(*GENERAL)

    assert (said.code, said.out) == (CANNOT, "")
    assert said.err.startswith("missing.toml, line 1: ")


async def test_what_nobody_foresaw_is_a_sentence_too(
    shell: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.here = True

    async def broken(*_: object) -> None:
        raise KeyError("a-secret")

    monkeypatch.setattr(context.CliContext, "require_records", broken)

    said = await shell.request("list")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("Unexpected error (KeyError)")
    assert "a-secret" not in said.err


async def test_the_program_itself_says_one_sentence(tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "sqlite:////nowhere/at/all.db", "TEMPORAL_ADDRESS": NOWHERE}
    said = await run(
        "request", "show", "REQ-1", directory=tmp_path, environment=clean_environment(**nowhere)
    )

    assert (said.exit_code, said.stdout) == (CANNOT, "")
    assert said.stderr == (
        f"Temporal does not answer at {NOWHERE}. Start it, or set TEMPORAL_ADDRESS.\n"
    )


def test_the_page_on_the_command_line_names_every_command_and_exit_code() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text()
    commands = typer.main.get_command(main.app)

    for group in ("request", "away", "audit"):
        with typer.Context(commands) as context:
            inside = commands.get_command(context, group)  # type: ignore[attr-defined]
        for name in inside.commands:
            assert f"| `{group} {name}` |" in page
    assert re.findall(r"^\| (\d) \|", page, re.MULTILINE) == [str(int(one)) for one in Exit]


def test_on_a_narrow_screen_no_id_is_torn(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = StringIO()
    monkeypatch.setattr(
        terminal, "_OUT", Console(file=screen, force_terminal=True, width=30, color_system=None)
    )
    words = "REQ-7K2M4QXA REQ-INVOICE-2024-17 ORD-7K2M4QXA.approval U0BORIS " * 3

    terminal.show([Line(words, 1, "bold"), Line("\x1b[31mred\x1b[0m")])

    shown = screen.getvalue()
    assert shown.split()[:-1] == words.split()
    assert max(map(len, shown.splitlines())) <= 30
    assert "\x1b[31m" not in shown
