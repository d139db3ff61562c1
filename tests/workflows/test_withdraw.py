"""The requester withdraws a request: by an update, or through a parent's signal."""

from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import ANA, BOTH, Harness
from workflows.rules.approvals.request import Status, Withdrawal
from workflows.rules.people.actors import Actor, Origin


async def test_the_requester_withdraws_a_request(harness: Harness, ports: FakePorts) -> None:
    handle = await harness.open_request()

    answer = await harness.withdraw(handle, reason="not needed any more")
    outcome = await handle.result()

    assert answer.status is Status.WITHDRAWN
    assert outcome.face.closing_reason == "not needed any more"
    assert ports.audit.kinds(handle.id)[-1] == "RequestWithdrawn"


async def test_a_request_may_be_withdrawn_before_its_level_opens(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.empty = True
    handle = await harness.start_request()
    await ports.until(lambda: "LevelBlocked" in ports.audit.kinds(handle.id))

    answer = await harness.withdraw(handle)
    await handle.result()

    assert answer.status is Status.WITHDRAWN


async def test_a_signal_withdraws_a_request(harness: Harness, ports: FakePorts) -> None:
    handle = await harness.open_request()

    await handle.signal("withdraw", Withdrawal(actor=ANA, reason="by the parent"))
    outcome = await handle.result()

    assert outcome.face.status is Status.WITHDRAWN
    assert ports.audit.kinds(handle.id)[-1] == "RequestWithdrawn"


async def test_a_signal_changes_nothing_once_the_request_is_approved(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request()
    await harness.click_decide(handle, "UBORIS")

    await handle.signal("withdraw", Withdrawal(actor=ANA))
    outcome = await harness.run_to_end(handle)

    assert outcome.face.status is Status.APPROVED
    assert "RequestWithdrawn" not in ports.audit.kinds(handle.id)


async def test_a_signal_from_another_actor_changes_nothing(harness: Harness) -> None:
    handle = await harness.open_request(BOTH)

    stranger = Actor(person="UEVE", origin=Origin.WORKFLOW)
    await handle.signal("withdraw", Withdrawal(actor=stranger))
    answer = await harness.decide(handle, "UBORIS")

    assert answer.status is Status.PENDING
