"""The facts of a workflow can be derived again from its own history."""

import pytest
from temporalio.client import Client

from bot.temporal import history_replay
from bot.temporal.history_replay import NotReplayableError, ReplayedFacts, replay_facts
from tests.workflows import hr_requests, updates
from tests.workflows.continued_runs import continue_as_new
from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import BOTH, Harness
from tests.workflows.incompatible_approval import IncompatibleApproval
from workflows.rules.approvals.request import Status


async def derived(client: Client, workflow_id: str) -> ReplayedFacts:
    found = await replay_facts(client, workflow_id)
    assert found is not None
    return found


async def test_every_fact_of_an_open_and_a_closed_request_is_derived(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(BOTH)
    await harness.send(handle, updates.comment("UBORIS"))
    await harness.decide(handle, "UBORIS")
    await harness.until_idle(handle)
    while_open = await derived(harness.client, handle.id)
    written = ports.audit.of(handle.id)
    await harness.decide(handle, "UCLARA")
    await harness.run_to_end(handle)

    after = await derived(harness.client, handle.id)

    assert list(while_open.facts.values()) == written
    assert not while_open.finished
    assert while_open.acknowledged == len(written)
    assert list(after.facts.values()) == ports.audit.of(handle.id)
    assert after.finished
    assert after.batches[after.acknowledged].face == ports.audit.snapshots[handle.id]


async def test_an_order_and_its_approval_are_two_trails(harness: Harness, ports: FakePorts) -> None:
    order, approval = await harness.order_awaiting_approval()
    await harness.decide(approval, "UBORIS")
    await harness.run_to_end(order)

    for workflow_id in (order.id, approval.id):
        found = await derived(harness.client, workflow_id)
        assert list(found.facts.values()) == ports.audit.of(workflow_id)
        assert found.finished
        last = found.batches[found.acknowledged]
        assert (last.face, last.owner_id) == (ports.audit.snapshots[workflow_id], order.id)


async def test_an_hr_request_and_its_approval_are_two_trails(
    harness: Harness, ports: FakePorts
) -> None:
    handle, approval = await hr_requests.awaiting(harness)
    await hr_requests.approve_all(harness, approval)
    await harness.run_to_end(handle)

    for workflow_id in (handle.id, approval.id):
        found = await derived(harness.client, workflow_id)
        assert list(found.facts.values()) == ports.audit.of(workflow_id)
        assert found.finished
        last = found.batches[found.acknowledged]
        assert (last.face, last.owner_id) == (ports.audit.snapshots[workflow_id], handle.id)


async def test_all_runs_of_a_request_are_one_trail(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    handle = await low_limit_harness.open_request(BOTH)
    await low_limit_harness.decide(handle, "UBORIS")
    await continue_as_new(low_limit_harness, handle)
    await low_limit_harness.decide(handle, "UCLARA")
    outcome = await handle.result()

    found = await derived(low_limit_harness.client, handle.id)

    assert outcome.face.status is Status.APPROVED
    assert list(found.facts) == [1, 2, 3, 4, 5, 6]
    assert list(found.facts.values()) == ports.audit.of(handle.id)


async def test_facts_that_the_audit_has_not_confirmed_are_marked(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(BOTH)
    await harness.until_idle(handle)
    ports.audit.down = True
    tries = ports.audit.tries
    await harness.decide(handle, "UBORIS")
    await ports.until(lambda: ports.audit.tries > tries)

    found = await derived(harness.client, handle.id)

    assert found.acknowledged == len(ports.audit.of(handle.id))
    assert max(found.facts) > found.acknowledged
    ports.audit.down = False


async def test_nothing_is_derived_from_a_missing_workflow(harness: Harness) -> None:
    assert await replay_facts(harness.client, "APR-NEVER") is None


async def test_a_history_that_does_not_replay_gives_no_verdict(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = await harness.open_request(BOTH)
    await harness.until_idle(handle)
    monkeypatch.setattr(history_replay, "WORKFLOWS", [IncompatibleApproval])

    with pytest.raises(NotReplayableError, match="NondeterminismError"):
        await replay_facts(harness.client, handle.id)
