"""What an approval costs, against the budget of DESIGN section 8."""

from datetime import timedelta

from tests.workflows.cost import Cost, cost
from tests.workflows.history import kinds
from tests.workflows.office import Office

EVENTS, ACTIONS = 36, 8
"""One level, standalone, from start to last publish, expiry armed, no notice."""


async def test_an_approval_by_command_line_stays_within_its_budget(office: Office) -> None:
    handle = await office.open_request()
    await office.decide(handle, "UBORIS")
    await handle.result()

    spent = cost(await office.history(handle), without="tell")

    assert spent.events <= EVENTS
    assert spent.actions == ACTIONS - 1


async def test_a_slack_click_costs_one_timer_more(office: Office) -> None:
    """Five events more than by command line: the card settles for three seconds before the publish.

    That is two over the budget of events. The audit as a local activity would save five, but hold
    up the answer to the click until the database has written: the answer went first.
    """
    handle = await office.open_request()
    await office.click(handle, "UBORIS")
    await office.at_rest(handle)
    await office.end(handle)

    spent = cost(await office.history(handle), without="tell")

    assert spent == Cost(events=EVENTS + 2, actions=ACTIONS)


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


async def test_waiting_costs_nothing(office: Office) -> None:
    handle = await office.open_request()
    before = cost(await office.history(handle))

    await office.pass_time(handle, timedelta(minutes=4))

    assert cost(await office.history(handle)) == before
