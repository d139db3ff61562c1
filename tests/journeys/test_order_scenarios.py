"""Order commands as in docs/orders.md, run as separate processes beside the demo."""

import asyncio
import shutil
from decimal import Decimal
from pathlib import Path

from bot.runtime.ids import new_id
from tests.journeys.demos import RunningDemo
from tests.journeys.programs import run
from tests.journeys.workspace import Workspace
from workflows.rules.orders.order import OrderStatus
from workflows.rules.shared.audit import Fact


async def test_an_order_and_its_payment_need_only_the_demos_settings(
    demo: RunningDemo, demo_workspace: Workspace, tmp_path: Path
) -> None:
    """Ana orders without `--as`. `order pay` signs the payment and finds the bot's port."""
    shutil.copy(demo.directory / "env", tmp_path / ".env")
    order_id = new_id("ORD")
    order = ("order", "start", "--customer", "Acme", "--total", "500", "--id", order_id)
    waiting = asyncio.create_task(run(*order, "--await-payment", "--wait", directory=tmp_path))
    await demo_workspace.fact(order_id, Fact.PAYMENT_AWAITED)

    paid = await run("order", "pay", order_id, directory=tmp_path)
    done = await waiting

    assert (paid.exit_code, paid.stdout) == (0, f"Paid: 500.00 USD for {order_id}.\n"), paid.stderr
    assert done.exit_code == 0, done.stderr
    assert "Status: completed\n" in done.stdout
    snapshot = await demo_workspace.ended(order_id)
    assert (snapshot.status, snapshot.requester.person) == (OrderStatus.COMPLETED, "U0ANA")
    assert (await demo_workspace.balance(order_id)).paid == Decimal(500)
