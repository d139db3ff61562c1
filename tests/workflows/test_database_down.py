"""The audit comes first: with the database down it is tried until it is written, in order."""

from datetime import timedelta

from tests.workflows.fakes import World
from tests.workflows.history import scheduled
from tests.workflows.office import BOTH, Office
from workflows.rules.request import Status


async def test_nothing_is_lost_or_out_of_order(office: Office, world: World) -> None:
    handle = await office.open_request(BOTH)
    world.audit.down = True
    before = world.audit.tries
    await office.decide(handle, "UBORIS")
    await world.until(lambda: world.audit.tries >= before + 2)
    await office.decide(handle, "UCLARA")
    world.audit.down = False

    await office.end(handle)

    assert [fact.sequence for fact in world.audit.of(handle.id)] == [1, 2, 3, 4, 5, 6]
    assert world.audit.kinds(handle.id)[2:] == [
        "DecisionRecorded",
        "DecisionRecorded",
        "LevelPassed",
        "RequestApproved",
    ]


async def test_people_are_answered_while_the_database_is_down(office: Office, world: World) -> None:
    handle = await office.open_request()
    world.audit.down = True

    answer = await office.decide(handle, "UBORIS")

    assert answer.status is Status.APPROVED


async def test_the_card_shows_nothing_that_is_not_written_down(
    office: Office, world: World
) -> None:
    handle = await office.open_request()
    world.audit.down = True
    before = world.audit.tries

    await office.decide(handle, "UBORIS")
    await world.until(lambda: world.audit.tries >= before + 2)

    assert world.cards.versions == [1]
    world.audit.down = False
    await office.pass_time(handle, timedelta(minutes=1))
    outcome = await handle.result()
    assert world.cards.versions == [1, outcome.card.version]


async def test_a_quick_append_that_failed_is_repeated_as_a_patient_one(
    office: Office, world: World
) -> None:
    world.audit.down = True
    handle = await office.request()
    await world.until(lambda: world.audit.tries >= 2)
    world.audit.down = False

    await office.pass_time(handle, timedelta(minutes=1))
    events = await office.at_rest(handle)

    assert world.audit.kinds(handle.id) == ["RequestSubmitted", "LevelOpened"]
    assert len(scheduled(events, "append")) == 1
