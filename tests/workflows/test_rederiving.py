"""What a workflow had to write down is found again in its own history, and only there."""

import pytest
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner

from bot.temporal import history_replay
from bot.temporal.history_replay import NotReplayableError, ReplayedFacts, replay_facts
from tests.workflows import acts, hr_office
from tests.workflows.afresh import start_afresh
from tests.workflows.fakes import World
from tests.workflows.hasty import HastyWorkflow
from tests.workflows.office import BOTH, Office
from workflows.rules.approvals.request import Status


async def derived(client: Client, workflow_id: str) -> ReplayedFacts:
    found = await replay_facts(client, workflow_id)
    assert found is not None
    return found


async def test_every_fact_of_an_open_request_and_of_its_end_is_found(
    office: Office, world: World
) -> None:
    handle = await office.open_request(BOTH)
    await office.do(handle, acts.comment("UBORIS"))
    await office.decide(handle, "UBORIS")
    await office.until_idle(handle)
    meanwhile = await derived(office.client, handle.id)
    written = world.audit.of(handle.id)
    await office.decide(handle, "UCLARA")
    await office.end(handle)

    after = await derived(office.client, handle.id)

    assert list(meanwhile.facts.values()) == written
    assert not meanwhile.finished
    assert meanwhile.acknowledged == len(written)
    assert list(after.facts.values()) == world.audit.of(handle.id)
    assert after.finished
    assert after.batches[after.acknowledged].face == world.audit.faces[handle.id]


async def test_an_order_and_its_approval_are_two_trails(office: Office, world: World) -> None:
    order, approval = await office.awaiting_order()
    await office.decide(approval, "UBORIS")
    await office.end(order)

    for workflow_id in (order.id, approval.id):
        found = await derived(office.client, workflow_id)
        assert list(found.facts.values()) == world.audit.of(workflow_id)
        assert found.finished
        last = found.batches[found.acknowledged]
        assert (last.face, last.owner_id) == (world.audit.faces[workflow_id], order.id)


async def test_an_hr_request_and_its_approval_are_two_trails(office: Office, world: World) -> None:
    handle, approval = await hr_office.awaiting(office)
    await hr_office.approve_all(office, approval)
    await office.end(handle)

    for workflow_id in (handle.id, approval.id):
        found = await derived(office.client, workflow_id)
        assert list(found.facts.values()) == world.audit.of(workflow_id)
        assert found.finished
        last = found.batches[found.acknowledged]
        assert (last.face, last.owner_id) == (world.audit.faces[workflow_id], handle.id)


async def test_all_runs_of_a_request_that_has_started_afresh_are_one_trail(
    narrow_office: Office, world: World
) -> None:
    handle = await narrow_office.open_request(BOTH)
    await narrow_office.decide(handle, "UBORIS")
    await start_afresh(narrow_office, handle)
    await narrow_office.decide(handle, "UCLARA")
    outcome = await handle.result()

    found = await derived(narrow_office.client, handle.id)

    assert outcome.face.status is Status.APPROVED
    assert list(found.facts) == [1, 2, 3, 4, 5, 6]
    assert list(found.facts.values()) == world.audit.of(handle.id)


async def test_what_the_audit_has_not_confirmed_is_known_as_such(
    office: Office, world: World
) -> None:
    handle = await office.open_request(BOTH)
    await office.until_idle(handle)
    world.audit.down = True
    tries = world.audit.tries
    await office.decide(handle, "UBORIS")
    await world.until(lambda: world.audit.tries > tries)

    found = await derived(office.client, handle.id)

    assert found.acknowledged == len(world.audit.of(handle.id))
    assert max(found.facts) > found.acknowledged
    world.audit.down = False


async def test_nothing_is_derived_of_what_was_never_there(office: Office) -> None:
    assert await replay_facts(office.client, "APR-NEVER") is None


async def test_a_history_that_the_code_does_not_replay_is_no_verdict(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = await office.open_request(BOTH)
    await office.until_idle(handle)
    monkeypatch.setattr(history_replay, "WORKFLOWS", [HastyWorkflow])
    monkeypatch.setattr(history_replay, "sandbox", UnsandboxedWorkflowRunner)

    with pytest.raises(NotReplayableError, match="NondeterminismError"):
        await replay_facts(office.client, handle.id)
