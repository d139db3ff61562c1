"""What an approval costs, against the budget of DESIGN section 8."""

from datetime import timedelta

from tests.workflows.cost import Cost, cost
from tests.workflows.fakes import World
from tests.workflows.history import kinds
from tests.workflows.office import Office, level

EVENTS, ACTIONS = 36, 8
"""One level, standalone, from start to last publish, reminder and expiry armed, no notice."""

URGED = level("urged", "UBORIS", "UCLARA", remind_after=(timedelta(minutes=2),))


async def test_an_approval_by_command_line_stays_within_its_budget(office: Office) -> None:
    """Reminder and expiry share the one timer, so the reminder costs nothing until it falls due.

    33 events, or 36 where the notice and the publish, begun together, end in two workflow tasks.
    """
    handle = await office.open_request(URGED)
    await office.decide(handle, "UBORIS")
    await handle.result()

    spent = cost(await office.history(handle), without="tell")

    assert spent.events <= EVENTS
    assert spent.actions == ACTIONS - 1


async def test_a_slack_click_is_three_events_over_the_budget(office: Office) -> None:
    """It costs one timer more than by command line: the card settles for three seconds.

    Six events: the settling's timer, started and fired, the task that it wakes (three), and the
    reminder's timer, cancelled because only one is armed at a time. So events are 39 where 36 are
    allowed; the actions are within the budget. The audit as a local activity would save five
    events, but hold up the answer to the click until the database has written: the answer went
    first.
    """
    handle = await office.open_request(URGED)
    await office.click(handle, "UBORIS")
    await office.at_rest(handle)
    await office.end(handle)

    spent = cost(await office.history(handle), without="tell")

    assert spent == Cost(events=EVENTS + 3, actions=ACTIONS)


async def test_the_notice_costs_what_is_left_out(office: Office) -> None:
    handle = await office.open_request()
    await office.click(handle, "UBORIS")
    await office.at_rest(handle)
    await office.end(handle)
    history = await office.history(handle)

    whole, without = cost(history), cost(history, without="tell")

    assert whole.events == len(kinds(history))
    assert whole.events - without.events == 6
    assert whole.actions - without.actions == 1


async def test_a_reminder_that_falls_due_costs_a_timer_a_reading_and_the_card(
    office: Office, world: World
) -> None:
    handle = await office.open_request(URGED)
    before = cost(await office.history(handle), without="tell")

    await office.pass_time(handle, timedelta(minutes=3))

    after = cost(await office.at_rest(handle), without="tell")
    assert world.audit.kinds(handle.id).count("LevelReminded") == 1
    assert after.actions - before.actions == 4  # the audit's fact, the reading, the card, the timer


async def test_waiting_costs_nothing(office: Office) -> None:
    handle = await office.open_request()
    before = cost(await office.history(handle))

    await office.pass_time(handle, timedelta(minutes=4))

    assert cost(await office.history(handle)) == before
