"""The requester takes a request back: by update, or through a parent's signal."""

from tests.workflows.fakes import World
from tests.workflows.office import ANA, BOTH, Office
from workflows.rules.approvals.request import Status, Withdrawal
from workflows.rules.people.actors import Actor, Origin


async def test_the_requester_takes_a_request_back(office: Office, world: World) -> None:
    handle = await office.open_request()

    answer = await office.withdraw(handle, reason="not needed any more")
    outcome = await handle.result()

    assert answer.status is Status.WITHDRAWN
    assert outcome.face.closing_reason == "not needed any more"
    assert world.audit.kinds(handle.id)[-1] == "RequestWithdrawn"


async def test_a_request_may_be_taken_back_before_its_level_opens(
    office: Office, world: World
) -> None:
    world.directory.empty = True
    handle = await office.request()
    await world.until(lambda: "LevelBlocked" in world.audit.kinds(handle.id))

    answer = await office.withdraw(handle)
    await handle.result()

    assert answer.status is Status.WITHDRAWN


async def test_a_signal_takes_a_request_back(office: Office, world: World) -> None:
    handle = await office.open_request()

    await handle.signal("withdraw", Withdrawal(actor=ANA, reason="by the parent"))
    outcome = await handle.result()

    assert outcome.face.status is Status.WITHDRAWN
    assert world.audit.kinds(handle.id)[-1] == "RequestWithdrawn"


async def test_a_signal_changes_nothing_once_the_request_is_approved(
    office: Office, world: World
) -> None:
    handle = await office.open_request()
    await office.click(handle, "UBORIS")

    await handle.signal("withdraw", Withdrawal(actor=ANA))
    outcome = await office.end(handle)

    assert outcome.face.status is Status.APPROVED
    assert "RequestWithdrawn" not in world.audit.kinds(handle.id)


async def test_a_signal_in_somebody_elses_name_changes_nothing(office: Office) -> None:
    handle = await office.open_request(BOTH)

    stranger = Actor(person="UEVE", origin=Origin.WORKFLOW)
    await handle.signal("withdraw", Withdrawal(actor=stranger))
    answer = await office.decide(handle, "UBORIS")

    assert answer.status is Status.PENDING
