"""What an approval costs, against the budget of DESIGN section 8."""

from datetime import timedelta

from tests.workflows.cost import Cost, cost
from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import Harness, level
from tests.workflows.history import kinds

EVENTS, ACTIONS = 36, 8
"""One level, standalone, from start to last publish, reminder and expiry armed, no notice."""
AUDIT = 4
"""Events above that budget: the opening's facts are appended by a regular activity. Appended by
local ones they cost two events instead of six, but are then written before their workflow task is
over; where the worker dies in between, the records hold what has never happened."""

URGED = level("urged", "UBORIS", "UCLARA", remind_after=(timedelta(minutes=2),))


async def test_an_approval_by_command_line_costs_an_activity_more_than_budgeted(
    harness: Harness,
) -> None:
    """Reminder and expiry share the one timer, so the reminder costs nothing until it falls due.

    37 events, or 40 where the notice and the publish, begun together, end in two workflow tasks.
    """
    handle = await harness.open_request(URGED)
    await harness.decide(handle, "UBORIS")
    await handle.result()

    spent = cost(await harness.history(handle), without="tell")

    assert spent.events <= EVENTS + AUDIT
    assert spent.actions == ACTIONS


async def test_a_slack_click_costs_three_events_and_an_action_more(harness: Harness) -> None:
    """It costs one timer more than by command line: the card settles for three seconds.

    Six events: the settling's timer, started and fired, the task that it wakes (three), and the
    reminder's timer, cancelled because only one is armed at a time.
    """
    handle = await harness.open_request(URGED)
    await harness.click_decide(handle, "UBORIS")
    await harness.until_idle(handle)
    await harness.run_to_end(handle)

    spent = cost(await harness.history(handle), without="tell")

    assert spent == Cost(events=EVENTS + AUDIT + 3, actions=ACTIONS + 1)


async def test_the_notice_costs_what_is_left_out(harness: Harness) -> None:
    handle = await harness.open_request()
    await harness.click_decide(handle, "UBORIS")
    await harness.until_idle(handle)
    await harness.run_to_end(handle)
    history = await harness.history(handle)

    whole, without = cost(history), cost(history, without="tell")

    assert whole.events == len(kinds(history))
    assert whole.events - without.events == 6
    assert whole.actions - without.actions == 1


async def test_a_reminder_that_falls_due_costs_a_timer_a_reading_and_the_card(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(URGED)
    before = cost(await harness.history(handle), without="tell")

    await harness.fast_forward(handle, timedelta(minutes=3))

    after = cost(await harness.until_idle(handle), without="tell")
    assert ports.audit.kinds(handle.id).count("LevelReminded") == 1
    assert after.actions - before.actions == 4  # the audit's fact, the reading, the card, the timer


async def test_waiting_costs_nothing(harness: Harness) -> None:
    handle = await harness.open_request()
    before = cost(await harness.history(handle))

    await harness.fast_forward(handle, timedelta(minutes=4))

    assert cost(await harness.history(handle)) == before
