"""A click id identifies one click: however often it arrives, it has one fact and one result."""

import asyncio

from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import BOTH, Harness
from tests.workflows.history import kinds
from workflows.directory_reader import READ_AGAIN
from workflows.rules.approvals.request import Status


async def test_the_same_click_twice_is_one_fact_and_one_result(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(BOTH)
    first = await harness.click_decide(handle, "UBORIS", click="one")

    second = await harness.click_decide(handle, "UBORIS", click="one")
    await harness.until_idle(handle)

    assert second == first
    assert ports.audit.kinds(handle.id).count("DecisionRecorded") == 1


async def test_five_concurrent_copies_of_a_click_are_one_fact_and_one_result(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(BOTH)

    answers = await asyncio.gather(
        *(harness.click_decide(handle, "UBORIS", click="one") for _ in range(5))
    )
    await harness.until_idle(handle)

    assert all(answer == answers[0] for answer in answers)
    assert ports.audit.kinds(handle.id).count("DecisionRecorded") == 1
    assert kinds(await harness.history(handle)).count("WORKFLOW_EXECUTION_UPDATE_ACCEPTED") == 1


async def test_the_same_click_after_the_end_gets_the_same_result(harness: Harness) -> None:
    handle = await harness.open_request()
    first = await harness.decide(handle, "UBORIS", click="one")
    await handle.result()

    again = await harness.decide(handle, "UBORIS", click="one")

    assert again == first
    assert again.status is Status.APPROVED


async def test_a_refused_click_may_be_repeated_once_it_is_allowed(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.empty = True
    handle = await harness.start_request()
    await ports.until(lambda: "LevelBlocked" in ports.audit.kinds(handle.id))
    await harness.until_idle(handle)
    ports.directory.empty = False
    await harness.fast_forward(handle, READ_AGAIN)
    await ports.until(lambda: "LevelOpened" in ports.audit.kinds(handle.id))

    answer = await harness.decide(handle, "UBORIS", click="one")

    assert answer.status is Status.APPROVED
