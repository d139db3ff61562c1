"""The cost of an approval in events and billable actions, compared with the budget."""

from datetime import timedelta

from tests.workflows.cost import Cost, cost
from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import Harness, level
from tests.workflows.history import kinds

EVENTS, ACTIONS = 36, 8
"""The budget for one level, standalone, from start to last publish, with reminder and expiry
armed, without the notice."""
AUDIT = 4
"""Events above the budget: the first facts are appended by a regular activity. A local activity
would cost two events instead of six, but it writes before its workflow task has completed: if the
worker dies in between, the records contain facts that never happened."""

URGED = level("urged", "UBORIS", "UCLARA", remind_after=(timedelta(minutes=2),))


async def test_an_approval_from_the_cli_costs_one_activity_above_the_budget(
    harness: Harness,
) -> None:
    """Reminder and expiry share one timer, so the reminder costs nothing until it is due.

    37 events, or 40 if the notice and the publish, started together, end in two workflow tasks.
    """
    handle = await harness.open_request(URGED)
    await harness.decide(handle, "UBORIS")
    await handle.result()

    spent = cost(await harness.history(handle), without="tell")

    assert spent.events <= EVENTS + AUDIT
    assert spent.actions == ACTIONS


async def test_a_slack_click_costs_one_timer_more(harness: Harness) -> None:
    """A decision in Slack costs one timer more than in the CLI: the card settles for 3 s.

    Six events: the settling timer, started and fired, the task that it wakes (three), and the
    reminder's timer, cancelled because only one timer is armed at a time.
    """
    handle = await harness.open_request(URGED)
    await harness.click_decide(handle, "UBORIS")
    await harness.until_idle(handle)
    await harness.run_to_end(handle)

    spent = cost(await harness.history(handle), without="tell")

    assert spent == Cost(events=EVENTS + AUDIT + 3, actions=ACTIONS + 1)


async def test_the_notice_costs_what_the_budget_leaves_out(harness: Harness) -> None:
    handle = await harness.open_request()
    await harness.click_decide(handle, "UBORIS")
    await harness.until_idle(handle)
    await harness.run_to_end(handle)
    history = await harness.history(handle)

    whole, without = cost(history), cost(history, without="tell")

    assert whole.events == len(kinds(history))
    assert whole.events - without.events == 6
    assert whole.actions - without.actions == 1


async def test_a_due_reminder_costs_a_timer_a_reading_and_a_publish(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(URGED)
    before = cost(await harness.history(handle), without="tell")

    await harness.fast_forward(handle, timedelta(minutes=3))
    await ports.until(lambda: "LevelReminded" in ports.audit.kinds(handle.id))

    after = cost(await harness.until_idle(handle), without="tell")
    assert ports.audit.kinds(handle.id).count("LevelReminded") == 1
    assert after.actions - before.actions == 4  # the append, the reading, the publish, the timer


async def test_waiting_costs_nothing(harness: Harness) -> None:
    handle = await harness.open_request()
    before = cost(await harness.history(handle))

    await harness.fast_forward(handle, timedelta(minutes=4))

    assert cost(await harness.history(handle)) == before
