"""A click id is one press: however often it arrives, it is one fact and one answer."""

import asyncio

from tests.workflows.fakes import World
from tests.workflows.history import kinds
from tests.workflows.office import BOTH, Office
from workflows.directory_reader import READ_AGAIN
from workflows.rules.approvals.request import Status


async def test_the_same_click_twice_is_one_fact_and_one_answer(
    office: Office, world: World
) -> None:
    handle = await office.open_request(BOTH)
    first = await office.click(handle, "UBORIS", click="one")

    second = await office.click(handle, "UBORIS", click="one")
    await office.until_idle(handle)

    assert second == first
    assert world.audit.kinds(handle.id).count("DecisionRecorded") == 1


async def test_the_same_click_five_times_at_once_is_one_fact_and_one_answer(
    office: Office, world: World
) -> None:
    handle = await office.open_request(BOTH)

    answers = await asyncio.gather(*(office.click(handle, "UBORIS", click="one") for _ in range(5)))
    await office.until_idle(handle)

    assert all(answer == answers[0] for answer in answers)
    assert world.audit.kinds(handle.id).count("DecisionRecorded") == 1
    assert kinds(await office.history(handle)).count("WORKFLOW_EXECUTION_UPDATE_ACCEPTED") == 1


async def test_the_same_click_after_the_end_gets_the_same_answer(office: Office) -> None:
    handle = await office.open_request()
    first = await office.decide(handle, "UBORIS", click="one")
    await handle.result()

    again = await office.decide(handle, "UBORIS", click="one")

    assert again == first
    assert again.status is Status.APPROVED


async def test_a_refused_click_may_be_repeated_once_it_is_allowed(
    office: Office, world: World
) -> None:
    world.directory.empty = True
    handle = await office.request()
    await world.until(lambda: "LevelBlocked" in world.audit.kinds(handle.id))
    await office.until_idle(handle)
    world.directory.empty = False
    await office.pass_time(handle, READ_AGAIN)
    await world.until(lambda: "LevelOpened" in world.audit.kinds(handle.id))

    answer = await office.decide(handle, "UBORIS", click="one")

    assert answer.status is Status.APPROVED
