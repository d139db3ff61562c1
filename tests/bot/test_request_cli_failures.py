"""Errors of the request commands: one sentence and an exit code, without tracebacks or secrets."""

import asyncio
import re
import threading
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bot.actions import connection
from bot.cli import context, execution, lazy, main, terminal
from bot.cli.terminal import Exit, Line
from bot.policies.file import Policies
from bot.temporal.calls import TemporalUnavailableError
from bot.temporal.client import WorkflowClient
from tests.bot.cli_driver import ANA, BORIS, FAY, GUS, CliDriver, cli_actor
from tests.bot.order_driver import TIMEOUT, RunningWorker, make_order
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
async def test_an_invalid_option_is_named(
    cli: CliDriver, case: tuple[tuple[str, ...], str]
) -> None:
    words, sentence = case
    cli.in_process = True  # no command gets as far as Temporal

    result = await cli.request(*words)

    assert (result.code, result.out) == (CANNOT, "")
    assert result.err.startswith(sentence)
    assert result.err.count("\n") == 1


async def test_all_invalid_options_are_reported_together(cli: CliDriver) -> None:
    result = await cli.request(*GENERAL, "--amount", "0", "--answer-within", "soon")

    assert result.code == CANNOT
    assert [line.partition(":")[0] for line in result.err.splitlines()] == [
        "--amount",
        "--answer-within",
    ]


@pytest.mark.usefixtures("worker")
async def test_an_unknown_request_is_reported(cli: CliDriver, policies: Policies) -> None:
    order = make_order()
    policy = policies.policy("order")
    await cli.workflows.start(
        OrderInput(order=order, requester=cli_actor(ANA), policy=policy, managers=())
    )
    await cli.fact(order.order_id, Fact.ORDER_RECEIVED)

    for words in (("show",), ("decide", "approve"), ("comment", "Hm")):
        verb, *more = words
        result = await cli.request(verb, "REQ-NEVERWAS", *more, *(("--as", BORIS)))
        assert (result.code, result.out) == (CANNOT, "")
        assert result.err.startswith("There is no request REQ-NEVERWAS.")
        result = await cli.request(verb, order.order_id, *more, *(("--as", BORIS)))
        assert (result.code, result.out) == (CANNOT, "")
        assert f"Its approval is a request: {order.order_id}.approval" in result.err


@pytest.mark.usefixtures("worker")
async def test_a_request_id_identifies_one_request(cli: CliDriver) -> None:
    await cli.create_request("travel", "--id", "REQ-INVOICE-17")
    again = ("create", "--id", "REQ-INVOICE-17", "--policy", "travel", "--amount", "1500.00 USD")

    same = await cli.request(*again, "--title", "Team offsite", "--as", ANA, "--json")
    other = await cli.request(*again, "--title", "A car", "--as", ANA)
    stranger = await cli.request(*again, "--title", "Team offsite", "--as", GUS)

    assert (same.code, same.json["request_id"]) == (0, "REQ-INVOICE-17")
    for result in (other, stranger):
        assert (result.code, result.out) == (CANNOT, "")
        assert result.err.startswith("REQ-INVOICE-17 already exists with different content")


async def test_with_temporal_down_nothing_is_done_and_the_recorded_state_is_shown(
    cli: CliDriver, worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await cli.create_request()
    await cli.fact(request, Fact.LEVEL_OPENED)
    monkeypatch.setenv("TEMPORAL_ADDRESS", NOWHERE)
    monkeypatch.setenv("TEMPORAL_API_KEY", "a-secret")
    sentence = f"Temporal does not answer at {NOWHERE}. Start it, or set TEMPORAL_ADDRESS.\n"

    pending = await cli.request(*GENERAL)
    decided = await cli.request("decide", request, "approve", "--as", BORIS)
    shown = await cli.request("show", request)
    listed = await cli.request("list", "--open")

    assert (pending.code, pending.out, pending.err) == (CANNOT, "", sentence)
    assert (decided.code, decided.out, decided.err) == (CANNOT, "", sentence)
    assert (shown.code, shown.err) == (CANNOT, sentence)
    assert "waiting for approval" in shown.out
    assert "last recorded state" in shown.out
    assert listed.code == 0
    assert request in listed.out


async def test_a_missing_namespace_is_not_reported_as_an_ended_request(
    cli: CliDriver, worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await cli.create_request()
    await cli.fact(request, Fact.LEVEL_OPENED)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "elsewhere")
    sentence = "Temporal has no namespace “elsewhere”. Check TEMPORAL_NAMESPACE.\n"

    pending = await cli.request(*GENERAL, "--patience", "0")
    remarked = await cli.request("comment", request, "Hm", "--as", BORIS)
    shown = await cli.request("show", request)

    assert (pending.code, pending.err) == (CANNOT, sentence)
    assert (remarked.code, remarked.err) == (CANNOT, sentence)
    assert (shown.code, shown.err) == (CANNOT, sentence)
    assert await cli.refusals_of(request) == []


async def test_an_unanswered_command_is_retried_and_can_be_repeated(
    cli: CliDriver, worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.in_process = True
    monkeypatch.setattr(connection, "WAIT", 0.3)
    await worker.stop()
    request = (await cli.request(*GENERAL)).out.strip()

    given_up = await cli.request("comment", request, "A", "--as", ANA, "--patience", "0.1")
    key = given_up.err.partition("--key ")[2].partition(":")[0]
    notified = threading.Event()
    with monkeypatch.context() as patched:
        patched.setattr(execution, "remark", lambda _: notified.set())
        waiting = asyncio.create_task(cli.request("comment", request, "B", "--as", ANA))
        await asyncio.to_thread(notified.wait, TIMEOUT)
        await worker.start()
        late = await waiting
    repeated = await cli.request("comment", request, "A", "--as", ANA, "--key", key)
    snapshot = await cli.request("show", request, "--json")

    assert (given_up.code, given_up.out) == (UNCONFIRMED, "")
    assert "Still not confirmed. Repeat the command with --key" in given_up.err
    assert notified.is_set()
    assert late.code == 0
    assert (repeated.code, repeated.err) == (0, "")
    assert sorted(remark["text"] for remark in snapshot.json["remarks"]) == ["A", "B"]


async def test_an_unconfirmed_start_names_the_request_id(
    cli: CliDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.in_process = True

    async def no_answer(*_: object) -> bool:
        raise TemporalUnavailableError("start_approval")

    monkeypatch.setattr(WorkflowClient, "start", no_answer)

    result = await cli.request(*GENERAL, "--id", "REQ-1", "--patience", "0")

    assert (result.code, result.out) == (UNCONFIRMED, "")
    assert result.err.endswith("Repeat the command with --id REQ-1: only one request is created.\n")


async def test_a_request_without_a_worker_is_reported_as_unanswered(
    cli: CliDriver,
) -> None:
    result = await cli.request(*GENERAL, "--id", "REQ-IDLE", "--json", "--patience", "0.5")
    lost = await cli.request(*GENERAL, "--id", "REQ-IDLE", "--wait", "--patience", "0.5")
    decided = await cli.request("decide", "REQ-IDLE", "approve", "--as", BORIS, "--patience", "0.1")

    assert (result.code, result.out) == (UNCONFIRMED, "")
    assert result.err.startswith("REQ-IDLE was created, but there is no answer yet")
    assert lost.code == CANNOT
    assert decided.code == CANNOT
    assert "so nothing was changed" in decided.err


async def test_without_a_database_a_refusal_is_still_reported(
    cli: CliDriver, worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await cli.create_request()
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")

    refused = await cli.request("comment", request, "Hm", "--as", GUS)
    done = await cli.request("comment", request, "Hm", "--as", BORIS)
    listed = await cli.request("list")
    away = await cli.run("away", "show")

    assert refused.code == REFUSED
    assert "(This refusal could not be recorded: OperationalError.)" in refused.err
    assert done.code == 0
    for result in (listed, away):
        assert (result.code, result.out) == (CANNOT, "")
        assert result.err.startswith("There is no database file /nowhere/at/all.db.")


SETTINGS = [
    ("DATABASE_URL", "sqlite:///empty.db", "with `countersign db upgrade`"),
    ("DATABASE_URL", "mysql://root:a-secret@db/x", "cannot use mysql"),
    ("DATABASE_URL", "not a url a-secret", "cannot use this URL"),
    ("DATABASE_URL", "postgresql://me:a-secret@127.0.0.1:1/x", "nothing listens there"),
    ("WEB_PORT", "many", "WEB_PORT cannot be used"),
]


@pytest.mark.parametrize("case", SETTINGS, ids=lambda case: case[1][:12])
async def test_an_invalid_setting_is_one_sentence(
    cli: CliDriver, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, str]
) -> None:
    name, value, sentence = case
    monkeypatch.setenv(name, value)
    cli.in_process = True

    result = await cli.request("list")

    assert (result.code, result.out) == (CANNOT, "")
    assert sentence in result.err
    assert "a-secret" not in result.err


async def test_an_invalid_policy_file_is_reported_with_its_line(
    cli: CliDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLICIES", "missing.toml")

    result = await cli.request(*GENERAL)

    assert (result.code, result.out) == (CANNOT, "")
    assert result.err.startswith("missing.toml, line 1: ")


async def test_an_unexpected_error_is_one_sentence(
    cli: CliDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.in_process = True

    async def broken(*_: object) -> None:
        raise KeyError("a-secret")

    monkeypatch.setattr(context.CliContext, "require_records", broken)

    result = await cli.request("list")

    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("Unexpected error (KeyError)")
    assert "a-secret" not in result.err


async def test_the_installed_program_prints_one_sentence(tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "sqlite:////nowhere/at/all.db", "TEMPORAL_ADDRESS": NOWHERE}
    result = await run(
        "request", "show", "REQ-1", directory=tmp_path, environment=clean_environment(**nowhere)
    )

    assert (result.exit_code, result.stdout) == (CANNOT, "")
    assert result.stderr == (
        f"Temporal does not answer at {NOWHERE}. Start it, or set TEMPORAL_ADDRESS.\n"
    )


def test_every_command_and_exit_code_is_documented() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text()

    for group in ("request", "away", "audit"):
        for name in lazy.loaded(main.COMMANDS, group).commands:
            assert f"| `{group} {name}` |" in page
    assert re.findall(r"^\| (\d) \|", page, re.MULTILINE) == [str(int(code)) for code in Exit]


def test_ids_are_not_wrapped_on_a_narrow_screen(monkeypatch: pytest.MonkeyPatch) -> None:
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
