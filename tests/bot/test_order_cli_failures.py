"""What a command on orders cannot do is a sentence and an exit code; what it can show, it shows."""

import pytest

from tests.bot.command_line import ANA, BORIS, FAY, CommandLine
from tests.bot.desk import RunningWorker
from tests.bot.till import Till
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


async def test_a_wrong_option_is_named(shell: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICIES", str(ROOT / "policies.toml"))
    for words, sentence in WRONG:
        said = await shell.type("order", *words)

        assert (said.code, said.out) == (CANNOT, ""), words
        assert said.err.startswith(sentence), said.err
        assert said.err.count("\n") == 1


async def test_who_names_no_order_is_told_so(till: Till) -> None:
    for verb in ("show", "status", "requires-approval", "approval-message", "pay"):
        said = await till.type(verb, "ORD-00000000")
        assert (said.code, said.out) == (CANNOT, ""), verb
        assert said.err.startswith("There is no order ORD-00000000.")
    for words in (("decide", "ORD-00000000", "approve"), ("cancel", "ORD-00000000")):
        said = await till.type(*words, "--as", BORIS)
        assert (said.code, said.out) == (CANNOT, "")
        assert said.err.startswith("There is no order ORD-00000000.")


async def test_one_number_is_one_order(till: Till) -> None:
    words = ("--line", "DESK-OAK:2:500.00", "--line", "LAMP-LED:1:0.01")
    order_id = await till.start(*words)
    named = ("start", "--customer", "Acme GmbH", "--id", order_id)

    same = await till.type(*named, *words, "--json")
    others = [
        await till.type(*named, "--line", "DESK-OAK:2:500.00"),
        await till.type(*named, *words, "--as", FAY),
    ]

    total = {"total": "1000.01", "currency": "USD"}
    assert same.json == {"order_id": order_id, **total, "is_new": False}
    for other in others:
        assert (other.code, other.out) == (CANNOT, "")
        assert other.err.startswith(f"{order_id} already exists with different content")


async def test_the_list_is_the_newest_first_and_can_be_narrowed(till: Till) -> None:
    first = await till.start("--total", "5")
    await till.until(first, OrderStatus.COMPLETED)
    second = await till.start("--total", "1500", "--as", FAY)
    await till.until(second, OrderStatus.AWAITING_APPROVAL)

    async def listed(*words: str) -> list[str]:
        return [one["order_id"] for one in (await till.type("list", "--json", *words)).json]

    plain = await till.type("list")

    assert [line for line in plain.out.splitlines() if line.startswith("ORD-")] == [
        f"{second} · waiting for approval",
        f"{first} · completed",
    ]
    assert await listed() == [second, first]
    assert await listed("--open") == [second]
    assert await listed("--requester", ANA) == [first]
    assert await listed("--limit", "1") == [second]
    assert (await till.type("list", "--requester", BORIS)).err == "None found.\n"


async def test_with_temporal_or_the_worker_down_the_records_answer_as_of_when(
    till: Till, worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.shell.here = True
    order_id = await till.start("--total", "1500")
    ended = await till.start("--total", "5")
    await till.until(order_id, OrderStatus.AWAITING_APPROVAL)
    await till.until(ended, OrderStatus.COMPLETED)
    monkeypatch.setattr("bot.temporal.orders.QUERY_WAIT", 0.1)
    await worker.stop()
    silent = await till.type("status", order_id)
    monkeypatch.setenv("TEMPORAL_ADDRESS", NOWHERE)

    gone = await till.type("show", order_id)
    over = await till.type("status", ended, "--json")
    asked = [await till.type(verb, order_id) for verb in ("requires-approval", "approval-message")]
    cancelled = await till.type("cancel", order_id)

    for said in (silent, gone):
        assert said.code == CANNOT
        assert "the last recorded state" in said.err
    assert silent.out == "awaiting_approval\n"
    assert "Status: waiting for approval\n" in gone.out
    assert (over.code, over.json["status"]) == (0, "completed")
    assert over.json["as_of"]
    assert [one.out for one in asked] == ["yes\n", "none\n"]
    assert (
        cancelled.err
        == f"Temporal does not answer at {NOWHERE}. Start it, or set TEMPORAL_ADDRESS.\n"
    )


async def test_a_payment_that_the_bot_does_not_take_is_told(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await till.start("--total", "500", "--await-payment")
    await till.until(order_id, OrderStatus.AWAITING_PAYMENT)

    async def said() -> str:
        paying = await till.type("pay", order_id)
        assert (paying.code, paying.out) == (CANNOT, "")
        return paying.err

    monkeypatch.setenv("PAYMENT_WEBHOOK_SECRET", "another")
    unsigned = await said()
    monkeypatch.setenv("WEB_PORT", "1")
    nobody = await said()
    monkeypatch.delenv("PAYMENT_WEBHOOK_SECRET")
    unset = await said()

    assert unsigned.startswith("The bot refused the payment: The signature is invalid")
    assert nobody.startswith("The bot does not answer at http://127.0.0.1:1/webhooks/payments.")
    assert unset.startswith("PAYMENT_WEBHOOK_SECRET is not set")
    await till.until(order_id, OrderStatus.AWAITING_PAYMENT)


async def test_json_is_what_the_api_says(till: Till) -> None:
    order_id = await till.start("--total", "5", "--email", "jane@example.com", "--note", "Soon")
    await till.until(order_id, OrderStatus.COMPLETED)

    shown = await till.type("show", order_id, "--json")
    decided = await till.type("approval-message", order_id, "--json")

    assert (shown.json["total"], shown.json["note"]) == ("5.00", "Soon")
    assert [step["status"] for step in shown.json["steps"]] == ["done"] * 4
    assert decided.json == {"order_id": order_id, "as_of": None, "decision": None}
