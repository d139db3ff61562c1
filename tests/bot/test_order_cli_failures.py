"""Errors of the order commands: one sentence and an exit code."""

import asyncio

import pytest

from tests.bot.cli_driver import ANA, BORIS, FAY, CliDriver
from tests.bot.order_cli import OrderCli
from tests.bot.order_driver import RunningWorker
from tests.journeys.starter import ROOT
from workflows.rules.orders.order import OrderStatus

CANNOT = 2
NOWHERE = "127.0.0.1:1"
START = ("start", "--customer", "Acme", "--as", ANA)

WRONG: list[tuple[tuple[str, ...], str]] = [
    ((*START[:3], "--total", "5"), "Use --as to name the person who acts"),
    (START, "Use either --total, or --line"),
    ((*START, "--total", "5", "--line", "DESK-OAK:1:5"), "Use either --total"),
    ((*START, "--total", "lots"), "--total: Enter the amount as a number"),
    ((*START, "--line", "DESK-OAK:1"), "--line: “DESK-OAK:1” is not SKU:QUANTITY:PRICE"),
    ((*START, "--line", "DESK-OAK:0:5"), "--line DESK-OAK:0:5: "),
    ((*START, "--line", "SOFA:1:5"), "--line SOFA:1:5: "),
    ((*START, "--total", "5", "--card-expiry", "13/23"), "--card-expiry: "),
    ((*START, "--total", "5", "--email", "at home"), "--email: "),
    ((*START, "--total", "5", "--expire-after", "soon"), "--expire-after: "),
    ((*START, "--total", "5", "--pay-within", "soon"), "--pay-within: "),
    ((*START, "--total", "5", "--id", "ORD-1"), "--id: this is not an order number."),
    ((*START, "--total", "5", "--customer", " "), "--customer: This field is required."),
    (("show", "ORD-1"), "ORDER: this is not an order number."),
    (("cancel", "ORD-00000000"), "Use --as to name the person who acts"),
    (("decide", "ORD-00000000", "approve"), "Use --as to name the person who acts"),
    (("list", "--requester", "bob"), "--requester: “bob” is not a Slack member ID."),
]


async def test_an_invalid_option_is_named(cli: CliDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICIES", str(ROOT / "policies.toml"))
    cli.in_process = True  # no command gets as far as Temporal
    for words, sentence in WRONG:
        result = await cli.run("order", *words)

        assert (result.code, result.out) == (CANNOT, ""), words
        assert result.err.startswith(sentence), result.err
        assert result.err.count("\n") == 1


async def test_an_unknown_order_is_reported(order_cli: OrderCli) -> None:
    reads = ("show", "status", "requires-approval", "approval-message", "pay")
    commands: list[tuple[str, ...]] = [(verb, "ORD-00000000") for verb in reads]
    commands += [
        ("decide", "ORD-00000000", "approve", "--as", BORIS),
        ("cancel", "ORD-00000000", "--as", BORIS),
    ]

    results = await asyncio.gather(*(order_cli.run(*words) for words in commands))

    for words, result in zip(commands, results, strict=True):
        assert (result.code, result.out) == (CANNOT, ""), words
        assert result.err.startswith("There is no order ORD-00000000.")


async def test_an_order_id_identifies_one_order(order_cli: OrderCli) -> None:
    words = ("--line", "DESK-OAK:2:500.00", "--line", "LAMP-LED:1:0.01")
    order_id = await order_cli.start(*words)
    named = ("start", "--customer", "Acme GmbH", "--id", order_id)

    same = await order_cli.run(*named, *words, "--json")
    others = [
        await order_cli.run(*named, "--line", "DESK-OAK:2:500.00"),
        await order_cli.run(*named, *words, "--as", FAY),
    ]

    total = {"total": "1000.01", "currency": "USD"}
    assert same.json == {"order_id": order_id, **total, "is_new": False}
    for other in others:
        assert (other.code, other.out) == (CANNOT, "")
        assert other.err.startswith(f"{order_id} already exists with different content")


async def test_the_list_is_newest_first_and_can_be_filtered(order_cli: OrderCli) -> None:
    first = await order_cli.start("--total", "250")
    await order_cli.until(first, OrderStatus.COMPLETED)
    second = await order_cli.start("--total", "1500", "--as", FAY)
    await order_cli.until(second, OrderStatus.AWAITING_APPROVAL)

    async def listed(*words: str) -> list[str]:
        return [order["order_id"] for order in (await order_cli.run("list", "--json", *words)).json]

    plain = await order_cli.run("list")

    assert [line for line in plain.out.splitlines() if line.startswith("ORD-")] == [
        f"{second} · waiting for approval",
        f"{first} · completed",
    ]
    assert await listed() == [second, first]
    assert await listed("--open") == [second]
    assert await listed("--requester", ANA) == [first]
    assert await listed("--limit", "1") == [second]
    assert (await order_cli.run("list", "--requester", BORIS)).err == "None found.\n"


async def test_without_temporal_or_a_worker_the_records_answer_with_their_age(
    order_cli: OrderCli, worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_cli.cli.in_process = True
    order_id = await order_cli.start("--total", "1500")
    ended = await order_cli.start("--total", "250")
    await order_cli.until(order_id, OrderStatus.AWAITING_APPROVAL)
    await order_cli.until(ended, OrderStatus.COMPLETED)
    monkeypatch.setattr("bot.temporal.orders.QUERY_WAIT", 0.1)
    await worker.stop()
    silent = await order_cli.run("status", order_id)
    monkeypatch.setenv("TEMPORAL_ADDRESS", NOWHERE)

    gone = await order_cli.run("show", order_id)
    over = await order_cli.run("status", ended, "--json")
    answers = [
        await order_cli.run(verb, order_id) for verb in ("requires-approval", "approval-message")
    ]
    cancelled = await order_cli.run("cancel", order_id)

    for result in (silent, gone):
        assert result.code == CANNOT
        assert "last recorded state" in result.err
    assert silent.out == "awaiting_approval\n"
    assert "Status: waiting for approval\n" in gone.out
    assert (over.code, over.json["status"]) == (0, "completed")
    assert over.json["as_of"]
    assert [answer.out for answer in answers] == ["yes\n", "none\n"]
    assert (
        cancelled.err
        == f"Temporal does not answer at {NOWHERE}. Start it, or set TEMPORAL_ADDRESS.\n"
    )


async def test_a_payment_that_the_bot_rejects_is_reported(
    order_cli: OrderCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await order_cli.start("--total", "500", "--await-payment")
    await order_cli.until(order_id, OrderStatus.AWAITING_PAYMENT)

    async def pay_error() -> str:
        paying = await order_cli.run("pay", order_id)
        assert (paying.code, paying.out) == (CANNOT, "")
        return paying.err

    monkeypatch.setenv("PAYMENT_WEBHOOK_SECRET", "another")
    unsigned = await pay_error()
    monkeypatch.setenv("WEB_PORT", "1")
    unreachable = await pay_error()
    monkeypatch.delenv("PAYMENT_WEBHOOK_SECRET")
    unset = await pay_error()

    assert unsigned.startswith("The bot refused the payment: The signature is invalid")
    assert unreachable.startswith(
        "The bot does not answer at http://127.0.0.1:1/webhooks/payments."
    )
    assert unset.startswith("PAYMENT_WEBHOOK_SECRET is not set")
    await order_cli.until(order_id, OrderStatus.AWAITING_PAYMENT)


async def test_json_output_matches_the_api(order_cli: OrderCli) -> None:
    order_id = await order_cli.start(
        "--total", "250", "--email", "jane@example.com", "--note", "Soon"
    )
    await order_cli.until(order_id, OrderStatus.COMPLETED)

    shown = await order_cli.run("show", order_id, "--json")
    decided = await order_cli.run("approval-message", order_id, "--json")

    assert (shown.json["total"], shown.json["note"]) == ("250.00", "Soon")
    assert [step["status"] for step in shown.json["steps"]] == ["done"] * 4
    assert decided.json == {"order_id": order_id, "as_of": None, "decision": None}
